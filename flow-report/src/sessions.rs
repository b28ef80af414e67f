//! Sessions.

use flow_runtime::{
    App, StoreError,
    store::{RunFilter, RunRecord, SessionFilter, SessionRecord},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{cursor, pages::Room, runs::page, stored};

/// A page of sessions, those that were written last first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SessionsReport {
    /// The sessions.
    pub sessions: Vec<SessionLine>,
    /// Where the next page begins, if there is one.
    #[serde(default)]
    pub next: Option<String>,
}

/// A session in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SessionLine {
    /// Its id.
    pub id: String,
    /// A name for people.
    pub name: Option<String>,
    /// Whose it is.
    pub user: Option<String>,
    /// How often it has been written.
    pub version: u64,
    /// When it was written first.
    pub created_at: i64,
    /// When it was written last.
    pub updated_at: i64,
    /// Its state.
    pub state: Value,
}

/// A session: its state and its last runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SessionReport {
    /// The session.
    #[serde(flatten)]
    pub session: SessionLine,
    /// Its last runs, the newest first.
    pub runs: Vec<SessionRun>,
}

/// A page of the runs of a session, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SessionRunsReport {
    /// The runs.
    pub runs: Vec<SessionRun>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// A run of a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SessionRun {
    /// Its id.
    pub run: String,
    /// Id of its workflow.
    pub workflow: String,
    /// How it stands.
    pub status: String,
    /// When it was started.
    pub created_at: i64,
    /// When it last changed its status.
    pub updated_at: i64,
    /// Its input.
    pub input: Value,
    /// What it has returned.
    pub output: Option<Value>,
}

impl SessionsReport {
    /// A page of the sessions this filter lists, and whether there is another: of 8 MiB about, however many it may have.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn of(app: &App, filter: &SessionFilter) -> Result<Self, StoreError> {
        let (mut sessions, mut room) = (Vec::new(), Room::of(filter.limit));
        let mut filter = filter.clone();
        loop {
            filter.limit = room.chunk();
            let records = app.sessions(&filter).await?;
            for record in &records {
                if !room.takes(record.id.len() + record.state.len()) {
                    return Ok(SessionsReport { sessions, next: filter.after.map(|(at, id)| cursor(at, &id)) });
                }
                sessions.push(SessionLine::of(record));
                filter.after = Some((record.updated_at, record.id.clone()));
            }
            if records.len() < filter.limit as usize {
                return Ok(SessionsReport { sessions, next: None });
            }
        }
    }
}

impl SessionLine {
    /// The line of a stored session.
    pub fn of(record: &SessionRecord) -> Self {
        let SessionRecord { id, name, user, state, version, created_at, updated_at } = record.clone();
        SessionLine { id, name, user, version, created_at, updated_at, state: stored(&state) }
    }
}

impl SessionReport {
    /// A session with so many of its last runs, `None` if there is none of this id.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn of(app: &App, id: &str, runs: u32) -> Result<Option<Self>, StoreError> {
        let Some(record) = app.session(id).record().await? else { return Ok(None) };
        let runs = app.runs(&RunFilter::new().session(id).limit(runs.max(1))).await?;
        Ok(Some(SessionReport { session: SessionLine::of(&record), runs: runs.iter().map(SessionRun::of).collect() }))
    }
}

impl SessionRunsReport {
    /// A page of the runs this filter lists, and whether there is another: of 8 MiB about, however many it may have.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn of(app: &App, filter: &RunFilter) -> Result<Self, StoreError> {
        let (runs, next) = page(app, filter, SessionRun::of).await?;
        Ok(SessionRunsReport { runs, next })
    }
}

impl SessionRun {
    /// A stored run of a session.
    pub fn of(record: &RunRecord) -> Self {
        SessionRun {
            run: record.run.id.clone(),
            workflow: record.run.workflow.clone(),
            status: record.status.as_str().to_owned(),
            created_at: record.run.created_at,
            updated_at: record.updated_at,
            input: stored(&record.run.input),
            output: record.output.as_deref().map(stored),
        }
    }
}
