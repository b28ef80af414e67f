//! The workflows of an App, by id: what is left of a workflow when its types are forgotten.

use std::{any::TypeId, future::Future, marker::PhantomData, pin::Pin, sync::Arc};

use serde_json::Value;

use super::{
    body::{code_of, reloads},
    drive::{Job, Left, drive},
};
use crate::{
    Graph, JsonError, Workflow,
    error::Refusal,
    machine::{CallMeta, Code, Cx, Frame, Halt, RunState},
};

/// A registered workflow.
pub(crate) trait Registered: Send + Sync {
    fn workflow_type(&self) -> TypeId;
    fn name(&self) -> &'static str;
    fn doc(&self) -> &'static str;
    fn graph(&self) -> Graph;
    fn code(&self) -> Code;
    /// Whether a step may be tried again.
    fn reloads(&self) -> bool;
    fn input_schema(&self) -> Value;
    /// Checks an input and gives it the form in which it is stored.
    fn check_input(&self, text: &str) -> Result<String, JsonError>;
    /// The steps and pauses of the workflow and of those below it.
    fn calls(&self) -> Vec<&'static CallMeta>;
    /// Checks that this program can take a run up where its root frame stands. Changes nothing.
    fn check_state(&self, state: RunState, input: &str) -> Result<(), Refusal>;
    /// Drives a run until it ends or waits.
    fn drive<'a>(&'a self, job: &'a Job) -> Pin<Box<dyn Future<Output = Left> + Send + 'a>>;
}

/// A workflow with its dependencies.
pub(crate) struct Entry<W: Workflow> {
    pub(crate) deps: Arc<W::Deps>,
    pub(crate) workflow: PhantomData<fn() -> W>,
}

impl<W: Workflow> Registered for Entry<W> {
    fn workflow_type(&self) -> TypeId {
        TypeId::of::<W>()
    }

    fn name(&self) -> &'static str {
        W::NAME
    }

    fn doc(&self) -> &'static str {
        W::DOC
    }

    fn graph(&self) -> Graph {
        W::GRAPH
    }

    fn code(&self) -> Code {
        code_of::<W>()
    }

    fn reloads(&self) -> bool {
        reloads::<W>()
    }

    fn input_schema(&self) -> Value {
        W::input_schema()
    }

    fn check_input(&self, text: &str) -> Result<String, JsonError> {
        let input = W::input_from_json(text)?;
        W::input_to_json(&input).map_err(|error| JsonError::new("", error.to_string()))
    }

    fn calls(&self) -> Vec<&'static CallMeta> {
        W::MACHINE.calls.with_children()
    }

    fn check_state(&self, state: RunState, input: &str) -> Result<(), Refusal> {
        state.check_points()?;
        let state = Arc::new(state);
        let cx = Cx::root(state.clone());
        let start = || W::input_from_json(input).map(Frame::start).map_err(|error| Refusal::Input { error });
        let frame = cx.begin(cx.take_stored(), start)?;
        // Dispatching reads the bindings; the block itself is dropped before it runs.
        drop(W::MACHINE.dispatch.dispatch(&cx, W::refs(&self.deps), frame));
        match state.take_halt() {
            Some(Halt::Refused(refusal)) => Err(refusal),
            _ => Ok(()),
        }
    }

    fn drive<'a>(&'a self, job: &'a Job) -> Pin<Box<dyn Future<Output = Left> + Send + 'a>> {
        Box::pin(drive::<W>(job, W::refs(&self.deps)))
    }
}
