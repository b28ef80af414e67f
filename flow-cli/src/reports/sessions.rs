//! `sessions` and `session`.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::Report;
use crate::output::{BOLD, DIM, Table, ago, at, in_words, paint, short, status, text};

/// `sessions`: a page of sessions, those that were written last first.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SessionsReport {
    /// The sessions.
    pub sessions: Vec<SessionLine>,
}

/// A session in a list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
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

/// `session`: its state and its last runs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SessionReport {
    /// The session.
    #[serde(flatten)]
    pub session: SessionLine,
    /// Its last runs, the newest first.
    pub runs: Vec<SessionRun>,
}

/// A run of a session.
#[derive(Debug, Clone, Serialize, JsonSchema)]
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

impl Report for SessionsReport {
    fn text(&self) -> String {
        if self.sessions.is_empty() {
            return "No sessions yet: `run WORKFLOW --session NAME` makes one.\n".to_owned();
        }
        let mut table = Table::new(&["SESSION", "NAME", "USER", "WRITTEN", "STATE"]);
        let plain = anstyle::Style::new();
        for session in &self.sessions {
            table.row([
                (BOLD, session.id.clone()),
                (plain, session.name.clone().unwrap_or_default()),
                (plain, session.user.clone().unwrap_or_default()),
                (plain, ago(session.updated_at)),
                (DIM, text::shorten(&super::runs::in_short(&session.state), 48)),
            ]);
        }
        table.to_string()
    }
}

impl Report for SessionReport {
    fn text(&self) -> String {
        let SessionLine { id, name, user, version, created_at, updated_at, state } = &self.session;
        let name = name.as_ref().map(|name| format!("  {name}")).unwrap_or_default();
        let user = user.as_ref().map(|user| vec!["  user".to_owned(), user.clone()]);
        let mut facts = vec![
            vec!["  begun".to_owned(), format!("{} ({})", at(*created_at), ago(*created_at))],
            vec!["  written".to_owned(), format!("{version} times, last {}", ago(*updated_at))],
        ];
        facts.extend(user);
        let mut out = format!("{}{name}\n{}", paint(BOLD, id), text::columns(&facts));
        out.push_str(&format!("\n{}\n{}", paint(BOLD, "State"), text::indent(&text::render(state), "  ")));
        if self.runs.is_empty() {
            return out;
        }
        let mut table = Table::new(&["RUN", "WORKFLOW", "STATUS", "STARTED", "TOOK", "INPUT"]);
        let plain = anstyle::Style::new();
        for run in &self.runs {
            table.row([
                (BOLD, short(&run.run).to_owned()),
                (plain, run.workflow.clone()),
                (status(&run.status), run.status.clone()),
                (plain, ago(run.created_at)),
                (DIM, in_words(run.updated_at - run.created_at)),
                (DIM, text::shorten(&super::runs::in_short(&run.input), 48)),
            ]);
        }
        out.push_str(&format!("\n{}\n{}", paint(BOLD, "Runs"), text::indent(&table.to_string(), "  ")));
        out
    }
}
