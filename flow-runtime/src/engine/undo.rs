//! Undoes what a run has done, last things first, when it has failed or was cancelled.

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll};

use futures::future::select;

use super::{
    body::{Event, caught, code_of, next_event, run_body},
    drive::{Job, Left, finish},
    handle::standing,
};
use crate::{
    Failure, Policy, Workflow,
    error::Refusal,
    event::Tag,
    machine::{Cx, Halt, RunState, UndoResult, delay},
    store::{Finish, StoreError, UndoRecord},
};

/// How often a step that undoes is tried again if it has no rules of its own.
const RETRIES: u32 = 3;

/// Undoes all that is left to be undone, and ends the run: as failed with this failure, or as cancelled.
pub(super) async fn undo_all<W: Workflow>(job: &Job, refs: W::Refs<'_>, failure: Option<Failure>) -> Left {
    match undo_each::<W>(job, refs).await {
        Ok(None) => Left::Stopped,
        Ok(Some(broken)) => {
            let mut now = job.state.last_events(Tag::RunUndone, |text| text.texts("not_undone", &broken));
            let failure = match (failure, broken.is_empty()) {
                // What could not be undone before is undone now.
                (failure, true) => {
                    failure.filter(|failure| !failure.is_cancelled()).map(|failure| failure.with_not_undone(Vec::new()))
                }
                (failure, false) => Some(failure.unwrap_or_else(Failure::cancelled).with_not_undone(broken)),
            };
            let end = failure.as_ref().map_or(Finish::Cancelled, |failure| Finish::Failed(failure.to_json()));
            finish(&job.state, &end, failure, &mut now, None).await
        }
        Err(error) => Left::Store(error),
    }
}

/// Returns what could not be undone, and why; `None` if somebody else is to go on with it.
async fn undo_each<W: Workflow>(job: &Job, refs: W::Refs<'_>) -> Result<Option<Vec<String>>, StoreError> {
    let state = &job.state;
    let Some((store, fence)) = &state.store else { return Ok(Some(Vec::new())) };
    let mut broken = Vec::new();
    let describe = |undo: &UndoRecord, why: &str| format!("step `{}` could not be undone: {why}", undo.step);
    let undos = store.undos(&state.id).await?;
    for undo in undos.iter().rev().filter(|undo| undo.done_at.is_none()) {
        if let Some(why) = &undo.failure {
            broken.push(describe(undo, why));
            continue;
        }
        let Some(outcome) = undo_one::<W>(job, W::shorter(refs), undo).await? else { return Ok(None) };
        let failure = outcome.err().map(|chain| chain.join(": "));
        let now = state.event(Tag::StepUndone, &undo.path, |text| {
            text.text("step", &undo.step).maybe(failure.as_deref(), |text, error| text.text("error", error))
        });
        let (id, at) = (&state.id, state.clock.now_ms());
        store.undone(id, *fence, undo.seq, undo.n, failure.as_deref(), at, &now.events).await?;
        state.happened(&now);
        broken.extend(failure.map(|why| describe(undo, &why)));
    }
    // As they were done.
    broken.reverse();
    Ok(Some(broken))
}

/// Undoes one step, as often as its rules say. `None`: somebody else is to go on with it.
async fn undo_one<W: Workflow>(
    job: &Job,
    refs: W::Refs<'_>,
    undo: &UndoRecord,
) -> Result<Option<Result<(), Vec<String>>>, StoreError> {
    let mut attempt = 0;
    loop {
        if job.state.is_stopping() {
            return Ok(None);
        }
        attempt += 1;
        let UndoResult { outcome, again, policy } =
            match caught(attempt_undo::<W>(job, W::shorter(refs), undo, attempt)).await {
                Ok(result) => result?,
                Err(panic) => UndoResult { outcome: Err(panic.chain().to_vec()), again: true, policy: Policy::PLAIN },
            };
        let retries = if policy.retries == 0 { RETRIES } else { policy.retries };
        if outcome.is_ok() || !again || attempt > retries {
            return Ok(Some(outcome));
        }
        let clock = job.state.clock;
        let rest = pin!(clock.sleep_until(clock.after(delay(&policy, attempt))));
        select(rest, pin!(asked_to_stop(&job.state))).await;
    }
}

/// Waits until somebody else is to go on with the run.
async fn asked_to_stop(state: &RunState) {
    poll_fn(|task| {
        state.register_driver(task.waker());
        if state.is_stopping() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Takes the run up where the step was about to run, and has it undone there.
async fn attempt_undo<W: Workflow>(
    job: &Job,
    refs: W::Refs<'_>,
    undo: &UndoRecord,
    attempt: u32,
) -> Result<UndoResult, StoreError> {
    let given_up = |chain| Ok(UndoResult { outcome: Err(chain), again: false, policy: Policy::PLAIN });
    let Some((store, fence)) = &job.state.store else { return given_up(Vec::new()) };
    let id = &job.state.id;
    let Some(frames) = store.frames_at(id, undo.seq.saturating_sub(1)).await? else {
        return given_up(vec!["where it ran is not kept any more".to_owned()]);
    };
    let pauses = standing(&**store, id, &frames).await?;
    let state = RunState::new(id.clone(), code_of::<W>(), Some((store.clone(), *fence)), frames, pauses)
        .with_clock(job.state.clock)
        .with_undo(&job.state, undo.clone(), attempt);
    let state = Arc::new(state);
    let cx = Cx::root(state.clone());
    let start = || W::input_from_json(&job.input).map_err(|error| Refusal::Input { error });
    let mut body = match run_body::<W>(&cx, W::shorter(refs), Box::new(start)) {
        Ok(body) => body,
        Err(refusal) => return given_up(vec![refusal.to_string()]),
    };
    match next_event::<W>(&state, &mut body).await {
        Event::Halted(Halt::Undone(result)) => Ok(result),
        Event::Halted(Halt::Failed(failure)) => given_up(failure.chain().to_vec()),
        Event::Halted(Halt::Refused(refusal)) => given_up(vec![refusal.to_string()]),
        Event::Halted(Halt::Store(error)) => Err(error),
        Event::Halted(Halt::Cancelled | Halt::Stopped) | Event::Returned(_) | Event::Quiet => {
            given_up(vec!["the workflow no longer gets to it".to_owned()])
        }
    }
}
