//! What an App does by itself: it wakes runs whose time has come (those that sleep, whose question nobody has answered in
//! time, whose next attempt is due), takes up those nobody drives, listens to the store, and prunes.

use std::{
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use futures::future::join3;
use tokio::{sync::Notify, task::JoinHandle};

use super::{
    driver::Engine,
    listen::listen,
    recover::{BATCH, Sweep},
    retention::prune_regularly,
};
use crate::{clock::millis, lock::lock};

/// How soon the store is asked again when it has named runs that could not be taken up, and when it could not be asked.
const AGAIN: Duration = Duration::from_secs(1);
/// How often the first look lets others go first: who has opened the App to do something with a run, on the same thread.
const COURTESY: usize = 32;
/// How soon at the latest: another process may have set a timer and died.
const LOOK: Duration = Duration::from_secs(30);

/// The task that wakes runs.
pub(crate) struct Timers {
    task: Mutex<Option<JoinHandle<()>>>,
    /// When it looks at the store next.
    next: Arc<AtomicI64>,
    earlier: Arc<Notify>,
    /// Whether a run may have been given back since the last look for such runs.
    given_back: AtomicBool,
}

impl Default for Timers {
    fn default() -> Self {
        let next = Arc::new(AtomicI64::new(i64::MAX));
        Timers { task: Mutex::default(), next, earlier: Arc::default(), given_back: AtomicBool::new(false) }
    }
}

impl Drop for Timers {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Timers {
    /// Does nothing by itself any more.
    pub(super) fn stop(&self) {
        if let Some(task) = lock(&self.task).take() {
            task.abort();
        }
    }

    /// A run may be due or was given back, so it is time to look.
    pub(super) fn given_back(&self) {
        self.given_back.store(true, Ordering::Release);
        self.earlier.notify_one();
    }

    /// Whether a run may have been given back since this was last asked.
    pub(super) fn take_given_back(&self) -> bool {
        self.given_back.swap(false, Ordering::AcqRel)
    }

    /// A timer of some run was set.
    pub(crate) fn set(&self, time: i64) {
        if time < self.next.load(Ordering::Acquire) {
            self.earlier.notify_one();
        }
    }
}

impl Engine {
    /// Begins to do what an App does by itself, if nobody does yet and there is a tokio runtime to do it in.
    pub(crate) fn watch_timers(self: &Arc<Self>) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let mut task = lock(&self.timers.task);
        if !self.is_closed() && task.as_ref().is_none_or(JoinHandle::is_finished) {
            let (next, earlier) = (self.timers.next.clone(), self.timers.earlier.clone());
            let engine = || Arc::downgrade(self);
            let all = join3(wake_runs(engine(), next, earlier), listen(engine()), prune_regularly(engine()));
            *task = Some(runtime.spawn(async move {
                all.await;
            }));
        }
    }

    /// Takes up what is due. Returns when to look again.
    async fn wake_due(self: &Arc<Self>) -> i64 {
        let now = self.clock.now_ms();
        let batch = BATCH.saturating_add(u32::try_from(self.refused.count()).unwrap_or(u32::MAX));
        let Ok(due) = self.store.due(&self.workflow_ids(), now, batch).await else {
            return now.saturating_add(millis(AGAIN));
        };
        let whole = due.runs.len() >= BATCH as usize;
        let runs = self.refused.without(due.runs, now);
        let count = runs.len();
        // One that is about to leave its driver here, because it was cancelled elsewhere, is not taken by that.
        let free = runs.into_iter().filter(|run| self.driven(run).is_none()).collect();
        let taken = self.take_up_all(free).await;
        let soon = match taken == count {
            true if whole && count > 0 => Duration::ZERO,
            true => LOOK,
            false => AGAIN,
        };
        due.next.unwrap_or(i64::MAX).min(self.clock.after(soon))
    }
}

async fn wake_runs(engine: Weak<Engine>, next: Arc<AtomicI64>, earlier: Arc<Notify>) {
    for _ in 0..COURTESY {
        tokio::task::yield_now().await;
    }
    let mut sweep = Sweep::default();
    loop {
        // What is set from here on may be earlier than what is found now.
        next.store(i64::MAX, Ordering::Release);
        let (time, clock) = match engine.upgrade() {
            Some(engine) => (engine.wake_due().await.min(engine.sweep(&mut sweep).await), engine.clock),
            None => return,
        };
        next.store(time, Ordering::Release);
        let told = std::pin::pin!(earlier.notified());
        let sleep = std::pin::pin!(clock.sleep_until(time));
        futures::future::select(told, sleep).await;
    }
}
