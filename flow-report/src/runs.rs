//! Runs in a list, and what one has come to.

use flow_runtime::{
    App, StoreError,
    store::{RunFilter, RunRecord, RunStatus, UndoRecord},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{FailureReport, PauseReport, cursor, stored};

/// A page of runs, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunsReport {
    /// The runs.
    pub runs: Vec<RunLine>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// A run in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunLine {
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
    /// What else was said at its start.
    pub metadata: Option<Value>,
    /// When it was started.
    pub created_at: i64,
    /// When it last changed its status.
    pub updated_at: i64,
    /// Its input.
    pub input: Value,
}

impl RunsReport {
    /// A page of the runs this filter lists, and whether there is another.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn of(app: &App, filter: &RunFilter) -> Result<Self, StoreError> {
        let (runs, next) = page(app, filter, RunLine::of).await?;
        Ok(RunsReport { runs, next })
    }
}

/// A page of the runs a filter lists, and where the next one begins.
pub(crate) async fn page<T>(
    app: &App,
    filter: &RunFilter,
    line: impl Fn(&RunRecord) -> T,
) -> Result<(Vec<T>, Option<String>), StoreError> {
    let limit = filter.limit.max(1);
    // One more than wanted, so that nobody is sent to a page with nothing on it.
    let mut records = app.runs(&filter.clone().limit(limit.saturating_add(1))).await?;
    let more = records.len() > limit as usize;
    records.truncate(limit as usize);
    let next = records.last().filter(|_| more).map(|last| cursor(last.run.created_at, &last.run.id));
    Ok((records.iter().map(line).collect(), next))
}

impl RunLine {
    /// The line of a stored run.
    pub fn of(record: &RunRecord) -> Self {
        RunLine {
            run: record.run.id.clone(),
            workflow: record.run.workflow.clone(),
            status: record.status.as_str().to_owned(),
            session: record.run.session.clone(),
            user: record.run.user.clone(),
            metadata: record.run.metadata.as_deref().map(stored),
            created_at: record.run.created_at,
            updated_at: record.updated_at,
            input: stored(&record.run.input),
        }
    }
}

/// What a run has come to.
// `P`: as in `ShowReport`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RunReport")]
pub struct RunReport<P = PauseReport> {
    /// Id of the run.
    pub run: String,
    /// Id of its workflow.
    pub workflow: String,
    /// How it stands: `running`, `paused`, `undoing`, `completed`, `failed`, `cancelled`.
    pub status: String,
    /// What it has returned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// What it waits for.
    pub pauses: Vec<P>,
    /// Why it has failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureReport>,
    /// The steps that were undone, in this order.
    pub undone: Vec<UndoneReport>,
}

/// A step that was undone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UndoneReport {
    /// The step.
    pub step: String,
    /// What it had returned.
    pub output: Value,
    /// Why it could not be undone, if it could not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl RunReport {
    /// What a run has come to by now.
    ///
    /// # Errors
    /// [`StoreError::UnknownRun`], and the store's others.
    pub async fn of(app: &App, run: &str) -> Result<Self, StoreError> {
        let record = app.store().find(run).await?;
        let record = record.ok_or_else(|| StoreError::UnknownRun { run: run.to_owned() })?;
        let waits = !record.status.has_ended() && record.status != RunStatus::Undoing;
        let open = if waits { app.open_pauses(&record).await? } else { Vec::new() };
        let undoes = matches!(record.status, RunStatus::Undoing | RunStatus::Failed | RunStatus::Cancelled);
        let undone = if undoes { UndoneReport::of(app, run).await? } else { Vec::new() };
        Ok(RunReport {
            run: record.run.id,
            workflow: record.run.workflow,
            status: record.status.as_str().to_owned(),
            output: record.output.as_deref().map(stored),
            pauses: open.iter().map(PauseReport::open).collect(),
            failure: record.failure.as_deref().map(FailureReport::stored),
            undone,
        })
    }
}

impl UndoneReport {
    /// What was undone of a run, and what could not be, in this order.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn of(app: &App, run: &str) -> Result<Vec<Self>, StoreError> {
        let undos = app.store().undos(run).await?;
        // What was done last is undone first.
        let tried = undos.into_iter().rev().filter(|undo| undo.done_at.is_some() || undo.failure.is_some());
        let report =
            |UndoRecord { step, output, failure, .. }| UndoneReport { step, output: stored(&output), error: failure };
        Ok(tried.map(report).collect())
    }
}
