//! Drives one stored run until it ends, waits for answers and timers only, or cannot go on.

use std::{pin::pin, sync::Arc, time::Duration};

use futures::future::{Either, select};

use super::{
    body::{Event, caught, failure_of, next_event, run_body},
    undo::undo_all,
};
use crate::{
    Failure, Workflow,
    error::Refusal,
    machine::{Cx, Halt, RunState},
    store::{Effects, Finish, Store, StoreError},
};

/// How often a driver looks whether the run is still its own: somebody may have cancelled it in another process.
const LOOK: Duration = Duration::from_millis(500);
/// A driver looks for answers given in other processes while some branch waits and another one works, less and less often:
/// what has waited for an hour can wait a quarter of a minute more.
const SLOWEST_LOOK: Duration = Duration::from_secs(15);

/// A claimed run to be driven.
pub(crate) struct Job {
    pub(crate) state: Arc<RunState>,
    /// As JSON.
    pub(crate) input: String,
    /// When it has to be done, in milliseconds since the Unix epoch.
    pub(crate) deadline: Option<i64>,
    /// The run is being undone: what it will end with, a failure, or `None` as cancelled.
    pub(crate) undoing: Option<Option<Failure>>,
}

/// How a driver left its run.
#[derive(Debug)]
pub(crate) enum Left {
    /// The run has ended. A failure carries the workflow's own error.
    Ended(Option<Failure>),
    /// The run waits for answers and timers. When the next of these is due.
    Parked(Option<i64>),
    /// The run was cancelled.
    Cancelled,
    /// The store failed or the run was taken over.
    Store(StoreError),
    /// The run does not fit this program.
    Refused(Refusal),
}

/// Drives a claimed run, and gives the claim back however it ends.
pub(crate) async fn drive<W: Workflow>(job: &Job, refs: W::Refs<'_>) -> Left {
    let state = &job.state;
    let left = match &job.undoing {
        Some(end) => undo_all::<W>(job, refs, end.as_ref().map(Failure::text_only)).await,
        None => match caught(until_left::<W>(job, W::shorter(refs))).await {
            Ok(Ok(left)) => left,
            Ok(Err(failure)) | Err(failure) => failed::<W>(job, refs, failure).await,
        },
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

/// Runs the workflow's code. The error is that of a run that has to fail.
async fn until_left<W: Workflow>(job: &Job, refs: W::Refs<'_>) -> Result<Left, Failure> {
    let state = &job.state;
    let cx = Cx::root(state.clone());
    let start = || W::input_from_json(&job.input).map_err(|error| Refusal::Input { error });
    let mut body = match run_body::<W>(&cx, W::shorter(refs), Box::new(start)) {
        Ok(body) => body,
        Err(refusal) => return Ok(Left::Refused(refusal)),
    };
    let mut looks = Looks::new();
    loop {
        if job.deadline.is_some_and(|deadline| deadline <= state.clock.now_ms()) {
            let message = "the run was not done by its deadline".to_owned();
            return Err(Failure::new(vec![message], "", None));
        }
        let event = match select(pin!(next_event::<W>(state, &mut body)), pin!(looks.next(state, job.deadline))).await {
            Either::Left((event, _)) => event,
            Either::Right((Ok(()), _)) => continue,
            Either::Right((Err(error), _)) => return Ok(Left::Store(error)),
        };
        match event {
            Event::Returned(Ok(output)) => return completed::<W>(state, &output).await,
            Event::Returned(Err(error)) => return Err(failure_of::<W>(state, error)),
            Event::Halted(Halt::Failed(failure)) => return Err(failure),
            Event::Halted(Halt::Store(error)) => return Ok(Left::Store(error)),
            Event::Halted(Halt::Refused(refusal)) => return Ok(Left::Refused(refusal)),
            Event::Halted(Halt::Cancelled | Halt::Undone(_)) => return Ok(Left::Cancelled),
            Event::Quiet => match park(state).await {
                Ok(true) => return Ok(Left::Parked(earlier(state.next_timer(), job.deadline))),
                // Others are to get their turn, whatever comes of the news.
                Ok(false) => tokio::task::yield_now().await,
                Err(error) => return Ok(Left::Store(error)),
            },
        }
    }
}

fn earlier(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    a.into_iter().chain(b).min()
}

/// The looks a driver takes at what other processes do.
struct Looks {
    passed: Duration,
    answers_after: Duration,
}

impl Looks {
    fn new() -> Self {
        Looks { passed: Duration::ZERO, answers_after: LOOK }
    }

    async fn next(&mut self, state: &RunState, deadline: Option<i64>) -> Result<(), StoreError> {
        let left = deadline.map(|deadline| deadline.saturating_sub(state.clock.now_ms()));
        let left = left.map(|left| Duration::from_millis(u64::try_from(left).unwrap_or(0)));
        let rest = left.unwrap_or(LOOK).min(LOOK);
        tokio::time::sleep(rest).await;
        let Some((store, fence)) = &state.store else { return Ok(()) };
        if !store.holds(&state.id, *fence).await? {
            return Err(StoreError::Fenced { run: state.id.clone() });
        }
        if !state.is_waiting() {
            (self.passed, self.answers_after) = (Duration::ZERO, LOOK);
            return Ok(());
        }
        self.passed += rest;
        if self.passed >= self.answers_after {
            self.passed = Duration::ZERO;
            self.answers_after = (self.answers_after * 3 / 2).min(SLOWEST_LOOK);
            state.read_answers().await?;
        }
        Ok(())
    }
}

async fn completed<W: Workflow>(state: &RunState, output: &W::Output) -> Result<Left, Failure> {
    match serde_json::to_string(output) {
        Ok(output) => Ok(finish(state, &Finish::Completed(output), None).await),
        Err(error) => {
            let chain = vec!["the output cannot be written as JSON".to_owned(), error.to_string()];
            Err(Failure::new(chain, "", None))
        }
    }
}

/// Ends a run that has failed, after its steps have been undone.
async fn failed<W: Workflow>(job: &Job, refs: W::Refs<'_>, failure: Failure) -> Left {
    let state = &job.state;
    let Some((store, fence)) = &state.store else { return Left::Ended(Some(failure)) };
    if !W::MACHINE.calls.any(|call| call.policy.undo) {
        return finish(state, &Finish::Failed(failure.to_json()), Some(failure)).await;
    }
    // Decided where writes are made: a checkpoint that is on its way may bring something to undo.
    let undos = state.take_undos("");
    match store.begin_undo(&state.id, *fence, Some(&failure.to_json()), &undos, &[]).await {
        Ok(true) => undo_all::<W>(job, refs, Some(failure)).await,
        Ok(false) => Left::Ended(Some(failure)),
        Err(error) => Left::Store(error),
    }
}

pub(super) async fn finish(state: &RunState, finish: &Finish, failure: Option<Failure>) -> Left {
    let Some((store, fence)) = &state.store else { return Left::Ended(failure) };
    match store.finish(&state.id, *fence, finish, &Effects::default()).await {
        Ok(()) if matches!(finish, Finish::Cancelled) => Left::Cancelled,
        Ok(()) => Left::Ended(failure),
        Err(error) => Left::Store(error),
    }
}

/// Leaves the run in the store, unless an answer has come in; that one is delivered then.
async fn park(state: &RunState) -> Result<bool, StoreError> {
    let Some((store, fence)) = &state.store else { return Ok(true) };
    // An answer that comes in from here on is news to a driver that has parked.
    state.take_news();
    if store.park(&state.id, *fence, &[]).await? {
        return Ok(true);
    }
    state.read_answers().await?;
    Ok(false)
}
