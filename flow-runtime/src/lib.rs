//! Workflows as ordinary `async fn`s: every `.await` is a checkpoint, a run can wait for a person, and goes on in another
//! process.

extern crate self as flow_runtime;

mod clock;
mod context;
mod definition;
mod engine;
mod error;
mod event;
mod gate;
mod graph;
mod json;
mod lock;
#[doc(hidden)]
pub mod machine;
mod observe;
mod pause;
mod policy;
pub mod prelude;
mod sleep;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod workflow;

pub use context::{Context, ContextSession, PastRun, SessionError};
pub use definition::{Definition, DefinitionDiff, PauseDefinition, PointDefinition, StepDefinition};
pub use engine::{
    AnswerRun, AnyRun, App, AppBuilder, DefinitionError, Doing, EventStream, ForkRun, LoadedWorkflow, Merge, Outcome,
    Position, Retention, Run, SavedDefinition, Session, Shutdown, StartRun, Tried, WorkflowInfo,
};
pub use error::{AnswerError, BuildError, ControlError, Failure, Refusal, RunError};
pub use event::{Event, EventKind, Events};
pub use flow_macros::{pause, step, workflow, workflow_fn};
pub use graph::{Edge, Graph, Node, NodeKind};
pub use json::JsonError;
pub use machine::{Child, Step, attempt, idempotency_key, transaction};
pub use pause::{
    Allowed, Answerable, Answered, Ask, AskedPause, Choose, ChooseMany, Confirm, Confirmation, Form, InTime, Names,
    OpenPause, Pause, PauseState, Plain, Reply, Review, ReviewOf, Reviewable, Told, ToldInTime, ask, choose,
    choose_many, confirm, pause, review,
};
#[cfg(feature = "garde")]
pub use pause::{ValidForm, Validated, ask_valid};
pub use policy::{CheckedAnswer, Never, Policy, Recovery, TimedOut, Unknown};
#[cfg(feature = "sqlite")]
pub use rusqlite;
pub use sleep::{Sleep, sleep, sleep_until};
pub use store::{Memory, Store, StoreError};
#[cfg(feature = "sqlite")]
pub use store::{Sqlite, SqliteTx};
pub use workflow::{Saved, Workflow};

/// Runs branches side by side: `let (a, b) = parallel!(left(&x), async { … })?;`, or the same code for every item of a list:
/// `let pages = parallel!(for url in urls { fetch(&url).await }, limit = 8)?;`.
///
/// Inside `workflow!` each branch and each item has a frame of its own and is saved on its own, so one may wait for a person
/// while the others go on or are done. A branch is the call of a step or workflow, without `.await`, or an `async` block that
/// returns a `Result`; `?` in it converts to the workflow's error. Branches see `Copy` bindings by value, all others by
/// reference. The result is a tuple of the branches' results, or a `Vec` of the items', in their order, or the first error,
/// which drops all others. Of the items at most `limit` run at once; without it, all.
///
/// `workflow!` replaces this macro; what it expands to elsewhere only tells editors the types.
#[macro_export]
macro_rules! parallel {
    (for $($items:tt)*) => {
        $crate::fan_out_face!(@pattern parallel_each_face [] $($items)*)
    };
    // Any tokens, so that editors complete half-typed branches.
    ($($branches:tt)*) => {
        $crate::machine::parallel_face(($($branches)*))
    };
}

/// As [`parallel!`], but waits for all, and hands back every `Result`: `let (a, b) = settle!(left(&x), right(&x));`, or a `Vec`
/// of them for `settle!(for x in xs { … }, limit = 8)`.
///
/// An error is a result like any other here, so it is saved with the run and needs serde. A branch that is the call of a step
/// keeps the step's own error; in an `async` block `?` converts to the workflow's.
#[macro_export]
macro_rules! settle {
    (for $($items:tt)*) => {
        $crate::fan_out_face!(@pattern settle_each_face [] $($items)*)
    };
    ($($branches:tt)*) => {
        $crate::machine::settle_face(($($branches)*))
    };
}

/// As [`parallel!`], but the first branch to finish is all that counts: `let price = race!(ask_ann(&x), ask_bob(&x))?;`.
///
/// The others are dropped where they wait, and what they had asked somebody is withdrawn. All branches give one type of result;
/// a branch that fails first has won, too.
#[macro_export]
macro_rules! race {
    ($($branches:tt)*) => {
        $crate::machine::race_face(($($branches)*))
    };
}

/// What is wrong with an answer of a `#[pause(validate)]`.
#[cfg(feature = "garde")]
#[doc(hidden)]
#[macro_export]
macro_rules! valid_answer {
    ($type:ty, $answer:expr) => {
        <$type as $crate::Validated>::errors($answer)
    };
}

/// What is wrong with an answer of a `#[pause(validate)]`.
#[cfg(not(feature = "garde"))]
#[doc(hidden)]
#[macro_export]
macro_rules! valid_answer {
    ($type:ty, $answer:expr) => {
        ::core::compile_error!("`#[pause(validate)]` needs the feature `garde` of flow-runtime: add it in Cargo.toml")
    };
}

/// The future of a step.
#[cfg(not(feature = "testing"))]
#[doc(hidden)]
#[macro_export]
macro_rules! replaceable {
    ($name:literal, $output:ty, $work:expr) => {
        $work
    };
}

/// The parts of `for x in xs { … }, limit = 8`, for editors.
#[doc(hidden)]
#[macro_export]
macro_rules! fan_out_face {
    (@pattern $face:ident [$($pattern:tt)*] in $($rest:tt)*) => {
        $crate::fan_out_face!(@list $face [$($pattern)*] [] $($rest)*)
    };
    (@pattern $face:ident [$($pattern:tt)*] $next:tt $($rest:tt)*) => {
        $crate::fan_out_face!(@pattern $face [$($pattern)* $next] $($rest)*)
    };
    (@list $face:ident [$($pattern:tt)*] [$($list:tt)*] { $($body:tt)* }) => {
        $crate::machine::$face($($list)*, |$($pattern)*| async { $($body)* })
    };
    (@list $face:ident [$($pattern:tt)*] [$($list:tt)*] { $($body:tt)* }, $($option:ident = $value:expr)? $(,)?) => {
        $crate::machine::$face($($list)*, |$($pattern)*| async { $(let _: usize = $value;)? $($body)* })
    };
    (@list $face:ident [$($pattern:tt)*] [$($list:tt)*] $next:tt $($rest:tt)*) => {
        $crate::fan_out_face!(@list $face [$($pattern)*] [$($list)* $next] $($rest)*)
    };
}

/// The programs in the README and in the guides compile.
#[cfg(all(doctest, feature = "sqlite"))]
mod guides {
    #[doc = include_str!("../../README.md")]
    struct Readme;
    #[doc = include_str!("../../docs/language.md")]
    struct Language;
    #[doc = include_str!("../../docs/operations.md")]
    struct Operations;
    #[cfg(feature = "testing")]
    #[doc = include_str!("../../docs/testing.md")]
    struct Testing;
    #[doc = include_str!("../../docs/runs.md")]
    struct Runs;
}
