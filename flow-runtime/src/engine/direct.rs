//! The shortest form of a run: in memory, in place, kept nowhere.

use std::sync::Arc;

use super::body::{Event, caught, failure_of, next_event, run_body};
use crate::{
    RunError, Workflow,
    machine::{Cx, Halt, RunState},
};

/// Runs a workflow in place.
pub(crate) async fn run_here<W: Workflow>(deps: &W::Deps, input: W::Input) -> Result<W::Output, RunError> {
    caught(run::<W>(deps, input)).await?
}

async fn run<W: Workflow>(deps: &W::Deps, input: W::Input) -> Result<W::Output, RunError> {
    let state = Arc::new(RunState::volatile(W::MACHINE.points));
    let cx = Cx::root(state.clone());
    let refused =
        |reason| RunError::Refused { run: String::new(), workflow: W::ID.to_owned(), reason: Box::new(reason) };
    let mut body = run_body::<W>(&cx, deps, Ok(input)).map_err(refused)?;
    match next_event::<W>(&state, &mut body).await {
        Event::Returned(Ok(output)) => Ok(output),
        Event::Returned(Err(error)) => Err(failure_of::<W>(&state, error).into()),
        Event::Halted(Halt::Failed(failure)) => Err(failure.into()),
        Event::Halted(Halt::Store(error)) => Err(error.into()),
        Event::Halted(Halt::Refused(reason)) => Err(refused(reason)),
        Event::Quiet => Err(RunError::Paused(state.open_pauses().into_iter().map(Into::into).collect())),
    }
}
