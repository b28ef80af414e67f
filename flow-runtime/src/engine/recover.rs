//! Takes up runs that nobody drives any more: their worker has died, or has given them back.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::{StreamExt as _, stream};

use super::{app::App, drive::Left, driver::Engine};
use crate::{clock::millis, lock::lock, store::StoreError};

/// How many runs are taken up at once. Enough for their writes to share a commit.
pub(super) const AT_ONCE: usize = 64;
/// How many are asked for at a time.
pub(super) const BATCH: u32 = 1024;
/// How soon the store is asked again after it has named some.
const SOON: Duration = Duration::from_secs(2);
/// How soon at the latest.
const LATE: Duration = Duration::from_secs(15);
/// How long a run is left alone that this program could not go on with, at first and at most.
const REFUSED: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(600));

impl App {
    /// Takes up, now, all runs of the registered workflows that are running or being undone and that nobody drives, because their
    /// worker has died or was [shut down](App::shutdown). Returns how many these were; they go on in tasks of their own.
    ///
    /// An App does the same by itself, every few seconds: this is for a program that wants it done at a certain moment. A run
    /// that does not fit this program is given back as it was.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn recover(&self) -> Result<usize, StoreError> {
        self.engine.watch_timers();
        let (mut tried, mut taken) = (HashSet::new(), 0);
        loop {
            let found = self.engine.abandoned(tried.len()).await?;
            let fresh: Vec<String> = found.into_iter().filter(|run| tried.insert(run.clone())).collect();
            if fresh.is_empty() || self.engine.is_closed() {
                return Ok(taken);
            }
            taken += self.engine.take_up_all(fresh).await;
        }
    }
}

/// When the store is asked for abandoned runs next.
#[derive(Default)]
pub(super) struct Sweep {
    next: i64,
    rest: Duration,
}

impl Engine {
    /// Abandoned runs: a batch of others than so many.
    async fn abandoned(&self, besides: usize) -> Result<Vec<String>, StoreError> {
        let limit = BATCH.saturating_add(u32::try_from(besides).unwrap_or(u32::MAX));
        self.store.abandoned(&self.workflow_ids(), limit).await
    }

    pub(super) fn workflow_ids(&self) -> Vec<&str> {
        self.workflows.keys().map(String::as_str).collect()
    }

    /// Takes runs up, several at a time. Returns how many of them are driven here now.
    pub(super) async fn take_up_all(self: &Arc<Self>, runs: Vec<String>) -> usize {
        stream::iter(runs)
            .map(|run| async move { matches!(self.take_up(&run).await, Ok(Some(_))) })
            .buffer_unordered(AT_ONCE)
            .filter(|taken| std::future::ready(*taken))
            .count()
            .await
    }

    /// Takes up what is abandoned, if it is time to look for it. Returns when to look again.
    pub(super) async fn sweep(self: &Arc<Self>, sweep: &mut Sweep) -> i64 {
        let now = self.clock.now_ms();
        if now < sweep.next && !self.timers.take_given_back() {
            return sweep.next;
        }
        let found = self.abandoned(self.refused.count()).await.unwrap_or_default();
        let whole = found.len() >= BATCH as usize;
        let runs = self.refused.without(found, now);
        let some = !runs.is_empty();
        let taken = self.take_up_all(runs).await;
        sweep.rest = match (taken > 0 && whole, some) {
            (true, _) => Duration::ZERO,
            (false, true) => SOON,
            (false, false) => (sweep.rest * 2).clamp(SOON, LATE),
        };
        sweep.next = self.clock.after(sweep.rest);
        sweep.next
    }
}

/// The runs this program could not go on with, and until when they are left alone.
#[derive(Default)]
pub(crate) struct Refused(Mutex<HashMap<String, LeftAlone>>);

struct LeftAlone {
    until: i64,
    after: Duration,
}

impl Refused {
    /// Notes how a driver left its run.
    pub(super) fn note(&self, run: &str, left: &Left, now: i64) {
        let fits = !matches!(left, Left::Refused(_) | Left::Store(_))
            || matches!(left, Left::Store(StoreError::Fenced { .. }));
        let mut refused = lock(&self.0);
        if fits {
            refused.remove(run);
            return;
        }
        // What nobody has asked for in so long has ended, or goes on elsewhere.
        refused.retain(|_, alone| now.saturating_sub(alone.until) < millis(REFUSED.1));
        let after = refused.get(run).map_or(REFUSED.0, |alone| (alone.after * 2).min(REFUSED.1));
        refused.insert(run.to_owned(), LeftAlone { until: now.saturating_add(millis(after)), after });
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        lock(&self.0).len()
    }

    /// Those runs that need not be left alone.
    pub(super) fn without(&self, mut runs: Vec<String>, now: i64) -> Vec<String> {
        let refused = lock(&self.0);
        runs.retain(|run| refused.get(run).is_none_or(|alone| alone.until <= now));
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Refusal;

    #[test]
    fn what_does_not_fit_is_left_alone_ever_longer() {
        let refused = Refused::default();
        let alone = |now| refused.without(vec!["r".to_owned(), "other".to_owned()], now).len() == 1;
        let no = Left::Refused(Refusal::unknown_point("", "x"));
        refused.note("r", &no, 0);
        assert!(alone(9_999) && !alone(10_000));
        refused.note("r", &no, 10_000);
        assert!(alone(29_999) && !alone(30_000));
        for _ in 0..20 {
            refused.note("r", &no, 30_000);
        }
        assert!(alone(629_999) && !alone(630_000));
        refused.note("r", &Left::Ended(None), 40_000);
        assert!(!alone(40_000));
        assert_eq!(refused.count(), 0);
    }
}
