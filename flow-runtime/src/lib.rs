//! Workflows as ordinary `async fn`s: every `.await` is a checkpoint, a run can wait for a person, and goes on in another
//! process.

extern crate self as flow_runtime;

mod clock;
mod engine;
mod error;
mod graph;
mod json;
mod lock;
#[doc(hidden)]
pub mod machine;
mod pause;
mod policy;
pub mod prelude;
pub mod store;
mod workflow;

pub use engine::{AnswerRun, AnyRun, App, AppBuilder, Outcome, Run, StartRun, WorkflowInfo};
pub use error::{AnswerError, BuildError, Failure, Refusal, RunError};
pub use flow_macros::{pause, step, workflow, workflow_fn};
pub use graph::{Edge, Graph, Node, NodeKind};
pub use json::JsonError;
pub use machine::Step;
pub use machine::{attempt, idempotency_key};
pub use pause::{Ask, OpenPause, Pause, pause};
pub use policy::{CheckedAnswer, Policy, Recovery, TimedOut, Unknown};
#[cfg(feature = "sqlite")]
pub use store::Sqlite;
pub use store::{Memory, Store, StoreError};
pub use workflow::{Saved, Workflow};

/// Runs branches side by side: `let (a, b) = parallel!(left(&x), async { … })?;`.
///
/// Inside `workflow!` each branch has a frame of its own and is saved on its own, so one may wait for a person while the
/// others go on or are done. A branch is the call of a step, without `.await`, or an `async` block that returns a `Result`;
/// `?` in it converts to the workflow's error. Branches see `Copy` bindings by value, all others by reference. The result is
/// a tuple of the branches' results in their order, or the first error, which drops the other branches.
///
/// `workflow!` replaces this macro; what it expands to elsewhere only tells editors the types.
#[macro_export]
macro_rules! parallel {
    // Any tokens, so that editors complete half-typed branches.
    ($($branches:tt)*) => {
        $crate::machine::parallel_face(($($branches)*))
    };
}

/// What editors see of a macro's result, see `faces.rs` in flow-macros.
#[doc(hidden)]
#[macro_export]
macro_rules! editor_face {
    ({ $($editor:tt)* } $compiler:tt) => { $($editor)* };
}

/// What the compiler sees of a macro's result.
#[doc(hidden)]
#[macro_export]
macro_rules! compiler_face {
    ($editor:tt { $($compiler:tt)* }) => { $($compiler)* };
}

/// The programs in the README and in the guides compile.
#[cfg(all(doctest, feature = "sqlite"))]
mod guides {
    #[doc = include_str!("../../README.md")]
    struct Readme;
    #[doc = include_str!("../../docs/language.md")]
    struct Language;
    #[doc = include_str!("../../docs/runs.md")]
    struct Runs;
}
