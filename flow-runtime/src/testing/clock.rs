//! Clocks that tests set.

use std::{
    future::pending,
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use futures::future::{Either, select};
use tokio::sync::Notify;

use crate::{AppBuilder, clock::millis};

/// A clock for an [`App`](crate::App) that goes as a test says: timers, deadlines and retries go by it.
///
/// Clones are one clock. There is a second way, which needs no clock at all: in a test with `start_paused = true` of tokio's an
/// App's time goes on as soon as nobody has anything else to do.
///
/// ```
/// # use std::time::Duration;
/// # use flow_runtime::{prelude::*, testing::VirtualClock};
/// # workflow! { async fn nap(days: u64) -> Result<u64, String> { sleep(Duration::from_secs(86_400 * days)).await; Ok(days) } }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let clock = VirtualClock::stopped();
/// let app = App::builder().clock(&clock).register::<Nap>(()).build()?;
/// let run = app.start::<Nap>(365).await?;
/// // It sleeps, and a year passes.
/// while app.runs(&Default::default()).await?[0].wake.is_none() {
///     tokio::task::yield_now().await;
/// }
/// clock.advance(Duration::from_secs(366 * 86_400));
/// assert!(matches!(run.wait().await?, Outcome::Done(365)));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct VirtualClock {
    // Clocks are copied into everything that goes by them. There is one per test, and it stays as long as the process.
    moved: &'static Moved,
}

/// How a clock differs from the real one.
#[derive(Debug)]
pub(crate) struct Moved {
    /// For a clock that goes, by how much it is ahead; for one that stands, its time. Milliseconds.
    by: AtomicI64,
    goes: bool,
    changed: Notify,
}

impl VirtualClock {
    fn new(by: i64, goes: bool) -> Self {
        VirtualClock { moved: Box::leak(Box::new(Moved { by: by.into(), goes, changed: Notify::new() })) }
    }

    /// A clock that shows the present time and stands still.
    pub fn stopped() -> Self {
        Self::new(crate::clock::now_ms(), false)
    }

    /// A clock that goes, so many milliseconds ahead of the real one, or behind it: a worker whose clock is wrong.
    pub fn ahead_by(ms: i64) -> Self {
        Self::new(ms, true)
    }

    /// Moves the clock on. Whatever is due by then happens.
    pub fn advance(&self, by: Duration) {
        self.moved.by.fetch_add(millis(by), Ordering::AcqRel);
        self.moved.changed.notify_waiters();
    }

    /// What it shows, in milliseconds since the Unix epoch.
    pub fn now_ms(&self) -> i64 {
        self.moved.now_ms(crate::clock::now_ms)
    }
}

impl Moved {
    pub(crate) fn now_ms(&self, real: impl FnOnce() -> i64) -> i64 {
        let by = self.by.load(Ordering::Acquire);
        if self.goes { real().saturating_add(by) } else { by }
    }

    /// Waits until the clock was moved, or, if it goes, for that long.
    pub(crate) async fn rest(&self, at_most: tokio::time::Sleep) {
        let seen = self.by.load(Ordering::Acquire);
        let mut changed = std::pin::pin!(self.changed.notified());
        changed.as_mut().enable();
        if self.by.load(Ordering::Acquire) != seen {
            return;
        }
        let over = async {
            match self.goes {
                true => at_most.await,
                false => pending().await,
            }
        };
        match select(changed, std::pin::pin!(over)).await {
            Either::Left(_) | Either::Right(_) => {}
        }
    }
}

impl AppBuilder {
    /// The clock the App goes by.
    pub fn clock(mut self, clock: &VirtualClock) -> Self {
        self.clock.moved = Some(clock.moved);
        self
    }
}
