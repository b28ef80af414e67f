//! What can be done to a run from outside, besides answering: cancel it, try it again, start another one where it stood.

use std::{
    future::{Future, IntoFuture},
    marker::PhantomData,
    pin::Pin,
    sync::Arc,
};

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    driver::{Engine, detached},
    events::Upcoming,
    handle::{Handle, is_open, standing},
    run::{AnyRun, Run},
    start::start,
};
use crate::{
    Failure, RunError, Workflow,
    definition::fingerprint,
    error::ControlError,
    event::{Tag, Text},
    machine::{RunState, Trying},
    observe,
    store::{
        Beginning, Binding, CancelReceipt, CheckpointRecord, Effects, FrameMark, FrameRecord, NewPause, NewRun,
        PauseRecord, ReopenReceipt, RunRecord, RunStatus, StoreError,
    },
};

impl AnyRun {
    /// Cancels the run: at once, whatever it does or waits for, and whoever drives it. Its branches and children go with it,
    /// its questions are withdrawn. When this returns, the run is cancelled for good; steps with an `undo` are then undone,
    /// the last one first, and [`wait`](Self::wait) returns when that is done.
    ///
    /// # Errors
    /// [`ControlError::Ended`] if there is nothing left to cancel; those of the store.
    pub async fn cancel(&self) -> Result<(), ControlError> {
        let handle = self.handle().clone();
        detached(async move { Ok(handle.cancel().await) }).await?
    }

    /// Goes on with a run that has failed, from its last checkpoints: what was done stays done. If steps could not be
    /// undone, that is tried again.
    ///
    /// # Errors
    /// [`ControlError::NotFailed`], [`ControlError::Undone`] if its steps have been undone, [`ControlError::Run`] if the
    /// run does not fit this program, and those of the store. Nothing has changed then.
    pub async fn retry(&self) -> Result<(), ControlError> {
        let handle = self.handle().clone();
        detached(async move { Ok(handle.retry().await) }).await?
    }

    /// The run's checkpoints, in the order in which they were written: where a copy of it can [start](Self::fork).
    ///
    /// # Errors
    /// Those of the store.
    pub async fn checkpoints(&self) -> Result<Vec<CheckpointRecord>, RunError> {
        Ok(self.handle().engine.store.history(&self.handle().id).await?)
    }

    /// Starts a copy of the run from where it stood right after a checkpoint; 0 is its start. The copy has a life of its own:
    /// open questions are asked again, and what the run did before is not undone by the copy. It begins when this is awaited.
    pub fn fork(&self, checkpoint: u64) -> ForkRun<AnyRun> {
        ForkRun { run: self.handle().clone(), checkpoint, edits: Ok(Vec::new()), key: None, handle: PhantomData }
    }
}

impl<W: Workflow> Run<W> {
    /// As [`AnyRun::cancel`].
    ///
    /// # Errors
    /// As [`AnyRun::cancel`].
    pub async fn cancel(&self) -> Result<(), ControlError> {
        self.any().cancel().await
    }

    /// As [`AnyRun::retry`].
    ///
    /// # Errors
    /// As [`AnyRun::retry`].
    pub async fn retry(&self) -> Result<(), ControlError> {
        self.any().retry().await
    }

    /// As [`AnyRun::checkpoints`].
    ///
    /// # Errors
    /// Those of the store.
    pub async fn checkpoints(&self) -> Result<Vec<CheckpointRecord>, RunError> {
        self.any().checkpoints().await
    }

    /// As [`AnyRun::fork`].
    pub fn fork(&self, checkpoint: u64) -> ForkRun<Run<W>> {
        let ForkRun { run, checkpoint, edits, key, .. } = self.any().fork(checkpoint);
        ForkRun { run, checkpoint, edits, key, handle: PhantomData }
    }
}

impl Handle {
    async fn cancel(self: &Arc<Self>) -> Result<(), ControlError> {
        let engine = &self.engine;
        engine.watch_timers();
        let (now, record) = (engine.clock.now_ms(), self.record().await?);
        let event = engine.events.event(&record.run, Tag::RunCancelled, now, "", |text| text);
        let open = engine.open_pauses(&record).await?;
        let event = open.iter().rev().fold(event, |event, pause| {
            let tell = |text: Text| text.text("pause", &pause.id);
            engine.events.event(&record.run, Tag::PauseWithdrawn, now, &pause.path, tell).and(event)
        });
        let receipt = engine.store.cancel(&self.id, now, event.events()).await?;
        if matches!(receipt, CancelReceipt::Cancelled | CancelReceipt::Undoing) {
            event.happened();
            if let Some(driven) = engine.driven(&self.id) {
                driven.cancel();
                driven.done().await;
            }
        }
        match receipt {
            CancelReceipt::Cancelled => {
                observe::ended(&record.run.workflow, RunStatus::Cancelled);
                engine.tell(&self.id);
                Ok(())
            }
            CancelReceipt::Undoing => {
                // It is cancelled, whether or not it can be undone here and now: it is due for whoever can.
                self.see(engine.take_up(&self.id).await.unwrap_or_default());
                Ok(())
            }
            CancelReceipt::Ended(status) => Err(ControlError::Ended { run: self.id.clone(), status }),
        }
    }

