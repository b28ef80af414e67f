//! The workflows of an App, by id: what is left of a workflow when its types are forgotten.

use std::{
    any::TypeId,
    future::Future,
    marker::PhantomData,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use futures::future::{Either, select};
use serde_json::Value;

use super::drive::{Event, caught, failure_of, next_event, run_body};
use crate::{
    Failure, Graph, JsonError, Workflow,
    error::Refusal,
    machine::{CallMeta, Cx, Halt, PointInfo, RunState},
    store::{Finish, StoreError},
};

/// How soon a driver looks for answers given in other processes while some branch waits and another one works. It looks
/// less and less often: what has waited for an hour can wait a quarter of a minute more.
const FIRST_LOOK: Duration = Duration::from_millis(500);
const SLOWEST_LOOK: Duration = Duration::from_secs(15);

/// How a driver left its run.
#[derive(Debug)]
pub(crate) enum Left {
    /// The run has ended. A failure carries the workflow's own error.
    Ended(Option<Failure>),
    /// The run waits for answers.
    Parked,
    /// The store failed or the run was taken over.
    Store(StoreError),
    /// The run does not fit this program.
    Refused(Refusal),
}

/// A registered workflow.
pub(crate) trait Registered: Send + Sync {
    fn workflow_type(&self) -> TypeId;
    fn name(&self) -> &'static str;
    fn doc(&self) -> &'static str;
    fn graph(&self) -> Graph;
    fn points(&self) -> &'static [PointInfo];
    fn input_schema(&self) -> Value;
    /// Checks an input and gives it the form in which it is stored.
    fn check_input(&self, text: &str) -> Result<String, JsonError>;
    /// The steps and pauses the workflow calls, in program order.
    fn calls(&self) -> Vec<&'static CallMeta>;
    /// Checks that this program can take a run up where its root frame stands. Changes nothing.
    fn check_state(&self, state: RunState, input: &str) -> Result<(), Refusal>;
    /// Drives a run until it ends or waits.
    fn drive(&self, state: Arc<RunState>, input: String) -> Pin<Box<dyn Future<Output = Left> + Send + '_>>;
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

    fn points(&self) -> &'static [PointInfo] {
        W::MACHINE.points
    }

    fn input_schema(&self) -> Value {
        W::input_schema()
    }

    fn check_input(&self, text: &str) -> Result<String, JsonError> {
        let input = W::input_from_json(text)?;
        W::input_to_json(&input).map_err(|error| JsonError::new("", error.to_string()))
    }

    fn calls(&self) -> Vec<&'static CallMeta> {
        W::MACHINE.calls.list()
    }

    fn check_state(&self, state: RunState, input: &str) -> Result<(), Refusal> {
        state.check_points()?;
        let state = Arc::new(state);
        let cx = Cx::root(state.clone());
        match cx.take_stored() {
            None => W::input_from_json(input).map(drop).map_err(|error| Refusal::Input { error })?,
            Some(stored) => {
                let frame = crate::machine::Frame::stored(&cx, stored)?;
                // Dispatching reads the bindings; the block itself is dropped before it runs.
                drop(W::MACHINE.dispatch.dispatch(&cx, W::refs(&self.deps), frame));
            }
        }
        match state.take_halt() {
            Some(Halt::Refused(refusal)) => Err(refusal),
            _ => Ok(()),
        }
    }

    fn drive(&self, state: Arc<RunState>, input: String) -> Pin<Box<dyn Future<Output = Left> + Send + '_>> {
        Box::pin(async move {
            let left = match caught(drive::<W>(&state, &self.deps, &input)).await {
                Ok(left) => left,
                Err(failure) => failed(&state, failure).await,
            };
            // After a failed write somebody else may hold the run; giving a lost claim back is no error.
            if let (Left::Store(_) | Left::Refused(_), Some((store, fence))) = (&left, &state.store) {
                let _ = store.release(&state.id, *fence).await;
            }
            left
        })
    }
}

async fn drive<W: Workflow>(state: &Arc<RunState>, deps: &W::Deps, input: &str) -> Left {
    let cx = Cx::root(state.clone());
    let input = W::input_from_json(input).map_err(|error| Refusal::Input { error });
    let mut body = match run_body::<W>(&cx, deps, input) {
        Ok(body) => body,
        Err(refusal) => return Left::Refused(refusal),
    };
    let mut look = FIRST_LOOK;
    loop {
        let next = match select(pin!(next_event::<W>(state, &mut body)), pin!(tokio::time::sleep(look))).await {
            Either::Left((event, _)) => event,
            Either::Right(_) if !state.is_waiting() => {
                look = FIRST_LOOK;
                continue;
            }
            Either::Right(_) => match read_answers(state).await {
                Ok(()) => {
                    look = (look * 3 / 2).min(SLOWEST_LOOK);
                    continue;
                }
                Err(error) => return Left::Store(error),
            },
        };
        match next {
            Event::Returned(Ok(output)) => return completed::<W>(state, &output).await,
            Event::Returned(Err(error)) => return failed(state, failure_of::<W>(state, error)).await,
            Event::Halted(Halt::Failed(failure)) => return failed(state, failure).await,
            Event::Halted(Halt::Store(error)) => return Left::Store(error),
            Event::Halted(Halt::Refused(refusal)) => return Left::Refused(refusal),
            Event::Quiet => match park(state).await {
                Ok(true) => return Left::Parked,
                Ok(false) => {}
                Err(error) => return Left::Store(error),
            },
        }
    }
}

async fn completed<W: Workflow>(state: &RunState, output: &W::Output) -> Left {
    match serde_json::to_string(output) {
        Ok(output) => finish(state, &Finish::Completed(output), None).await,
        Err(error) => {
            let chain = vec!["the output cannot be written as JSON".to_owned(), error.to_string()];
            failed(state, Failure::new(chain, "", None)).await
        }
    }
}

async fn failed(state: &RunState, failure: Failure) -> Left {
    finish(state, &Finish::Failed(failure.to_json()), Some(failure)).await
}

async fn finish(state: &RunState, finish: &Finish, failure: Option<Failure>) -> Left {
    let Some((store, fence)) = &state.store else { return Left::Ended(failure) };
    match store.finish(&state.id, *fence, finish).await {
        Ok(()) => Left::Ended(failure),
        Err(error) => Left::Store(error),
    }
}

/// Leaves the run in the store, unless an answer has come in; that one is delivered then.
async fn park(state: &RunState) -> Result<bool, StoreError> {
    let Some((store, fence)) = &state.store else { return Ok(true) };
    // An answer that comes in from here on is news to a driver that has parked.
    state.take_news();
    if store.park(&state.id, *fence).await? {
        return Ok(true);
    }
    read_answers(state).await?;
    Ok(false)
}

/// Delivers the answers given in other processes.
pub(crate) async fn read_answers(state: &RunState) -> Result<(), StoreError> {
    let Some((store, _)) = &state.store else { return Ok(()) };
    for pause in store.pauses(&state.id).await? {
        if let Some(answer) = &pause.answer {
            state.deliver(&pause.pause.id, &answer.value);
        }
    }
    Ok(())
}
