//! Drives machines: in place, or as runs of an [`App`] that are stored, can be left and taken up again.

mod app;
mod direct;
mod drive;
mod registry;
mod run;

pub use app::{App, AppBuilder, StartRun, WorkflowInfo};
pub(crate) use direct::run_here;
pub use run::{AnswerRun, AnyRun, Outcome, Run};
