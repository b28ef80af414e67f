//! A worker that leaves: its runs are given back, for others to go on with at once.

use std::{sync::Arc, time::Duration};

use futures::future::join_all;

use super::{
    app::App,
    driver::{Driven, Engine},
};

/// How long a driver that was told to leave at once may take for it, before its task is dropped, and how long that may take.
const LAST: Duration = Duration::from_secs(5);

/// What became of the runs an App drove when it was [shut down](App::shutdown).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shutdown {
    /// How many it drove.
    pub runs: usize,
    /// How many of them were left in the middle of a step, which will run again: those that had not finished in time.
    pub interrupted: usize,
}

impl App {
    /// Leaves gracefully: from now on this App drives nothing new, lets the steps that run finish, stops each run at its next
    /// checkpoint and gives it back at once, so that another worker on the store takes it up without waiting. Returns when all
    /// are given back.
    ///
    /// What is asked of this App afterwards still counts: a run that is started is stored and given back, an answer is stored,
    /// a run is cancelled; only that another worker goes on with it, or the next App on the store. A
    /// [`wait`](crate::Run::wait) returns what the run has come to, or [`RunError::Shutdown`](crate::RunError::Shutdown)
    /// for one that goes on elsewhere. Shutting down twice does nothing more.
    pub async fn shutdown(&self) -> Shutdown {
        self.engine.shut_down(None).await
    }

    /// As [`shutdown`](Self::shutdown), but steps that run longer than this are dropped where they await. They run again where
    /// their run goes on, as after a crash.
    pub async fn shutdown_within(&self, limit: Duration) -> Shutdown {
        self.engine.shut_down(Some(limit)).await
    }
}

impl Engine {
    async fn shut_down(self: &Arc<Self>, limit: Option<Duration>) -> Shutdown {
        self.close();
        self.timers.stop();
        let driven = self.all_driven();
        driven.iter().for_each(|driven| driven.stop(false));
        let mut interrupted = 0;
        if !all_left(&driven, limit).await {
            let late: Vec<&Arc<Driven>> = driven.iter().filter(|driven| !driven.has_left()).collect();
            interrupted = late.iter().filter(|driven| driven.is_at_work()).count();
            late.iter().for_each(|driven| driven.stop(true));
            if !all_left(&driven, Some(LAST)).await {
                driven.iter().for_each(|driven| driven.abort());
                all_left(&driven, Some(LAST)).await;
            }
        }
        self.tell_all();
        Shutdown { runs: driven.len(), interrupted }
    }
}

/// Waits until all drivers have left, or for so long. Returns whether they have.
async fn all_left(driven: &[Arc<Driven>], limit: Option<Duration>) -> bool {
    let all = join_all(driven.iter().map(|driven| driven.done()));
    match limit {
        Some(limit) => tokio::time::timeout(limit, all).await.is_ok(),
        None => {
            all.await;
            true
        }
    }
}
