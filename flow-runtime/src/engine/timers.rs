//! Wakes runs whose time has come: those that sleep, whose question nobody has answered in time, whose next attempt is due.

use std::{
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use futures::{StreamExt, stream};
use tokio::{sync::Notify, task::JoinHandle};

use super::driver::Engine;
use crate::{clock::millis, lock::lock};

/// How many runs are taken up at once. Enough for their writes to share a commit.
const AT_ONCE: usize = 64;
/// How many are asked for at a time.
const BATCH: u32 = 1024;
/// How soon the store is asked again when it has named runs that could not be taken up, and when it could not be asked.
const AGAIN: Duration = Duration::from_secs(1);
/// How soon at the latest: another process may have set a timer and died.
const LOOK: Duration = Duration::from_secs(30);

/// The task that wakes runs.
pub(crate) struct Timers {
    task: Mutex<Option<JoinHandle<()>>>,
    /// When it looks at the store next.
    next: Arc<AtomicI64>,
    earlier: Arc<Notify>,
}

impl Default for Timers {
    fn default() -> Self {
        Timers { task: Mutex::default(), next: Arc::new(AtomicI64::new(i64::MAX)), earlier: Arc::default() }
    }
}

impl Drop for Timers {
    fn drop(&mut self) {
        if let Some(task) = lock(&self.task).take() {
            task.abort();
        }
    }
}

impl Timers {
    /// A timer of some run was set.
    pub(crate) fn set(&self, time: i64) {
        if time < self.next.load(Ordering::Acquire) {
            self.earlier.notify_one();
        }
    }
}

impl Engine {
    /// Begins to wake runs, if nobody does yet and there is a tokio runtime to do it in.
    pub(crate) fn watch_timers(self: &Arc<Self>) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let mut task = lock(&self.timers.task);
        if task.as_ref().is_none_or(JoinHandle::is_finished) {
            let (next, earlier) = (self.timers.next.clone(), self.timers.earlier.clone());
            *task = Some(runtime.spawn(wake_runs(Arc::downgrade(self), next, earlier)));
        }
    }

    /// Takes up what is due. Returns when to look again.
    async fn wake_due(self: &Arc<Self>) -> i64 {
        let now = self.clock.now_ms();
        let workflows: Vec<&str> = self.workflows.keys().map(String::as_str).collect();
        let Ok(due) = self.store.due(&workflows, now, BATCH).await else { return now.saturating_add(millis(AGAIN)) };
        let count = due.runs.len();
        let taken = stream::iter(due.runs)
            // One that is about to leave its driver here, because it was cancelled elsewhere, is not taken by that.
            .filter(|run| std::future::ready(self.driven(run).is_none()))
            .map(|run| async move { matches!(self.take_up(&run).await, Ok(Some(_))) })
            .buffer_unordered(AT_ONCE)
            .filter(|taken| std::future::ready(*taken))
            .count()
            .await;
        let soon = match taken == count {
            true if count == BATCH as usize => Duration::ZERO,
            true => LOOK,
            false => AGAIN,
        };
        due.next.unwrap_or(i64::MAX).min(self.clock.after(soon))
    }
}

async fn wake_runs(engine: Weak<Engine>, next: Arc<AtomicI64>, earlier: Arc<Notify>) {
    loop {
        // What is set from here on may be earlier than what is found now.
        next.store(i64::MAX, Ordering::Release);
        let (time, clock) = match engine.upgrade() {
            Some(engine) => (engine.wake_due().await, engine.clock),
            None => return,
        };
        next.store(time, Ordering::Release);
        let told = std::pin::pin!(earlier.notified());
        let sleep = std::pin::pin!(clock.sleep_until(time));
        futures::future::select(told, sleep).await;
    }
}