    async fn retry(self: &Arc<Self>) -> Result<(), ControlError> {
        let engine = &self.engine;
        let record = self.record().await?;
        let entry = engine.workflow(&record.run.workflow)?.clone();
        let frames = engine.store.frames(&self.id).await?;
        let failure = Failure::stored(record.failure.as_deref());
        // What was open when it failed is open again.
        let again = RunRecord { status: RunStatus::Paused, ..record.clone() };
        let open = standing(&*engine.store, &self.id, &frames).await?;
        let open: Vec<NewPause> =
            open.into_iter().filter(|pause| is_open(pause, &again, &frames)).map(|pause| pause.pause).collect();
        let marks: Vec<FrameMark> = frames.iter().filter_map(|frame| begin_again(frame, &failure)).collect();
        let state = RunState::new(self.id.clone(), entry.code(), None, frames, Vec::new());
        if let Err(reason) = entry.check_state(state, &record.run.input) {
            return Err(self.refused(reason).await.into());
        }
        let now = engine.clock.now_ms();
        let event = engine.events.event(&record.run, Tag::RunRetried, now, "", |text| text);
        let event = engine.events.asked(&record.run, &open, now).into_iter().fold(event, Upcoming::and);
        match engine.store.reopen(&self.id, now, &marks, event.events()).await? {
            ReopenReceipt::Reopened => {
                event.happened();
                // The driver that has seen it fail may not have left yet.
                if let Some(driven) = engine.driven(&self.id) {
                    driven.done().await;
                }
                // It is reopened, whether or not it can be taken up here and now.
                self.see(engine.take_up(&self.id).await.unwrap_or_default());
                Ok(())
            }
            ReopenReceipt::Undone => Err(ControlError::Undone { run: self.id.clone() }),
            ReopenReceipt::NotFailed(status) => Err(ControlError::NotFailed { run: self.id.clone(), status }),
        }
    }
}

/// A copy of a run about to be started; see [`AnyRun::fork`].
#[must_use = "a copy starts when this is awaited"]
pub struct ForkRun<H> {
    run: Arc<Handle>,
    checkpoint: u64,
    edits: Result<Vec<Edit>, serde_json::Error>,
    key: Option<String>,
    handle: PhantomData<fn() -> H>,
}

struct Edit {
    path: Option<String>,
    name: String,
    value: String,
}

impl<H> ForkRun<H> {
    /// Gives a binding another value, in the frame that made the checkpoint. Bindings go by their stored names: those of the
    /// workflow's code, and `x#2` for the second of two that live there.
    pub fn set<T: Serialize + ?Sized>(self, name: &str, value: &T) -> Self {
        self.edit(None, name, value)
    }

    /// Gives a binding another value, in the frame of this path: empty for the workflow's body, `parallel.1` for the second
    /// branch of its fork.
    pub fn set_at<T: Serialize + ?Sized>(self, path: &str, name: &str, value: &T) -> Self {
        self.edit(Some(path.to_owned()), name, value)
    }

    /// A name for this copy, as [`StartRun::key`](crate::StartRun::key): who copies again with the same key gets the run there
    /// is. Starts and copies of a workflow share their keys, and the copy may be one of anything, so let the key name the run,
    /// the checkpoint and what is set.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    fn edit<T: Serialize + ?Sized>(mut self, path: Option<String>, name: &str, value: &T) -> Self {
        self.edits = self.edits.and_then(|mut edits| {
            edits.push(Edit { path, name: name.to_owned(), value: serde_json::to_string(value)? });
            Ok(edits)
        });
        self
    }
}

impl<H: From<AnyRun> + 'static> IntoFuture for ForkRun<H> {
    type Output = Result<H, ControlError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let ForkRun { run, checkpoint, edits, key, .. } = self;
        Box::pin(async move {
            let edits = edits.map_err(|error| ControlError::Edit { source: error.into() })?;
            detached(async move { Ok(fork(&run, checkpoint, edits, key).await) }).await?.map(H::from)
        })
    }
}

