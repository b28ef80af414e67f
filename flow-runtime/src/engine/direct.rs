//! The shortest form of a run: in memory, in place, kept nowhere.

use std::sync::Arc;

use super::{
    body::{Event, caught, code_of, failure_of, has_context, next_event, reloads, run_body},
    drive::{Job, Left, drive},
};
use crate::{
    Memory, RunError, Workflow,
    clock::now_ms,
    error::Refusal,
    json,
    machine::{Cx, Halt, RunState},
    store::{Beginning, Created, NewRun, Store, StoreError},
};

/// Runs a workflow in place.
pub(crate) async fn run_here<W: Workflow>(deps: &W::Deps, input: W::Input) -> Result<W::Output, RunError> {
    run_refs_here::<W>(W::refs(deps), input).await
}

/// Runs a workflow in place.
pub(crate) async fn run_refs_here<W: Workflow>(refs: W::Refs<'_>, input: W::Input) -> Result<W::Output, RunError> {
    match reloads::<W>() || has_context::<W>() {
        // Boxed, because the future would be many times as large with it, and is moved more than once before it runs.
        true => Box::pin(caught(kept::<W>(refs, input))).await?,
        false => caught(light::<W>(refs, input)).await?,
    }
}

fn refused<W: Workflow>(reason: Refusal) -> RunError {
    RunError::Refused { run: String::new(), workflow: W::ID.to_owned(), reason: Box::new(reason), changed: None }
}

/// Nothing is written down at all.
async fn light<W: Workflow>(refs: W::Refs<'_>, input: W::Input) -> Result<W::Output, RunError> {
    let state = Arc::new(RunState::volatile(code_of::<W>()));
    let cx = Cx::root(state.clone());
    let mut input = Some(input);
    // Without steps that are tried again nobody begins twice.
    let start = move || input.take().ok_or_else(|| Refusal::no_pause("", "start"));
    let mut body = run_body::<W>(&cx, W::shorter(refs), Box::new(start)).map_err(refused::<W>)?;
    match next_event::<W>(&state, &mut body).await {
        Event::Returned(Ok(output)) => Ok(output),
        Event::Returned(Err(error)) => Err(failure_of::<W>(&state, error).into()),
        Event::Halted(Halt::Failed(failure)) => Err(failure.into()),
        Event::Halted(Halt::Store(error)) => Err(error.into()),
        Event::Halted(Halt::Refused(reason)) => Err(refused::<W>(reason)),
        Event::Halted(Halt::Cancelled | Halt::Stopped | Halt::Undone(_)) => {
            Err(RunError::Cancelled { run: String::new() })
        }
        Event::Quiet => Err(RunError::Paused(state.open_pauses().into_iter().map(Into::into).collect())),
    }
}

/// Steps may be tried again, so frames are written down, in memory.
async fn kept<W: Workflow>(refs: W::Refs<'_>, input: W::Input) -> Result<W::Output, RunError> {
    let input = W::input_to_json(&input)
        .map_err(|error| RunError::Input { workflow: W::ID.to_owned(), source: error.into() })?;
    let run = NewRun {
        id: uuid::Uuid::now_v7().to_string(),
        workflow: W::ID.to_owned(),
        input,
        created_at: now_ms(),
        ..NewRun::default()
    };
    let store: Arc<dyn Store> = Arc::new(Memory::new());
    let Created::Created(fence) = store.create(&run, &Beginning::default()).await? else {
        return Err(StoreError::AlreadyExists { run: run.id }.into());
    };
    let state = RunState::new(run.id.clone(), code_of::<W>(), Some((store.clone(), fence)), Vec::new(), Vec::new());
    let state = Arc::new(state.with_reloads(reloads::<W>()).with_run(&run));
    let left = drive::<W>(&Job { state: state.clone(), input: run.input, deadline: None, undoing: None }, refs).await;
    match left {
        Left::Ended(Some(failure)) => Err(failure.into()),
        Left::Ended(None) => {
            let record = store.find(&run.id).await?;
            let output = record.and_then(|record| record.output).unwrap_or_default();
            json::decode(&output).map_err(|source| RunError::Output { run: run.id, source })
        }
        Left::Parked(_) => Err(RunError::Paused(state.open_pauses().into_iter().map(Into::into).collect())),
        Left::Cancelled | Left::Stopped => Err(RunError::Cancelled { run: run.id }),
        Left::Store(error) => Err(error.into()),
        Left::Refused(reason) => Err(refused::<W>(reason)),
    }
}
