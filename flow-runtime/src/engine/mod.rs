//! Drives machines: in place, or as runs of an [`App`] that are stored, can be left and taken up again.

mod answer;
mod app;
mod body;
mod control;
mod definitions;
mod direct;
mod drive;
mod driver;
mod events;
mod handle;
mod limits;
mod listen;
mod per_run;
mod positions;
mod queries;
mod recover;
mod registry;
mod retention;
mod run;
mod sessions;
mod shutdown;
mod start;
mod timers;
mod undo;

pub use answer::AnswerRun;
pub use app::{App, AppBuilder, WorkflowInfo};
pub use control::ForkRun;
pub use definitions::{DefinitionError, LoadedWorkflow, SavedDefinition};
pub(crate) use direct::{run_here, run_refs_here};
pub use events::EventStream;
pub use positions::{Doing, Position, Tried};
pub use retention::Retention;
pub use run::{AnyRun, Outcome, Run};
pub use sessions::{Merge, Session};
pub use shutdown::Shutdown;
pub use start::StartRun;
