//! What all handles of one run share.

use crate::lock::lock;
use std::sync::{Arc, Mutex};

use super::driver::{Driven, Engine};
use crate::{
    Refusal, RunError,
    machine::Trying,
    store::{FrameRecord, PauseRecord, RunRecord, RunStatus, Store, StoreError},
};

/// A run as an App knows it.
pub(crate) struct Handle {
    pub(super) engine: Arc<Engine>,
    pub(super) id: String,
    pub(super) workflow: String,
    /// The driver that was last seen here.
    driven: Mutex<Option<Arc<Driven>>>,
}

impl Handle {
    pub(super) fn new(engine: Arc<Engine>, id: String, workflow: String, driven: Option<Arc<Driven>>) -> Self {
        Handle { engine, id, workflow, driven: Mutex::new(driven) }
    }

    pub(super) async fn record(&self) -> Result<RunRecord, StoreError> {
        self.engine.record(&self.id).await
    }

    /// Remembers a driver, to learn from it how it left the run.
    pub(super) fn see(&self, driven: Option<Arc<Driven>>) {
        *lock(&self.driven) = driven;
    }

    pub(super) fn take_seen(&self) -> Option<Arc<Driven>> {
        lock(&self.driven).take()
    }

    /// The error of a run that does not fit this program.
    pub(super) async fn refused(&self, reason: Refusal) -> RunError {
        let (run, workflow, reason) = (self.id.clone(), self.workflow.clone(), Box::new(reason));
        let changed = match self.record().await {
            Ok(record) => self.engine.changed_since(&record).await,
            Err(_) => None,
        };
        RunError::Refused { run, workflow, reason, changed }
    }
}

/// The pauses these frames of a run stand at, or may still look at, and the one asked last.
pub(super) async fn standing(
    store: &dyn Store,
    run: &str,
    frames: &[FrameRecord],
) -> Result<Vec<PauseRecord>, StoreError> {
    let noted = frames.iter().filter_map(|frame| frame.trying.as_deref());
    // One that cannot be read any more is an attempt that was never made.
    let noted = noted.filter_map(|text| serde_json::from_str::<Trying>(text).ok());
    let noted = noted.flat_map(|trying| trying.asked.into_iter().chain(trying.at_pause));
    let ids: Vec<String> = frames.iter().filter_map(|frame| frame.pause.clone()).chain(noted).collect();
    store.pauses_of(run, &ids).await
}

/// Whether a run waits at a pause. One whose frame is gone was withdrawn: the other branches of its fork failed, for instance.
pub(super) fn is_open(pause: &PauseRecord, run: &RunRecord, frames: &[FrameRecord]) -> bool {
    let ended = run.status.has_ended() || run.status == RunStatus::Undoing;
    let done = pause.answer.is_some() || pause.expired_at.is_some();
    !ended && !done && frames.iter().any(|frame| frame.pause.as_ref() == Some(&pause.pause.id))
}
