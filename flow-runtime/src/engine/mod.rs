//! Drives machines: in place, or as runs of an [`App`] that are stored, can be left and taken up again.

mod answer;
mod app;
mod body;
mod direct;
mod drive;
mod driver;
mod handle;
mod registry;
mod run;
mod start;

pub use answer::AnswerRun;
pub use app::{App, AppBuilder, WorkflowInfo};
pub(crate) use direct::run_here;
pub use run::{AnyRun, Outcome, Run};
pub use start::StartRun;
