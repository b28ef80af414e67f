//! What is shown of runs, workflows, questions and sessions: plain data, for command lines and servers.
//!
//! Each type is the JSON of one thing, and its JSON Schema is that of [`schemars`]. Times are milliseconds since the Unix epoch,
//! ids are whole, and what is JSON in a run is JSON here. Most are read by their `of`, from an [`App`](flow_runtime::App) and
//! without taking a run up; runs of workflows that the program does not have are shown as well.
//!
//! ```
//! use flow_report::{RunsReport, ShowReport};
//! use flow_runtime::{prelude::*, store::RunFilter};
//!
//! #[step]
//! async fn greet(name: &str) -> Result<String, std::fmt::Error> {
//!     Ok(format!("Hello, {name}"))
//! }
//!
//! workflow! {
//!     /// Says hello.
//!     async fn hello(name: String) -> Result<String, std::fmt::Error> {
//!         greet(&name).await
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let app = App::builder().register::<Hello>(()).build()?;
//! app.start::<Hello>("Ann".to_owned()).await?.wait().await?;
//! let page = RunsReport::of(&app, &RunFilter::new()).await?;
//! let run = ShowReport::of(&app, &page.runs[0].run).await?;
//! assert_eq!((run.status.as_str(), run.attempts[0].step.as_str()), ("completed", "greet"));
//! # Ok(())
//! # }
//! ```

mod definitions;
mod events;
mod pages;
mod pauses;
mod runs;
mod sessions;
mod show;
mod stats;
mod workflows;

use serde_json::Value;

pub use definitions::{DefinitionReport, DefinitionsReport, DiffReport, find_version};
pub use events::{EventReport, EventsReport};
pub use pauses::{AllowedReport, PauseReport, PausesReport, WaitingFilter, WaitingReport, WaitingsReport};
pub use runs::{RunLine, RunReport, RunsReport, UndoneReport};
pub use sessions::{SessionLine, SessionReport, SessionRun, SessionRunsReport, SessionsReport};
pub use show::{
    AttemptReport, BindingReport, CheckpointReport, CheckpointsReport, FailureReport, FrameReport, FramesReport,
    ShowReport, StepsReport,
};
pub use stats::{CountReport, StatsReport};
pub use workflows::{QuestionReport, WorkflowReport, WorkflowsReport};

/// A value of a JSON text as it is stored. What cannot be read is shown as it is.
pub(crate) fn stored(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}

/// Where a page ended, as text: a time and an id.
pub(crate) fn cursor(at: i64, id: &str) -> String {
    format!("{at}.{id}")
}

/// The place a cursor of an earlier page names, `None` if it is none.
///
/// ```
/// assert_eq!(flow_report::place_of("17.abc"), Some((17, "abc".to_owned())));
/// assert_eq!(flow_report::place_of("abc"), None);
/// ```
pub fn place_of(cursor: &str) -> Option<(i64, String)> {
    let (at, id) = cursor.split_once('.')?;
    Some((at.parse().ok()?, id.to_owned()))
}
