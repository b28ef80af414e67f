//! Runs in a list, and what one has come to.

use flow_runtime::{
    App, StoreError,
    store::{RunFilter, RunRecord, RunStatus, UndoRecord},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{FailureReport, PauseReport, cursor, pages::Room, stored};

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
    /// A page of the runs this filter lists, and whether there is another: of 8 MiB about, however many it may have.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn of(app: &App, filter: &RunFilter) -> Result<Self, StoreError> {
        let (runs, next) = page(app, filter, RunLine::of).await?;
        Ok(RunsReport { runs, next })
    }
}

/// A page of the runs a filter lists, and where the next one begins. Inputs may be large, so it may end before the filter's limit.
pub(crate) async fn page<T>(
    app: &App,
    filter: &RunFilter,
    line: impl Fn(&RunRecord) -> T,
) -> Result<(Vec<T>, Option<String>), StoreError> {
    let (mut lines, mut room) = (Vec::new(), Room::of(filter.limit));
    let mut filter = filter.clone();
    loop {
        filter.limit = room.chunk();
        let records = app.runs(&filter).await?;
        for record in &records {
            if !room.takes(size(record)) {
                return Ok((lines, filter.after.map(|(at, id)| cursor(at, &id))));
            }
            lines.push(line(record));
            filter.after = Some((record.run.created_at, record.run.id.clone()));
        }
        if records.len() < filter.limit as usize {
            return Ok((lines, None));
        }
    }
}

/// How large a run is, about.
pub(crate) fn size(record: &RunRecord) -> usize {
    let RunRecord { run, output, failure, .. } = record;
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    run.id.len() + run.input.len() + length(&run.metadata) + length(output) + length(failure)
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