async fn fork(
    run: &Arc<Handle>,
    checkpoint: u64,
    edits: Vec<Edit>,
    key: Option<String>,
) -> Result<AnyRun, ControlError> {
    let engine: &Arc<Engine> = &run.engine;
    let record = run.record().await?;
    let entry = engine.workflow(&record.run.workflow)?.clone();
    let Some(mut frames) = engine.store.frames_at(&run.id, checkpoint).await? else {
        let history = engine.store.history(&run.id).await?;
        let (oldest, last) = (history.first().map(|first| first.seq), history.last().map_or(0, |last| last.seq));
        if checkpoint < oldest.unwrap_or(0) {
            return Err(ControlError::Pruned { run: run.id.clone(), checkpoint, oldest });
        }
        return Err(ControlError::UnknownCheckpoint { run: run.id.clone(), checkpoint, last });
    };
    let history = engine.store.history(&run.id).await?;
    let moved = history.iter().find(|record| record.seq == checkpoint).map_or("", |record| &record.path);
    for edit in edits {
        change(&mut frames, moved, edit)?;
    }
    let now = engine.clock.now_ms();
    let pauses = asked_again(engine.store.pauses(&run.id).await?, &mut frames, now);
    let state = RunState::new(String::new(), entry.code(), None, frames.clone(), Vec::new());
    if let Err(reason) = entry.check_state(state, &record.run.input) {
        return Err(run.refused(reason).await.into());
    }
    let mut metadata = record.run.metadata.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let origin = json!({ "run": run.id, "checkpoint": checkpoint });
    match &mut metadata {
        Some(Value::Object(metadata)) => {
            metadata.insert("forked_from".to_owned(), origin);
        }
        None => metadata = Some(json!({ "forked_from": origin })),
        // What the user keeps there is not ours to change.
        Some(_) => {}
    }
    let copy = NewRun {
        id: uuid::Uuid::now_v7().to_string(),
        fingerprint: fingerprint(entry.code()),
        metadata: metadata.map(|metadata| metadata.to_string()),
        created_at: now,
        deadline: None,
        key,
        ..record.run
    };
    engine.watch_timers();
    let beginning = Beginning { frames, pauses, effects: Effects::default() };
    Ok(start(engine, &entry, copy, beginning).await?)
}

/// Changes a binding of the frames a copy starts with.
fn change(frames: &mut [FrameRecord], moved: &str, edit: Edit) -> Result<(), ControlError> {
    let Edit { path, name, value } = edit;
    let path = path.unwrap_or_else(|| moved.to_owned());
    let frame = frames.iter_mut().find(|frame| frame.path == path);
    let bindings = frame.map(|frame| &mut frame.bindings);
    let known: Vec<String> =
        bindings.iter().flat_map(|bindings| bindings.iter().map(|binding| binding.name.to_string())).collect();
    let found: Option<&mut Binding> =
        bindings.and_then(|bindings| bindings.iter_mut().find(|binding| binding.name == name));
    match found {
        Some(binding) => {
            binding.value = value;
            Ok(())
        }
        None => Err(ControlError::UnknownBinding { path, name, known }),
    }
}

/// What a frame tries when its run begins again after a failure: everything anew. Only a step that must not be repeated, and
/// was interrupted, stays so.
fn begin_again(frame: &FrameRecord, failure: &Failure) -> Option<FrameMark> {
    let trying: Trying = serde_json::from_str(frame.trying.as_deref()?).unwrap_or_default();
    // What is committed is done.
    if trying.done.is_some() || trying.begun && !failure.was_returned_by(&frame.path) {
        return None;
    }
    Some(FrameMark { path: frame.path.clone(), pause: trying.at_pause, wake: trying.at_wake, trying: None })
}

/// The questions the frames stand at, to be asked anew: with as much time to answer as there was.
fn asked_again(pauses: Vec<PauseRecord>, frames: &mut [FrameRecord], now: i64) -> Vec<PauseRecord> {
    let paths: Vec<String> = frames.iter().map(|frame| frame.path.clone()).collect();
    let has_below = |path: &str| {
        let below = if path.is_empty() { String::new() } else { format!("{path}/") };
        paths.iter().any(|other| other != path && other.starts_with(&below))
    };
    let mut again = Vec::new();
    for record in pauses {
        let Some(frame) = frames.iter_mut().find(|frame| frame.pause.as_ref() == Some(&record.pause.id)) else {
            continue;
        };
        // It has its answer, and waits for a child now.
        if has_below(&frame.path) {
            again.push(record);
            continue;
        }
        let deadline = record.pause.deadline.map(|deadline| now.saturating_add(deadline - record.pause.asked_at));
        let pause = NewPause { asked_at: now, deadline, ..record.pause };
        if let Some(wake) = pause.wake_after(now) {
            frame.wake = Some(wake);
        }
        again.push(pause.into());
    }
    again
}

impl From<StoreError> for ControlError {
    fn from(error: StoreError) -> Self {
        ControlError::Run(error.into())
    }
}
