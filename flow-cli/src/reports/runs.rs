//! `runs`.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::Report;
use crate::output::{BOLD, DIM, MARK, Table, ago, in_words, paint, short, status, text};

/// `runs`: a page of runs, the newest first.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RunsReport {
    /// The runs.
    pub runs: Vec<RunLine>,
    /// What `--after` has to be for the next page, if there is one.
    pub next: Option<String>,
    #[serde(skip)]
    pub(crate) next_command: Option<String>,
    #[serde(skip)]
    pub(crate) store: String,
}

/// A run in a list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
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

impl Report for RunsReport {
    fn text(&self) -> String {
        if self.runs.is_empty() {
            return format!("No runs like that in {}.\n", self.store);
        }
        let mut table = Table::new(&["RUN", "WORKFLOW", "STATUS", "STARTED", "TOOK", "USER", "INPUT"]);
        for run in &self.runs {
            let ended = ["completed", "failed", "cancelled"].contains(&run.status.as_str());
            let took = if ended { in_words(run.updated_at - run.created_at) } else { String::new() };
            let input = text::shorten(&in_short(&run.input), 48);
            let plain = anstyle::Style::new();
            table.row([
                (BOLD, short(&run.run).to_owned()),
                (plain, run.workflow.clone()),
                (status(&run.status), run.status.clone()),
                (plain, ago(run.created_at)),
                (DIM, took),
                (plain, run.user.clone().unwrap_or_default()),
                (DIM, input),
            ]);
        }
        let more = self.next_command.as_ref().map(|next| format!("\nMore: {}\n", paint(MARK, next)));
        format!("{table}{}", more.unwrap_or_default())
    }
}

/// A value on one line.
pub(crate) fn in_short(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| match value {
                Value::Object(_) | Value::Array(_) => format!("{name}: …"),
                value => format!("{name}: {}", crate::form::label(value)),
            };
            fields.iter().map(field).collect::<Vec<_>>().join(", ").replace('\n', " ")
        }
        value => crate::form::label(value).replace('\n', " "),
    }
}
