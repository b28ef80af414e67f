//! Where a run stands, for those who show it.

use serde::Serialize;

use super::{
    handle::{is_open, standing},
    run::AnyRun,
};
use crate::{
    Event, Failure, Graph, RunError,
    event::Origin,
    machine::Trying,
    store::{FrameRecord, PauseRecord},
};

/// Where one line of control of a run stands: the workflow's body, a branch, or a workflow it awaits.
///
/// A line that has not come to any point yet is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Position {
    /// Path of its frame: empty for the workflow's body, `parallel.1` for the second branch of its fork, `review()` for the
    /// body of a workflow it awaits.
    pub path: String,
    /// Name of the last point it has come to, as in [`CheckpointRecord::at`](crate::store::CheckpointRecord::at).
    pub at: String,
    /// What it does there.
    pub doing: Doing,
    /// The step it tries that could not be done at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trying: Option<Tried>,
}

/// What a line of control does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Doing {
    /// It waits for the answer to the pause of this id.
    Asks(String),
    /// It sleeps until this time, or waits until then for the next attempt at a step, in milliseconds since the Unix epoch.
    Sleeps(i64),
    /// It goes on, or its branches or a workflow it awaits do.
    GoesOn,
    /// It is a branch that is done.
    IsDone,
}

/// A step that has been tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Tried {
    /// Name of the step.
    pub step: String,
    /// How many attempts have failed.
    pub failed: u32,
    /// The error of the last one and its sources, the outermost first.
    pub errors: Vec<String>,
}

impl AnyRun {
    /// The graph of its workflow.
    ///
    /// # Errors
    /// [`RunError::NotRegistered`].
    pub fn graph(&self) -> Result<Graph, RunError> {
        Ok(self.handle().engine.workflow(self.workflow())?.graph())
    }

    /// Where the run stands: all its lines of control, in the order of their paths. None of a run that completed or was
    /// cancelled; one that failed stands where it has failed.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn positions(&self) -> Result<Vec<Position>, RunError> {
        let engine = &self.handle().engine;
        let record = self.record().await?;
        let mut frames = engine.store.frames(self.id()).await?;
        let pauses = standing(&*engine.store, self.id(), &frames).await?;
        frames.sort_by(|one, other| one.path.cmp(&other.path));
        let now = engine.clock.now_ms();
        let open: Vec<&PauseRecord> = pauses.iter().filter(|pause| is_open(pause, &record, &frames)).collect();
        Ok(frames.iter().map(|frame| position(frame, &open, now)).collect())
    }

    /// Why the run has failed, if it has, or why not all of it could be undone.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn failure(&self) -> Result<Option<Failure>, RunError> {
        let record = self.record().await?;
        Ok(record.failure.as_deref().map(|text| Failure::stored(Some(text))))
    }

    /// The run's stored events from number `from` on, in their order, `limit` at most; [`events`](Self::events) reads on as
    /// they happen.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn stored_events(&self, from: u64, limit: u32) -> Result<Vec<Event>, RunError> {
        let origin = Origin::of(&self.record().await?.run);
        let records = self.handle().engine.store.events(self.id(), from.max(1), limit).await?;
        Ok(records.iter().map(|record| origin.read(record)).collect())
    }
}

fn position(frame: &FrameRecord, open: &[&PauseRecord], now: i64) -> Position {
    // One that cannot be read any more is an attempt that was never made.
    let trying: Option<Trying> = frame.trying.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let asks = open.iter().find(|pause| frame.pause.as_ref() == Some(&pause.pause.id));
    let next = trying.as_ref().and_then(|trying| trying.next).or(frame.wake).filter(|time| *time > now);
    let doing = match (asks, next) {
        _ if frame.at == crate::machine::DONE => Doing::IsDone,
        (Some(pause), _) => Doing::Asks(pause.pause.id.clone()),
        (None, Some(time)) => Doing::Sleeps(time),
        (None, None) => Doing::GoesOn,
    };
    let tried = |Trying { step, attempts, errors, .. }| Tried { step, failed: attempts, errors };
    Position { path: frame.path.clone(), at: frame.at.clone(), doing, trying: trying.map(tried) }
}
