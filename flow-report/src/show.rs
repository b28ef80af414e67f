//! One run: all that is known of it.

use std::collections::HashMap;

use flow_runtime::{
    App, Definition, Failure, StoreError,
    store::{CheckpointRecord, FrameRecord},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{PauseReport, stored};

/// How many events are read at a time.
const PAGE: u32 = 1_000;

/// One run.
// `P` is what is shown of a question: a command line has more to say of it than this crate knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ShowReport")]
pub struct ShowReport<P = PauseReport> {
    /// Its id.
    pub run: String,
    /// Id of its workflow.
    pub workflow: String,
    /// How it stands: `running`, `paused`, `undoing`, `completed`, `failed`, `cancelled`.
    pub status: String,
    /// Its session.
    pub session: Option<String>,
    /// On whose behalf it runs.
    pub user: Option<String>,
    /// The name of its start.
    pub key: Option<String>,
    /// Which of several goes first.
    pub priority: i32,
    /// What else was said at its start.
    pub metadata: Option<Value>,
    /// When it was started.
    pub created_at: i64,
    /// When it last changed its status.
    pub updated_at: i64,
    /// When it has to be done.
    pub deadline: Option<i64>,
    /// When it goes on by itself.
    pub wake: Option<i64>,
    /// Its input.
    pub input: Value,
    /// The attempts at its steps, in the order in which they began, as far as events of them are kept.
    pub attempts: Vec<AttemptReport>,
    /// What it has asked, in this order.
    pub pauses: Vec<P>,
    /// Where it stands, and what lives there.
    pub frames: Vec<FrameReport>,
    /// What it has returned.
    pub output: Option<Value>,
    /// Why it has failed.
    pub failure: Option<FailureReport>,
}

/// The attempts at the steps of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StepsReport {
    /// The attempts, in the order in which they began, as far as events of them are kept.
    pub steps: Vec<AttemptReport>,
}

/// An attempt at a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AttemptReport {
    /// The step.
    pub step: String,
    /// Where: empty for the workflow's body, `parallel.1` for the second branch of its fork.
    pub path: String,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// When it began; not known if only its end was told.
    pub started_at: Option<i64>,
    /// How long it took, in milliseconds; not known of one that has not ended.
    pub ms: Option<u64>,
    /// What became of it: `running`, `completed`, `failed`, `undone`.
    pub state: String,
    /// Why it has failed.
    pub error: Option<String>,
}

/// Where a line of control stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FrameReport {
    /// Empty for the workflow's body, `parallel.1` for the second branch of its fork.
    pub path: String,
    /// The point it has reached.
    pub at: String,
    /// The question it waits at.
    pub pause: Option<String>,
    /// When it wants to go on.
    pub wake: Option<i64>,
    /// What is saved there.
    pub bindings: Vec<BindingReport>,
}

/// A saved binding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BindingReport {
    /// Its name in the workflow.
    pub name: String,
    /// Its value.
    pub value: Value,
}

/// Where a run stood right after a checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FramesReport {
    /// The number of the checkpoint; 0 is the run's start.
    pub seq: u64,
    /// Path of the frame that moved.
    pub path: String,
    /// The point it reached; `start` at the run's start.
    pub at: String,
    /// When it was written.
    pub time: i64,
    /// Where its lines of control stood, and what lived there.
    pub frames: Vec<FrameReport>,
}

/// The checkpoints of a run, in the order in which they were written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckpointsReport {
    /// The checkpoints.
    pub checkpoints: Vec<CheckpointReport>,
}

/// A checkpoint of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckpointReport {
    /// Its number in the run, from 1.
    pub seq: u64,
    /// Path of the frame that moved.
    pub path: String,
    /// The point it reached.
    pub at: String,
    /// When it was written.
    pub time: i64,
}

/// Why a run has failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FailureReport {
    /// The error and its sources, the outermost first.
    pub chain: Vec<String>,
    /// The branch that failed; empty for the workflow's body.
    pub path: String,
    /// The last point it had reached.
    pub after: Option<String>,
    /// What could not be undone, and why.
    pub not_undone: Vec<String>,
}

impl FailureReport {
    /// A failure of a run of this process.
    pub fn of(failure: &Failure) -> Self {
        FailureReport {
            chain: failure.chain().to_vec(),
            path: failure.path().to_owned(),
            after: failure.after().map(str::to_owned),
            not_undone: failure.not_undone().to_vec(),
        }
    }

