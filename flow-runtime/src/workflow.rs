//! What a workflow is to the rest of the crate.

use std::future::Future;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{Definition, Graph, JsonError, RunError, machine::Machine};

/// What a workflow must be able to do with the bindings it keeps: write them down and read them back.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be saved in a workflow's state",
    label = "this value must survive a restart, so it has to be saved",
    note = "a saved type implements `serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static`"
)]
pub trait Saved: Serialize + DeserializeOwned + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Saved for T {}

/// A workflow, made by `workflow! { … }`: the type of the function's name in PascalCase.
pub trait Workflow: Sized + 'static {
    /// Id of the workflow: the function's name with hyphens, `content-creation`.
    const ID: &'static str;
    /// Name of the workflow: the function's name, `content_creation`.
    const NAME: &'static str;
    /// The function's doc comment.
    const DOC: &'static str;
    /// What the workflow does, as nodes and edges.
    const GRAPH: Graph;
    /// The compiled workflow.
    #[doc(hidden)]
    const MACHINE: Machine<Self>;

    /// Whether it has a [`Context`](crate::Context), so that it needs a run that is kept, at least in memory.
    #[doc(hidden)]
    const HAS_CONTEXT: bool = false;

    /// What the workflow's reference parameters point to: nothing, `()`; one, its type; several, a tuple of their types.
    type Deps: ?Sized + Send + Sync + 'static;
    /// The reference parameters themselves.
    type Refs<'d>: Copy + Send + Sync;
    /// The workflow's by-value parameters: none, `()`; one, its type; several, a tuple of their types.
    type Input: Send + 'static;
    /// What the workflow returns when it succeeds.
    type Output: Saved;
    /// What the workflow returns when it fails.
    type Error: Send + Sync + 'static;

    /// The reference parameters of given dependencies.
    #[doc(hidden)]
    fn refs(deps: &Self::Deps) -> Self::Refs<'_>;

    /// The same reference parameters for a shorter time.
    #[doc(hidden)]
    fn shorter<'short, 'long: 'short>(refs: Self::Refs<'long>) -> Self::Refs<'short>;

    /// What the workflow is, as plain data under its own id.
    fn definition() -> Definition {
        Definition::of::<Self>()
    }

    /// JSON Schema of the input. One by-value parameter is described as itself, several as an object keyed by their names.
    fn input_schema() -> Value;

    /// The input as JSON, of the shape [`input_schema`](Self::input_schema) describes.
    ///
    /// # Errors
    /// When a value has no JSON form, a map whose keys are structs for instance.
    fn input_to_json(input: &Self::Input) -> Result<String, serde_json::Error>;

    /// The input of a JSON text.
    ///
    /// # Errors
    /// Which field does not fit, and what was expected there.
    fn input_from_json(text: &str) -> Result<Self::Input, JsonError>;

    /// The text of an error and of its sources, the outermost first.
    #[doc(hidden)]
    fn describe_error(error: &Self::Error) -> Vec<String>;

    /// Runs the workflow here and now, in memory, without an [`App`](crate::App): the shortest form.
    ///
    /// Takes the dependencies and the input, and returns the output.
    ///
    /// # Errors
    /// [`RunError::Failed`] with the workflow's own error, or with the text of a panic; [`RunError::Paused`] if it asks
    /// somebody, because nobody can answer here.
    fn run(deps: &Self::Deps, input: Self::Input) -> impl Future<Output = Result<Self::Output, RunError>> + Send {
        crate::engine::run_here::<Self>(deps, input)
    }
}
