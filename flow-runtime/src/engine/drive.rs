//! Drives one stored run until it ends, waits for answers and timers only, or cannot go on.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use futures::future::{Either, select};

use super::{
    body::{Event, caught, failure_of, next_event, run_body},
    undo::undo_all,
};
use crate::{
    Failure, Workflow,
    error::Refusal,
    event::Tag,
    machine::{Cx, Halt, Now, Outside, Recorder, RunState, Unwritten},
    store::{Effects, Finish, SessionWrite, Store, StoreError},
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
    /// Somebody else is to go on with it.
    Stopped,
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
    if let (Left::Store(_) | Left::Refused(_) | Left::Stopped, Some((store, fence))) = (&left, &state.store) {
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
    let mut flush = pin!(flush(state));
    loop {
        if job.deadline.is_some_and(|deadline| deadline <= state.clock.now_ms()) {
            drop(body);
            if let Some(error) = flushed(state, flush.as_mut()).await {
                return Ok(Left::Store(error));
            }
            let message = "the run was not done by its deadline".to_owned();
            return Err(Failure::new(vec![message], "", None));
        }
        let look = pin!(looks.next(state, job.deadline));
        let event = match select(pin!(next_event::<W>(state, &mut body)), select(look, flush.as_mut())).await {
            Either::Left((event, _)) => event,
            Either::Right((Either::Left((Ok(()), _)), _)) => continue,
            Either::Right((Either::Left((Err(error), _)) | Either::Right((error, _)), _)) => {
                return Ok(Left::Store(error));
            }
        };
        if matches!(event, Event::Quiet) {
            if let Some(error) = flushed(state, flush.as_mut()).await {
                return Ok(Left::Store(error));
            }
            match park(state).await {
                Ok(true) => return Ok(Left::Parked(earlier(state.next_timer(), job.deadline))),
                // Others are to get their turn, whatever comes of the news.
                Ok(false) => tokio::task::yield_now().await,
                Err(error) => return Ok(Left::Store(error)),
            }
            continue;
        }
        // A write may wait for the transaction of a step that is dropped here.
        drop(body);
        if let Some(error) = flushed(state, flush.as_mut()).await {
            return Ok(Left::Store(error));
        }
        return match event {
            Event::Returned(Ok(output)) => completed::<W>(state, &output).await,
            Event::Returned(Err(error)) => Err(failure_of::<W>(state, error)),
            Event::Halted(Halt::Failed(failure)) => Err(failure),
            Event::Halted(Halt::Store(error)) => Ok(Left::Store(error)),
            Event::Halted(Halt::Refused(refusal)) => Ok(Left::Refused(refusal)),
            Event::Halted(Halt::Cancelled | Halt::Undone(_)) | Event::Quiet => Ok(Left::Cancelled),
            Event::Halted(Halt::Stopped) => Ok(Left::Stopped),
        };
    }
}

/// Writes what happens and is not written otherwise. Returns if that fails.
async fn flush(state: &RunState) -> StoreError {
    match state.events() {
        Some(events) => events.flush(state).await,
        None => std::future::pending().await,
    }
}

/// Lets a write of events that has begun come to its end: nobody could tell whether they are written.
async fn flushed(state: &RunState, mut flush: Pin<&mut impl Future<Output = StoreError>>) -> Option<StoreError> {
    poll_fn(|task| match state.events().is_some_and(Recorder::is_flushing) {
        false => Poll::Ready(None),
        true => match flush.as_mut().poll(task) {
            Poll::Ready(error) => Poll::Ready(Some(error)),
            Poll::Pending if state.events().is_some_and(Recorder::is_flushing) => Poll::Pending,
            Poll::Pending => Poll::Ready(None),
        },
    })
    .await
}

fn earlier(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    a.into_iter().chain(b).min()
}

/// The looks a driver takes at what other processes do.
pub(super) struct Looks {
    look: Duration,
    /// How many times longer each look waits than the one before.
    slower: u32,
    passed: Duration,
    answers_after: Duration,
}

impl Looks {
    pub(super) fn new() -> Self {
        Looks { look: LOOK, slower: 1, passed: Duration::ZERO, answers_after: LOOK }
    }

    /// Of a run that waits for its turn, of which there may be many.
    pub(super) fn ever_slower() -> Self {
        Looks { slower: 2, ..Looks::new() }
    }

    pub(super) async fn next(&mut self, state: &RunState, deadline: Option<i64>) -> Result<(), StoreError> {
        let left = deadline.map(|deadline| deadline.saturating_sub(state.clock.now_ms()));
        let left = left.map(|left| Duration::from_millis(u64::try_from(left).unwrap_or(0)));
        let outside = state.outside.as_deref();
        // Where the store tells what others do, a look is for what it may have missed.
        let look = if outside.is_some_and(Outside::hears) { SLOWEST_LOOK } else { self.look };
        let rest = left.unwrap_or(look).min(look);
        let told = async {
            match outside {
                Some(outside) => outside.told().await,
                None => std::future::pending().await,
            }
        };
        let told = tokio::time::timeout(rest, told).await.is_ok();
        self.look = self.look.saturating_mul(self.slower).min(SLOWEST_LOOK);
        let Some((store, fence)) = &state.store else { return Ok(()) };
        if !store.holds(&state.id, *fence).await? {
            return Err(StoreError::Fenced { run: state.id.clone() });
        }
        if !told && !state.is_waiting() {
            (self.passed, self.answers_after) = (Duration::ZERO, LOOK);
            return Ok(());
        }
        self.passed += rest;
        if told || self.passed >= self.answers_after {
            self.passed = Duration::ZERO;
            self.answers_after = (self.answers_after * 3 / 2).min(SLOWEST_LOOK);
            state.read_answers().await?;
        }
        Ok(())
    }
}

async fn completed<W: Workflow>(state: &RunState, output: &W::Output) -> Result<Left, Failure> {
    match serde_json::to_string(output) {
        Ok(output) => {
            state.withdraw_all();
            let now = state.last_events(Tag::RunCompleted, |text| text);
            finish_with_session(state, &Finish::Completed(output), now).await
        }
        Err(error) => {
            let chain = vec!["the output cannot be written as JSON".to_owned(), error.to_string()];
            Err(Failure::new(chain, "", None))
        }
    }
}

/// Ends a run with what its last code has changed of the session.
async fn finish_with_session(state: &RunState, end: &Finish, mut now: Now) -> Result<Left, Failure> {
    let mut changes = state.about.take("");
    loop {
        let session = match state.session_write(&mut changes).await {
            Ok(write) => write,
            Err(Unwritten::Store(error)) => return Ok(Left::Store(error)),
            Err(Unwritten::Misfit(error)) => {
                state.not_now(now);
                return Err(Failure::new(state.misfit(&error), "", None));
            }
        };
        match finish(state, end, None, &mut now, session).await {
            Left::Store(StoreError::SessionChanged { .. }) => {}
            left => return Ok(left),
        }
    }
}

/// Ends a run that has failed, after its steps have been undone.
async fn failed<W: Workflow>(job: &Job, refs: W::Refs<'_>, failure: Failure) -> Left {
    let state = &job.state;
    let Some((store, fence)) = &state.store else { return Left::Ended(Some(failure)) };
    let error = failure.chain().join(": ");
    state.withdraw_all();
    let mut now = state.last_events(Tag::RunFailed, |text| text.text("error", &error));
    if !W::MACHINE.calls.any(|call| call.policy.undo) {
        return finish(state, &Finish::Failed(failure.to_json()), Some(failure), &mut now, None).await;
    }
    // Decided where writes are made: a checkpoint that is on its way may bring something to undo.
    let undos = state.take_undos("");
    let begun = store.begin_undo(&state.id, *fence, Some(&failure.to_json()), &undos, &now.events).await;
    if begun.is_ok() {
        state.happened(&now);
    }
    match begun {
        Ok(true) => undo_all::<W>(job, refs, Some(failure)).await,
        Ok(false) => Left::Ended(Some(failure)),
        Err(error) => Left::Store(error),
    }
}

/// Ends a run, with its last events.
pub(super) async fn finish(
    state: &RunState,
    finish: &Finish,
    failure: Option<Failure>,
    now: &mut Now,
    session: Option<SessionWrite>,
) -> Left {
    let Some((store, fence)) = &state.store else { return Left::Ended(failure) };
    let effects = Effects { events: std::mem::take(&mut now.events), session };
    let finished = store.finish(&state.id, *fence, finish, &effects).await;
    now.events = effects.events;
    if finished.is_ok() {
        state.happened(now);
    }
    match finished {
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
    let open: Vec<String> = state.open_pauses().into_iter().map(|pause| pause.id).collect();
    let now = state.last_events(Tag::RunPaused, |text| text.texts("pauses", &open));
    if store.park(&state.id, *fence, &now.events).await? {
        state.happened(&now);
        return Ok(true);
    }
    state.not_now(now);
    state.read_answers().await?;
    Ok(false)
}
