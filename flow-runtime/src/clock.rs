//! The time runs go by.

use std::{
    sync::OnceLock,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// A time far in the future is looked at again this often: the wall clock can be set, and tokio's stands still while a machine
/// sleeps.
const LOOK: Duration = Duration::from_secs(60);

/// The wall clock, but one that never stands still or goes back while tokio's goes on.
///
/// So it can be set without a timer being set again, and in tests tokio's clock can be paused: a year passes as soon as nobody
/// has anything else to do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    /// The wall clock's and the machine's time at one moment.
    began: (i64, Instant),
    /// What a test makes of it.
    #[cfg(feature = "testing")]
    pub(crate) moved: Option<&'static crate::testing::Moved>,
}

impl Clock {
    /// The clock of this process: an App that is opened later goes on with the time of those before it, also in a test that has
    /// let a year pass.
    pub(crate) fn new() -> Self {
        static BEGAN: OnceLock<(i64, Instant)> = OnceLock::new();
        Clock {
            began: *BEGAN.get_or_init(|| (now_ms(), Instant::now())),
            #[cfg(feature = "testing")]
            moved: None,
        }
    }

    /// Milliseconds since the Unix epoch.
    pub(crate) fn now_ms(&self) -> i64 {
        #[cfg(feature = "testing")]
        if let Some(moved) = self.moved {
            return moved.now_ms(|| self.going_ms());
        }
        self.going_ms()
    }

    fn going_ms(&self) -> i64 {
        let (wall, began) = self.began;
        let elapsed = tokio::time::Instant::now().into_std().saturating_duration_since(began);
        now_ms().max(wall.saturating_add(millis(elapsed)))
    }

    /// The time after a duration from now.
    pub(crate) fn after(&self, duration: Duration) -> i64 {
        self.now_ms().saturating_add(millis(duration))
    }

    /// Waits for a time, in milliseconds since the Unix epoch.
    pub(crate) async fn sleep_until(self, time: i64) {
        loop {
            let left = u64::try_from(time.saturating_sub(self.now_ms())).unwrap_or(0);
            if left == 0 {
                return;
            }
            let rest = tokio::time::sleep(Duration::from_millis(left).min(LOOK));
            #[cfg(feature = "testing")]
            if let Some(moved) = self.moved {
                moved.rest(rest).await;
                continue;
            }
            rest.await;
        }
    }
}

/// A duration in milliseconds.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A time in milliseconds since the Unix epoch. One before 1970 is 0.
pub(crate) fn time_ms(time: SystemTime) -> i64 {
    millis(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// The wall clock, in milliseconds since the Unix epoch. A clock set before 1970 reads as 0.
pub(crate) fn now_ms() -> i64 {
    time_ms(SystemTime::now())
}

/// Milliseconds since the Unix epoch as date and time for a person, to the second.
pub(crate) fn utc(ms: i64) -> String {
    // Days to a date, after Howard Hinnant's `civil_from_days`.
    let (days, seconds) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000) / 1000);
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

#[cfg(test)]
mod tests {
    use super::utc;

    #[test]
    fn times_are_read_as_dates() {
        assert_eq!(utc(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(utc(-1), "1969-12-31 23:59:59 UTC");
        assert_eq!(utc(951_782_400_000), "2000-02-29 00:00:00 UTC");
        assert_eq!(utc(1_735_689_599_999), "2024-12-31 23:59:59 UTC");
        utc(i64::MAX);
        utc(i64::MIN);
    }
}