    /// A failure as it is [stored](flow_runtime::store::RunRecord::failure).
    pub fn stored(text: &str) -> Self {
        let stored = stored(text);
        let texts = |name: &str| -> Vec<String> {
            stored[name].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        FailureReport {
            chain: texts("chain"),
            path: stored["path"].as_str().unwrap_or_default().to_owned(),
            after: stored["after"].as_str().map(str::to_owned),
            not_undone: texts("not_undone"),
        }
    }
}

impl ShowReport {
    /// All that is known of a run.
    ///
    /// # Errors
    /// [`StoreError::UnknownRun`], and the store's others.
    pub async fn of(app: &App, run: &str) -> Result<Self, StoreError> {
        ShowReport::with(app, run, |pause| pause).await
    }
}

impl<P> ShowReport<P> {
    /// All that is known of a run, with what `pause` makes of each of its questions.
    ///
    /// # Errors
    /// [`StoreError::UnknownRun`], and the store's others.
    pub async fn with(app: &App, run: &str, pause: impl Fn(PauseReport) -> P) -> Result<Self, StoreError> {
        let attempts = StepsReport::of(app, run).await?.steps;
        let (frames, pauses) = (app.store().frames(run).await?, app.asked(run).await?);
        let record = app.store().find(run).await?;
        let record = record.ok_or_else(|| StoreError::UnknownRun { run: run.to_owned() })?;
        let definition = app.definition_of(&record.run.workflow).ok();
        Ok(ShowReport {
            run: record.run.id,
            workflow: record.run.workflow,
            status: record.status.as_str().to_owned(),
            session: record.run.session,
            user: record.run.user,
            key: record.run.key,
            priority: record.run.priority,
            metadata: record.run.metadata.as_deref().map(stored),
            created_at: record.run.created_at,
            updated_at: record.updated_at,
            deadline: record.run.deadline,
            wake: record.wake,
            input: stored(&record.run.input),
            attempts,
            pauses: pauses.iter().map(PauseReport::of).map(pause).collect(),
            frames: frames.iter().map(|frame| FrameReport::of(frame, definition.as_ref())).collect(),
            output: record.output.as_deref().map(stored),
            failure: record.failure.as_deref().map(FailureReport::stored),
        })
    }
}

impl FrameReport {
    /// A stored frame. Of its bindings those are shown that live where it stands, as far as the program's definition of the
    /// workflow says so.
    pub fn of(frame: &FrameRecord, definition: Option<&Definition>) -> Self {
        let points = definition.iter().flat_map(|definition| &definition.points).filter(|point| point.name == frame.at);
        let live: Vec<&String> = points.clone().flat_map(|point| &point.bindings).collect();
        let all = points.count() == 0;
        let shown = frame.bindings.iter().filter(|binding| all || live.iter().any(|name| **name == binding.name));
        FrameReport {
            path: frame.path.clone(),
            at: frame.at.clone(),
            pause: frame.pause.clone(),
            wake: frame.wake,
            bindings: shown
                .map(|binding| BindingReport { name: binding.name.to_string(), value: stored(&binding.value) })
                .collect(),
        }
    }
}

impl FramesReport {
    /// Where a run stood right after a checkpoint, `None` if no such checkpoint is kept.
    ///
    /// # Errors
    /// [`StoreError::UnknownRun`], and the store's others.
    pub async fn of(app: &App, run: &str, seq: u64) -> Result<Option<Self>, StoreError> {
        let record = app.store().find(run).await?;
        let record = record.ok_or_else(|| StoreError::UnknownRun { run: run.to_owned() })?;
        let Some(mut frames) = app.store().frames_at(run, seq).await? else { return Ok(None) };
        frames.sort_by(|a, b| a.path.cmp(&b.path));
        let definition = app.definition_of(&record.run.workflow).ok();
        let frames = frames.iter().map(|frame| FrameReport::of(frame, definition.as_ref())).collect();
        let moved = app.store().history(run).await?.into_iter().find(|checkpoint| checkpoint.seq == seq);
        let (path, at, time) = match moved {
            Some(moved) => (moved.path, moved.at, moved.time),
            None => (String::new(), "start".to_owned(), record.run.created_at),
        };
        Ok(Some(FramesReport { seq, path, at, time, frames }))
    }
}

impl CheckpointsReport {
    /// The checkpoints of a run.
    ///
    /// # Errors
    /// [`StoreError::UnknownRun`], and the store's others.
    pub async fn of(app: &App, run: &str) -> Result<Self, StoreError> {
        let report = |CheckpointRecord { seq, path, at, time }| CheckpointReport { seq, path, at, time };
        Ok(CheckpointsReport { checkpoints: app.store().history(run).await?.into_iter().map(report).collect() })
    }
}

impl StepsReport {
    /// The attempts at the steps of a run, of the events that tell of them.
    ///
    /// # Errors
    /// [`StoreError::UnknownRun`], and the store's others.
    pub async fn of(app: &App, run: &str) -> Result<Self, StoreError> {
        let (mut steps, mut at_work, mut from) = (Vec::new(), HashMap::new(), 1);
        loop {
            let page = app.store().events(run, from, PAGE).await?;
            page.iter().for_each(|record| see(&mut steps, &mut at_work, &stored(&record.event)));
            match page.last() {
                Some(last) if page.len() == PAGE as usize => from = last.seq + 1,
                _ => return Ok(StepsReport { steps }),
            }
        }
    }
}

fn see(attempts: &mut Vec<AttemptReport>, at_work: &mut HashMap<(String, String), usize>, event: &Value) {
    let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    let (kind, step, path) = (text("kind"), text("step"), text("path"));
    let number = event["attempt"].as_u64().and_then(|attempt| u32::try_from(attempt).ok()).unwrap_or(1);
    let (place, time) = ((path.clone(), step.clone()), event["time"].as_i64());
    let mut begin = |started_at| {
        let (state, step, path) = ("running".to_owned(), step.clone(), path.clone());
        attempts.push(AttemptReport { step, path, attempt: number, started_at, ms: None, state, error: None });
        attempts.len() - 1
    };
    match kind.as_str() {
        "step_started" => _ = at_work.insert(place, begin(time)),
        "step_completed" | "step_failed" => {
            let at = at_work.remove(&place).unwrap_or_else(|| begin(None));
            let Some(attempt) = attempts.get_mut(at) else { return };
            let took = attempt.started_at.zip(time).and_then(|(began, ended)| u64::try_from(ended - began).ok());
            attempt.ms = event["ms"].as_u64().or(took);
            attempt.attempt = number;
            attempt.error = event["error"].as_str().map(str::to_owned);
            attempt.state = kind.trim_start_matches("step_").to_owned();
        }
        "step_undone" => {
            let done = attempts.iter_mut().rev().find(|done| done.step == step && done.state == "completed");
            if let Some(attempt) = done.filter(|_| event["error"].is_null()) {
                attempt.state = "undone".to_owned();
            }
        }
        _ => {}
    }
}
