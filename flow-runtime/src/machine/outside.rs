//! What a run shares with the App that drives it.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use tokio::sync::Notify;

use super::{Cx, RunState};
use crate::{
    gate::{Gate, Place},
    store::NewRun,
};

/// What a run shares with the App that drives it. A run without an App has none.
pub(crate) struct Outside {
    /// Woken when something was done to the run elsewhere.
    look: Notify,
    /// Whether the store tells what is done elsewhere.
    pub(crate) hears: Arc<AtomicBool>,
    /// How many calls of a step may be at work at once, by its name.
    pub(crate) step_gates: Arc<HashMap<String, Gate>>,
    /// Id of its workflow.
    pub(crate) workflow: String,
    /// Which of those who wait goes first.
    pub(crate) priority: i32,
    /// Whether the run is to be left where it next stands safely.
    stopping: AtomicBool,
    /// How many of the run's calls wait for others to be done.
    queued: AtomicUsize,
}

impl Outside {
    pub(crate) fn new(hears: Arc<AtomicBool>, step_gates: Arc<HashMap<String, Gate>>, run: &NewRun) -> Self {
        let (look, stopping, queued) = (Notify::new(), AtomicBool::new(false), AtomicUsize::new(0));
        let (workflow, priority) = (run.workflow.clone(), run.priority);
        Outside { look, hears, step_gates, workflow, priority, stopping, queued }
    }

    /// Whether the store tells what is done elsewhere, so that nobody has to look often.
    pub(crate) fn hears(&self) -> bool {
        self.hears.load(Ordering::Relaxed)
    }

    /// Has the driver look what was done to the run elsewhere.
    pub(crate) fn tell(&self) {
        self.look.notify_one();
    }

    /// Waits until something was done to the run elsewhere.
    pub(crate) async fn told(&self) {
        self.look.notified().await;
    }

    /// Asks the driver to leave: no step begins any more, and those that run may finish. The driver has to be woken.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Whether the driver has been asked to leave and nothing runs that could finish, when so many are busy.
    pub(super) fn may_stop(&self, busy: usize) -> bool {
        self.is_stopping() && busy <= self.queued.load(Ordering::Relaxed)
    }
}

/// A call that waits for others to be done. It is busy, but can be left at any time.
struct Queued<'o>(&'o Outside);

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.queued.fetch_sub(1, Ordering::Relaxed);
    }
}

impl RunState {
    /// Whether calls of this step have to wait for each other.
    #[inline]
    pub(super) fn is_limited(&self, step: &str) -> bool {
        self.outside.as_ref().is_some_and(|outside| outside.step_gates.contains_key(step))
    }

    /// Whether the driver has been asked to leave.
    pub(crate) fn is_stopping(&self) -> bool {
        self.outside.as_ref().is_some_and(|outside| outside.is_stopping())
    }
}

impl Cx {
    /// Waits until a call of this step may begin. It is through until the place is dropped.
    pub(super) async fn enter(&self, step: &str) -> Option<Place> {
        let outside = self.state().outside.as_ref()?;
        let gate = outside.step_gates.get(step)?;
        let wait = async {
            outside.queued.fetch_add(1, Ordering::Relaxed);
            let _queued = Queued(outside);
            gate.enter(outside.priority).await
        };
        let place = self.counted(wait).await;
        self.stay().await;
        Some(place)
    }

    /// Where a run that is to be left stays until it is.
    pub(super) async fn stay(&self) {
        if self.state().is_stopping() {
            std::future::pending().await
        }
    }
}
