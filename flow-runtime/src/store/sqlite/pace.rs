//! How fast commits are, and with that, who makes them.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use super::Synchronous;

/// A commit that takes longer may not be made on a thread of an async runtime.
const SLOW: Duration = Duration::from_millis(1);
/// Who writes when nobody has written for so long is alone.
const QUIET: Duration = Duration::from_millis(1);
/// The weight of what was measured before, against one new measurement.
const MEMORY: u64 = 7;

/// Guesses, from what was, who will be alone with the connection and how long a commit will take. Being wrong costs time and
/// nothing else.
#[derive(Debug)]
pub(super) struct Pace {
    synchronous: Synchronous,
    began: Instant,
    /// Who wrote last.
    line: AtomicU64,
    /// When the last commit was done, in nanoseconds.
    last: AtomicU64,
    /// How long commits take, in nanoseconds.
    average: AtomicU64,
}

impl Pace {
    pub(super) fn new(synchronous: Synchronous) -> Self {
        let (line, last, average) = Default::default();
        Pace { synchronous, began: Instant::now(), line, last, average }
    }

    /// Whether commits are fast enough to be waited for on any thread.
    pub(super) fn is_fast(&self) -> bool {
        self.average.load(Relaxed) < nanoseconds(SLOW)
    }

    /// Whether who writes now best commits on the spot.
    pub(super) fn is_alone(&self, line: u64) -> bool {
        let wrote_last = self.line.swap(line, Relaxed) == line;
        self.is_fast()
            && (wrote_last
                || self.synchronous == Synchronous::Normal
                || nanoseconds(self.began.elapsed()).saturating_sub(self.last.load(Relaxed)) > nanoseconds(QUIET))
    }

    /// Carries out a commit and notes how long it took.
    pub(super) fn measure<T>(&self, commit: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let done = commit();
        let took = nanoseconds(start.elapsed());
        let before = self.average.load(Relaxed);
        self.average.store((before * MEMORY + took) / (MEMORY + 1), Relaxed);
        self.last.store(nanoseconds(self.began.elapsed()), Relaxed);
        done
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_writes_alone_commits_on_the_spot() {
        let pace = Pace::new(Synchronous::Full);
        pace.measure(|| ());
        assert!(!pace.is_alone(1), "somebody else has just written");
        assert!(pace.is_alone(1));
        assert!(!pace.is_alone(2));
        assert!(!pace.is_alone(1));
        let pace = Pace::new(Synchronous::Normal);
        pace.measure(|| ());
        assert!(pace.is_alone(1) && pace.is_alone(2));
    }

    #[test]
    fn slow_commits_are_for_the_thread_until_they_are_fast_again() {
        for synchronous in [Synchronous::Normal, Synchronous::Full] {
            let pace = Pace::new(synchronous);
            pace.average.store(nanoseconds(SLOW) * 4, Relaxed);
            assert!(!pace.is_alone(1) && !pace.is_alone(1) && !pace.is_fast());
            for _ in 0..20 {
                pace.measure(|| ());
            }
            assert!(pace.is_alone(1) && pace.is_fast());
        }
    }
}
