//! What `--json` prints, and what people read instead: one value for both.
//!
//! Each type here is the output of a command with `--json`; its JSON Schema is [`schema_of`] it. Times are milliseconds since
//! the Unix epoch, ids are whole, and what is JSON in a run is JSON here.

mod definitions;
mod events;
mod graph;
mod list;
mod outcome;
mod problem;
mod runs;
mod sessions;
mod show;
mod simple;

use std::process::ExitCode;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

pub(crate) use definitions::changes;
pub use definitions::{DefinitionReport, DefinitionsReport, DiffReport, SchemaReport};
pub use events::EventReport;
pub use graph::GraphReport;
pub use list::{ListReport, WorkflowReport};
pub use outcome::{RunReport, UndoneReport};
pub use problem::{ErrorReport, Problem};
pub use runs::{RunLine, RunsReport};
pub use sessions::{SessionLine, SessionReport, SessionRun, SessionsReport};
pub use show::{AllowedReport, AttemptReport, BindingReport, FailureReport, FrameReport, PauseReport, ShowReport, Way};
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

/// A value of a JSON text as it is stored. What cannot be read is shown as it is.
pub(crate) fn stored(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}
