//! How long what is stored is kept.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use super::{app::App, driver::Engine};
use crate::{
    clock::millis,
    store::{Prune, Pruned, StoreError},
};

/// How many runs are pruned in one transaction, so that nobody who writes waits for long.
const BATCH: u32 = 64;
/// How often an App prunes.
const EVERY: Duration = Duration::from_secs(60);
/// How long it rests between two batches.
const BETWEEN: Duration = Duration::from_millis(50);

/// What of the past is kept. Nothing is forgotten of which nothing is said.
///
/// ```
/// # use std::time::Duration;
/// # use flow_runtime::{prelude::*, Retention};
/// # fn example() -> Result<App, Box<dyn std::error::Error>> {
/// const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// let app = App::builder().retention(Retention::default().ended(30 * DAY).checkpoints(1_000)).build()?;
/// # Ok(app)
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[must_use = "retention counts when an App is built with it, or `prune` is called with it"]
pub struct Retention {
    ended: Option<Duration>,
    checkpoints: Option<u64>,
}

impl Retention {
    /// Runs that ended longer ago than this are forgotten, with all that belongs to them.
    pub fn ended(self, ago: Duration) -> Self {
        Retention { ended: Some(ago), ..self }
    }

    /// Of every other run only so many of its last checkpoints are kept, so that one that goes on for ever does not grow for
    /// ever. A copy of it can start from these only. What is needed to undo its steps stays, however old; events and answered
    /// pauses from before the oldest checkpoint go with it.
    pub fn checkpoints(self, last: u64) -> Self {
        Retention { checkpoints: Some(last), ..self }
    }
}

impl App {
    /// Forgets, now, what need not be kept, in small batches. An App with a [retention](crate::AppBuilder::retention) does that
    /// by itself, once a minute. Returns how much was forgotten.
    ///
    /// # Errors
    /// Those of the store. What was forgotten before stays forgotten.
    pub async fn prune(&self, retention: &Retention) -> Result<Pruned, StoreError> {
        let mut total = Pruned::default();
        loop {
            let pruned = self.engine.prune_some(retention).await?;
            total.runs += pruned.runs;
            total.checkpoints += pruned.checkpoints;
            if !pruned.more || (pruned.runs == 0 && pruned.checkpoints == 0) {
                return Ok(total);
            }
            tokio::task::yield_now().await;
        }
    }
}

impl Engine {
    async fn prune_some(&self, retention: &Retention) -> Result<Pruned, StoreError> {
        let Retention { ended, checkpoints } = *retention;
        let ended_before = ended.map(|ago| self.clock.now_ms().saturating_sub(millis(ago)));
        self.store.prune(&Prune { ended_before, checkpoints, limit: BATCH }).await
    }
}

/// Prunes from time to time, as long as the App lives. A store that fails is asked again later.
pub(super) async fn prune_regularly(engine: Weak<Engine>) {
    loop {
        let rest = {
            let Some(engine) = engine.upgrade() else { return };
            let Some(retention) = engine.retention else { return };
            prune_batch(&engine, &retention).await
        };
        tokio::time::sleep(rest).await;
    }
}

/// Prunes one batch. Returns when the next one is due.
async fn prune_batch(engine: &Arc<Engine>, retention: &Retention) -> Duration {
    match engine.prune_some(retention).await {
        Ok(pruned) if pruned.more => BETWEEN,
        _ => EVERY,
    }
}
