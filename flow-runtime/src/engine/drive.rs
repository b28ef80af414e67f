//! Drives one stored run until it ends, waits for answers only, or cannot go on.

use std::{pin::pin, sync::Arc, time::Duration};

use futures::future::{Either, select};

use super::body::{Event, caught, failure_of, next_event, run_body};
use crate::{
    Failure, Workflow,
    error::Refusal,
    machine::{Cx, Halt, RunState},
    store::{Finish, Store, StoreError},
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

/// Drives a claimed run, and gives the claim back however it ends.
pub(crate) async fn drive<W: Workflow>(state: &Arc<RunState>, deps: &W::Deps, input: &str) -> Left {
    let left = match caught(until_left::<W>(state, deps, input)).await {
        Ok(left) => left,
        Err(failure) => failed(state, failure).await,
    };
    if let (Left::Store(_) | Left::Refused(_), Some((store, fence))) = (&left, &state.store) {
        give_back(store, &state.id, *fence).await;
    }
    left
}

/// Gives a claim back, now or as soon as the store can write again: a claim that nobody uses would lock the run for as long
/// as this process lives. The fence makes a late one harmless, and giving back what is lost already is no error.
pub(crate) async fn give_back(store: &Arc<dyn Store>, run: &str, fence: u64) {
    let done = |result| matches!(result, Ok(()) | Err(StoreError::UnknownRun { .. }));
    if done(store.release(run, fence).await) {
        return;
    }
    let (store, run) = (Arc::downgrade(store), run.to_owned());
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(SLOWEST_LOOK).await;
            match store.upgrade() {
                Some(store) if !done(store.release(&run, fence).await) => {}
                _ => return,
            }
        }
    });
}

async fn until_left<W: Workflow>(state: &Arc<RunState>, deps: &W::Deps, input: &str) -> Left {
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
async fn read_answers(state: &RunState) -> Result<(), StoreError> {
    let Some((store, _)) = &state.store else { return Ok(()) };
    for pause in store.pauses(&state.id).await? {
        if let Some(answer) = &pause.answer {
            state.deliver(&pause.pause.id, &answer.value);
        }
    }
    Ok(())
}
