//! Questions: those of a run and what became of them, and those that wait anywhere.

use flow_runtime::{
    Allowed, App, AskedPause, OpenPause, PauseState, StoreError,
    store::{RunFilter, RunStatus},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{cursor, pages::Room, runs::size};

/// A question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PauseReport {
    /// Unique in its run: `approve-2`.
    pub id: String,
    /// What kind of question it is: `approve`.
    pub name: String,
    /// Where it was asked: empty for the workflow's body, `parallel.1` for the second branch of its fork.
    pub path: String,
    /// How it stands: `open`, `answered`, `timed_out`, `withdrawn`.
    pub state: String,
    /// The question in words.
    pub question: String,
    /// What it is about.
    pub prompt: Value,
    /// JSON Schema of the answer.
    pub schema: Value,
    /// When it was asked.
    pub asked_at: i64,
    /// By when it has to be answered.
    pub deadline: Option<i64>,
    /// Who may answer.
    pub allowed: AllowedReport,
    /// How often the same was asked before.
    pub asked_before: u32,
    /// How often somebody was reminded of it.
    pub reminded: u32,
    /// The answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Value>,
    /// Who gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What they said with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// When it was answered, timed out or was withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<i64>,
}

/// Who may answer: these users and everybody with one of these roles, or anyone if neither is named; but none of `except`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AllowedReport {
    /// These users.
    pub users: Vec<String>,
    /// Everybody with one of these roles.
    pub roles: Vec<String>,
    /// None of these.
    pub except: Vec<String>,
}

impl From<&Allowed> for AllowedReport {
    fn from(allowed: &Allowed) -> Self {
        let Allowed { users, roles, except } = allowed;
        AllowedReport { users: users.clone(), roles: roles.clone(), except: except.clone() }
    }
}

impl From<&AllowedReport> for Allowed {
    fn from(report: &AllowedReport) -> Self {
        let AllowedReport { users, roles, except } = report;
        Allowed { users: users.clone(), roles: roles.clone(), except: except.clone() }
    }
}

impl PauseReport {
    /// A question that waits.
    pub fn open(pause: &OpenPause) -> Self {
        PauseReport {
            id: pause.id().to_owned(),
            name: pause.name().to_owned(),
            path: pause.path().to_owned(),
            state: "open".to_owned(),
            question: pause.question().to_owned(),
            prompt: pause.prompt().clone(),
            schema: pause.schema().clone(),
            asked_at: pause.asked_at(),
            deadline: pause.deadline(),
            allowed: pause.allowed().into(),
            asked_before: pause.asked_before(),
            reminded: 0,
            answer: None,
            by: None,
            comment: None,
            settled_at: None,
        }
    }

    /// A question, and what became of it.
    pub fn of(asked: &AskedPause) -> Self {
        let mut report = PauseReport { reminded: asked.reminded(), ..Self::open(asked.pause()) };
        match asked.state() {
            PauseState::Answered(answered) => {
                report.state = "answered".to_owned();
                report.answer = Some(answered.answer.clone());
                report.by.clone_from(&answered.by);
                report.comment.clone_from(&answered.comment);
                report.settled_at = Some(answered.at);
            }
            PauseState::TimedOut { at } => (report.state, report.settled_at) = ("timed_out".to_owned(), Some(*at)),
            PauseState::Withdrawn { at } => (report.state, report.settled_at) = ("withdrawn".to_owned(), *at),
            _ => {}
        }
        report
    }
}

/// All questions of a run, in the order in which they were asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PausesReport {
    /// The questions.
    pub pauses: Vec<PauseReport>,
}

impl PausesReport {
    /// Those of this run.
    ///
    /// # Errors
    /// [`StoreError::UnknownRun`], and the store's others.
    pub async fn of(app: &App, run: &str) -> Result<Self, StoreError> {
        Ok(PausesReport { pauses: app.asked(run).await?.iter().map(PauseReport::of).collect() })
    }
}

/// Which questions that wait to list.
#[derive(Debug, Clone, Default)]
pub struct WaitingFilter {
    /// Only those of runs of this workflow.
    pub workflow: Option<String>,
    /// Only those this user may answer.
    pub user: Option<String>,
    /// Only those somebody with one of these roles may answer; with `user`, that user with these roles.
    pub roles: Vec<String>,
    /// Where the page before ended.
    pub after: Option<(i64, String)>,
    /// About how many: a run's questions are never parted.
    pub limit: u32,
}

/// A page of questions that wait, those of the newest runs first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WaitingsReport {
    /// The questions.
    pub pauses: Vec<WaitingReport>,
    /// Where the next page begins, if there may be one. There may be even if nothing is on this page.
    pub next: Option<String>,
}

/// A question that waits, and whose it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WaitingReport {
    /// Id of the run.
    pub run: String,
    /// Id of its workflow.
    pub workflow: String,
    /// The run's session.
    pub session: Option<String>,
    /// On whose behalf it runs.
    pub user: Option<String>,
    /// The question.
    #[serde(flatten)]
    pub pause: PauseReport,
}

/// How many runs are looked at for a page, whatever is found.
const LOOKED_AT: u32 = 1_000;

impl WaitingsReport {
    /// A page of the questions this filter lists. It ends where it has enough of them, where it has become large, and where many
    /// runs were looked at: there may be nothing on it and more on the next.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn of(app: &App, filter: &WaitingFilter) -> Result<Self, StoreError> {
        let (mut pauses, mut runs_left) = (Vec::new(), Room::of(LOOKED_AT));
        let mut room = Room::of(filter.limit);
        let mut runs = RunFilter::new().status(RunStatus::Paused).status(RunStatus::Running);
        runs.workflow.clone_from(&filter.workflow);
        runs.after.clone_from(&filter.after);
        loop {
            runs.limit = runs_left.chunk();
            let page = app.runs(&runs).await?;
            for record in &page {
                if room.is_full() || !runs_left.takes(size(record)) {
                    return Ok(WaitingsReport { pauses, next: runs.after.map(|(at, id)| cursor(at, &id)) });
                }
                runs.after = Some((record.run.created_at, record.run.id.clone()));
                // A run may be gone since it was listed.
                let open = match app.open_pauses(record).await {
                    Err(StoreError::UnknownRun { .. }) => continue,
                    open => open?,
                };
                for pause in open.iter().filter(|pause| filter.lets(pause.allowed())) {
                    // The questions of a run are never parted.
                    let _ = room.takes(pause.prompt().to_string().len());
                    pauses.push(WaitingReport {
                        run: record.run.id.clone(),
                        workflow: record.run.workflow.clone(),
                        session: record.run.session.clone(),
                        user: record.run.user.clone(),
                        pause: PauseReport::open(pause),
                    });
                }
            }
            if page.len() < runs.limit as usize {
                return Ok(WaitingsReport { pauses, next: None });
            }
        }
    }
}

impl WaitingFilter {
    /// Whether it lists a question that these may answer.
    fn lets(&self, allowed: &Allowed) -> bool {
        match (&self.user, &self.roles[..]) {
            (None, []) => true,
            (Some(user), roles) => allowed.is_anyone() || allowed.lets(Some(user), roles),
            (None, roles) => {
                let open_to_all = allowed.users.is_empty() && allowed.roles.is_empty();
                open_to_all || allowed.roles.iter().any(|role| roles.contains(role))
            }
        }
    }
}
