//! What `--json` prints, and what people read instead: one value for both.
//!
//! Each type here is the output of a command with `--json`; its JSON Schema is [`schema_of`] it. What is shown of runs, workflows
//! and sessions are the types of [`flow_report`], the same as those of the server; where a command line has more to say, the
//! commands that answer a question for instance, it stands beside. Times are milliseconds since the Unix epoch, ids are whole,
//! and what is JSON in a run is JSON here.

mod definitions;
mod events;
mod graph;
mod list;
mod outcome;
mod pauses;
mod problem;
mod runs;
mod sessions;
mod show;
mod simple;

use std::process::ExitCode;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

pub use definitions::SchemaReport;
pub use flow_report::{
    AllowedReport, AttemptReport, BindingReport, DefinitionReport, DefinitionsReport, DiffReport, EventReport,
    FailureReport, FrameReport, QuestionReport, RunLine, RunsReport, SessionLine, SessionReport, SessionRun,
    SessionsReport, UndoneReport, WorkflowReport, WorkflowsReport,
};
pub use graph::GraphReport;
pub use list::ListReport;
pub use outcome::RunReport;
pub use pauses::{PauseReport, Way};
pub use problem::{ErrorReport, Problem};
pub(crate) use runs::runs_text;
pub(crate) use sessions::sessions_text;
pub use show::ShowReport;
pub(crate) use show::show_text;
pub use simple::{PruneReport, RecoverReport, WorkerReport};

use crate::output;

/// What a command has to say.
pub(crate) trait Report: Serialize + JsonSchema {
    /// For people.
    fn text(&self) -> String;

    /// 0 if all went well.
    fn exit_code(&self) -> u8 {
        0
    }

    /// Whether it tells of an error rather than of a result.
    fn is_error(&self) -> bool {
        false
    }
}

/// What a command has said, ready to be printed.
pub(crate) struct Said {
    text: String,
    json: String,
    code: u8,
    is_error: bool,
}

impl<R: Report> From<R> for Said {
    fn from(report: R) -> Self {
        Said { text: report.text(), json: json(&report), code: report.exit_code(), is_error: report.is_error() }
    }
}

impl Said {
    /// A report whose text needs more than what is in it.
    pub(crate) fn with(report: &impl Serialize, text: String) -> Self {
        Said { text, json: json(report), code: 0, is_error: false }
    }

    /// Nothing more than what was printed before.
    pub(crate) fn nothing() -> Self {
        Said { text: String::new(), json: String::new(), code: 0, is_error: false }
    }

    /// A text that is the same with `--json`.
    pub(crate) fn plain(text: String) -> Self {
        Said { json: text.clone(), text, code: 0, is_error: false }
    }

    /// Prints it: what went wrong to stderr, unless a script reads it.
    pub(crate) fn print(&self, json: bool) -> ExitCode {
        match (json, self.is_error) {
            (true, _) => output::out(&self.json),
            (false, true) => output::err(&self.text),
            (false, false) => output::out(&self.text),
        }
        ExitCode::from(self.code)
    }
}

/// The JSON Schema of what a command prints: `schema_of::<RunReport>()`.
pub fn schema_of<R: JsonSchema>() -> Value {
    let settings = schemars::generate::SchemaSettings::default().for_serialize();
    settings.into_generator().into_root_schema_for::<R>().to_value()
}

/// JSON for scripts, indented for the people who write them.
pub(crate) fn json(value: &impl Serialize) -> String {
    // Structs of texts and JSON always have a JSON form.
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}
