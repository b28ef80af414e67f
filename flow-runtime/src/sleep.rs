//! Durable timers: `sleep` and `sleep_until`.

use std::{
    future::{Future, IntoFuture},
    pin::Pin,
    time::{Duration, SystemTime},
};

use crate::clock::{Clock, time_ms};

/// A timer about to be set: what [`sleep`] and [`sleep_until`] return.
#[must_use = "a timer is set by `.await`"]
#[derive(Debug, Clone, Copy)]
pub struct Sleep(Until);

#[derive(Debug, Clone, Copy)]
enum Until {
    After(Duration),
    Time(i64),
}

impl Sleep {
    /// When it is over, in milliseconds since the Unix epoch.
    pub(crate) fn time(self, clock: &Clock) -> i64 {
        match self.0 {
            Until::After(duration) => clock.after(duration),
            Until::Time(time) => time,
        }
    }
}

/// Waits: `sleep(Duration::from_secs(3600)).await`.
///
/// Inside `workflow!` the time at which it is over is saved, and the run leaves memory if that is far off: it goes on at that
/// time in whatever process has the store open, or as soon as one does. Anywhere else it is a timer of tokio's.
pub fn sleep(duration: Duration) -> Sleep {
    Sleep(Until::After(duration))
}

/// Waits for a time of the wall clock: `sleep_until(monday).await`. A time that has passed is over at once.
///
/// Otherwise as [`sleep`].
pub fn sleep_until(time: SystemTime) -> Sleep {
    Sleep(Until::Time(time_ms(time)))
}

impl IntoFuture for Sleep {
    type Output = ();
    type IntoFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        match self.0 {
            Until::After(duration) => Box::pin(tokio::time::sleep(duration)),
            Until::Time(time) => Box::pin(Clock::new().sleep_until(time)),
        }
    }
}
