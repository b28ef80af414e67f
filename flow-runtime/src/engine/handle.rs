//! What all handles of one run share.

use crate::lock::lock;
use std::sync::{Arc, Mutex};

use super::driver::{Driven, Engine};
use crate::{
    Refusal, RunError,
    store::{FrameRecord, PauseRecord, RunRecord, RunStatus, StoreError},
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

/// Whether a run waits at a pause. One whose frame is gone was withdrawn: the other branches of its fork failed, for instance.
pub(super) fn is_open(pause: &PauseRecord, run: &RunRecord, frames: &[FrameRecord]) -> bool {
    let ended = run.status.has_ended() || run.status == RunStatus::Undoing;
    let done = pause.answer.is_some() || pause.expired_at.is_some();
    !ended && !done && frames.iter().any(|frame| frame.pause.as_ref() == Some(&pause.pause.id))
}
