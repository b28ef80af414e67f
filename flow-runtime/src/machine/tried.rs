//! Steps with rules of their own: attempts, timeouts, questions about what to do, and undoing.

use std::{
    collections::hash_map::RandomState,
    future::{Future, poll_fn},
    hash::{BuildHasher, Hasher},
    pin::pin,
    sync::{Arc, Mutex},
    task::Poll,
    time::Duration,
};

use serde_json::{json, value::RawValue};

use super::{
    Cx, Halt, HasMeta, Judge, Step,
    current::{self, Current},
    cx::Trying,
    input::SerdeError,
    undo::Undoing,
    working::Working,
};
use crate::{
    CheckedAnswer, JsonError, Policy, Recovery, TimedOut, Unknown,
    error::Refusal,
    event::Tag,
    lock::lock,
    observe,
    pause::Asked,
    store::{NewUndo, StoreTx, UndoRecord},
};

/// What is to be done about an attempt.
enum Next {
    /// Commit its transaction with this value.
    Commit(Option<Result<String, SerdeError>>, Box<dyn StoreTx>),
    /// It has failed: try again.
    Again(Vec<String>),
    /// It has failed: ask somebody.
    Ask(Vec<String>),
}

/// Runs a step by its rules.
pub(super) async fn tried<M: HasMeta, F: Future + Send>(cx: &Cx, step: Step<M, F>) -> F::Output {
    let (policy, name) = (&M::META.policy, M::META.name);
    if let Some(undo) = cx.state().undoing() {
        return undo_step::<M, F>(cx, undo, step.future).await;
    }
    cx.stay().await;
    let trying = Trying { step: name.to_owned(), ..cx.trying(name) };
    let Some(judge) = step.judge else {
        let _place = cx.enter(name).await;
        let current = cx.keeps().then(|| (Box::new(cx.begin_step(name, trying.attempts + 1)), None));
        return Working::step(cx, step.future, current).await;
    };
    if let Some(done) = &trying.done {
        return replayed(cx, judge, name, done).await;
    }
    if let Some(pause) = &trying.asked {
        return decided::<M, F>(cx, judge, pause, &trying).await;
    }
    if trying.begun {
        return interrupted::<M, F>(cx, judge, &trying).await;
    }
    // Before it says that it has begun.
    let place = cx.enter(name).await;
    if policy.once {
        cx.mark(Trying { begun: true, next: None, ..trying.clone() }, None).await;
    }
    let attempt = trying.attempts + 1;
    let (tx, _open) = match policy.tx {
        true => {
            let (tx, open) = cx.begin_tx(name).await;
            (Some(tx), open)
        }
        false => (None, None),
    };
    let next = {
        let mut current = cx.begin_step(name, attempt);
        current.transaction = tx.as_ref().map(|tx| tx.handle());
        let output = attempt_once::<M, F>(cx, judge, step.future, current).await;
        drop(place);
        match ((judge.error)(&output), tx) {
            (None, None) => {
                note_undo::<M, F>(cx, judge, &output);
                return output;
            }
            (None, Some(tx)) => {
                note_undo::<M, F>(cx, judge, &output);
                Next::Commit((judge.output)(&output), tx)
            }
            (Some(errors), _) if (judge.again)(&output) && attempt <= policy.retries => Next::Again(errors),
            (Some(errors), _) if policy.recover.is_some() => Next::Ask(errors),
            (Some(_), _) => return output,
        }
    };
    match next {
        Next::Commit(value, tx) => commit::<M, F>(cx, judge, value, attempt, tx).await,
        Next::Again(errors) => {
            let next = cx.state().clock.after(delay(policy, attempt));
            if let Some(outside) = &cx.state().outside {
                observe::step_retries(name, &outside.workflow, attempt + 1, next);
            }
            cx.tell(Tag::StepRetrying, |text| {
                text.text("step", name).number("attempt", attempt + 1).number("at", next)
            });
            cx.mark(
                Trying { step: name.to_owned(), attempts: attempt, next: Some(next), errors, ..Trying::default() },
                None,
            )
            .await;
            cx.restart().await
        }
        Next::Ask(errors) => {
            let trying = Trying { step: name.to_owned(), attempts: attempt, errors, ..Trying::default() };
            let error = trying.errors.join(": ");
            let question =
                format!("Step `{}` failed: {error}. Try it again, go on with a value, or fail?", M::META.name);
            let pause = ask::<M>(cx, "recover", question, policy.recover, &trying).await;
            decided::<M, F>(cx, judge, &pause, &trying).await
        }
    }
}

/// Commits what a step has written together with its value, and goes on with what is committed.
async fn commit<M: HasMeta, F: Future>(
    cx: &Cx,
    judge: Judge<F::Output>,
    value: Option<Result<String, SerdeError>>,
    attempt: u32,
    tx: Box<dyn StoreTx>,
) -> F::Output {
    let step = M::META.name;
    match value.unwrap_or(Ok(String::new())) {
        Ok(done) => {
            let (step, attempts) = (step.to_owned(), attempt - 1);
            cx.mark_done(tx, Trying { step, attempts, done: Some(done.clone()), ..Trying::default() }).await;
            replayed(cx, judge, M::META.name, &done).await
        }
        Err(error) => {
            drop(tx);
            cx.halt(Halt::unwritable(cx.path(), step, "=output", &error)).await
        }
    }
}

/// What a step has returned whose transaction is committed.
async fn replayed<O>(cx: &Cx, judge: Judge<O>, step: &str, done: &str) -> O {
    let halt = match judge.from_json.map(|read| read(done)) {
        Some(Ok(output)) => return output,
        Some(Err(error)) => Halt::Refused(Refusal::output(cx.path(), step, error)),
        // It was a step with a transaction then.
        None => {
            let error = JsonError::new("", "the step is no longer `#[step(tx)]`");
            Halt::Refused(Refusal::output(cx.path(), step, error))
        }
    };
    cx.halt(halt).await
}

/// One attempt, which is over when its time is.
async fn attempt_once<M: HasMeta, F: Future + Send>(
    cx: &Cx,
    judge: Judge<F::Output>,
    future: F,
    current: Current,
) -> F::Output {
    let step = cx.keeps().then(|| (Box::new(current), Some(judge.error)));
    let after = Duration::from_millis(M::META.policy.timeout_ms);
    match judge.timed_out {
        Some(timed_out) if !after.is_zero() => {
            let in_time = async move {
                let finished = tokio::time::timeout(after, future).await;
                finished.unwrap_or_else(|_| timed_out(TimedOut::step(M::META.name, after)))
            };
            Working::step(cx, in_time, step).await
        }
        _ => Working::step(cx, future, step).await,
    }
}

/// A step that can be undone says with what.
fn note_undo<M: HasMeta, F: Future>(cx: &Cx, judge: Judge<F::Output>, output: &F::Output) {
    if !M::META.policy.undo {
        return;
    }
    match (judge.output)(output) {
        Some(Ok(output)) => {
            let (path, step) = (cx.path().to_string(), M::META.name.to_owned());
            cx.state().note_undo(NewUndo { path, step, output });
        }
        Some(Err(error)) => cx.request_halt(Halt::unwritable(cx.path(), M::META.name, "=output", &error)),
        None => {}
    }
}

/// The next attempt comes after a wait that doubles each time, less up to a half of it, so that those who failed together do
/// not come back together.
pub(crate) fn delay(policy: &Policy, failed: u32) -> Duration {
    let doubled = 1_u64.checked_shl(failed.saturating_sub(1)).unwrap_or(u64::MAX);
    let whole = policy.first_delay_ms.saturating_mul(doubled).min(policy.max_delay_ms);
    let random = RandomState::new().build_hasher().finish();
    Duration::from_millis(whole - random % (whole / 2 + 1))
}

async fn ask<M: HasMeta>(
    cx: &Cx,
    what: &str,
    question: String,
    answer: Option<CheckedAnswer>,
    trying: &Trying,
) -> String {
    let prompt = json!({ "step": M::META.name, "attempts": trying.attempts, "errors": trying.errors });
    let asked = cx.new_pause(Asked {
        name: format!("{what}-{}", M::META.name),
        question,
        prompt: prompt.to_string(),
        schema: answer.map_or_else(String::new, |answer| (answer.schema)().to_string()),
        allowed: None,
        remind: None,
        within: None,
    });
    let pause = asked.id.clone();
    cx.mark(Trying { asked: Some(pause.clone()), next: None, ..trying.clone() }, Some(asked)).await;
    pause
}

/// A step that must not be repeated was interrupted.
async fn interrupted<M: HasMeta, F: Future>(cx: &Cx, judge: Judge<F::Output>, trying: &Trying) -> F::Output {
    let question =
        format!("Step `{}` was interrupted, and nobody knows whether it has happened. Has it?", M::META.name);
    let pause = ask::<M>(cx, "unknown", question, M::META.policy.unknown, trying).await;
    decided::<M, F>(cx, judge, &pause, trying).await
}

/// Does what somebody has decided.
async fn decided<M: HasMeta, F: Future>(cx: &Cx, judge: Judge<F::Output>, pause: &str, trying: &Trying) -> F::Output {
    // Neither has a deadline.
    let text = cx.answer_to(pause, None).await.map(|answer| answer.value).unwrap_or_default();
    let refuse = |error| Halt::Refused(Refusal::answer(pause, error));
    let value = if trying.begun {
        match crate::json::decode::<Unknown<Box<RawValue>>>(&text) {
            Ok(Unknown::Retry) => None,
            Ok(Unknown::Happened(value)) => Some(value),
            Ok(Unknown::Fail) => {
                let step = M::META.name;
                let message =
                    format!("step `{step}` was interrupted, and the answer to whether it has happened was to fail");
                return cx.fail(vec![message]).await;
            }
            Err(error) => return cx.halt(refuse(error)).await,
        }
    } else {
        match crate::json::decode::<Recovery<Box<RawValue>>>(&text) {
            Ok(Recovery::Retry) => None,
            Ok(Recovery::Use(value)) => Some(value),
            Ok(Recovery::Fail) => return cx.fail(trying.errors.clone()).await,
            Err(error) => return cx.halt(refuse(error)).await,
        }
    };
    let Some(value) = value else {
        cx.mark(Trying::default(), None).await;
        return cx.restart().await;
    };
    let wrong = {
        match judge.from_json.map(|read| read(value.get())) {
            Some(Ok(output)) => {
                note_undo::<M, F>(cx, judge, &output);
                return output;
            }
            Some(Err(error)) => Some(refuse(error)),
            None => None,
        }
    };
    match wrong {
        Some(halt) => cx.halt(halt).await,
        None => cx.fail(vec![format!("step `{}` takes no value from outside", M::META.name)]).await,
    }
}

/// Calls the step to be undone, and leaves the run then.
async fn undo_step<M: HasMeta, F: Future + Send>(cx: &Cx, undo: &UndoRecord, future: F) -> F::Output {
    let step = M::META.name;
    if **cx.path() != *undo.path || step != undo.step {
        return cx.fail(vec![format!("the workflow gets to step `{step}` instead")]).await;
    }
    if !M::META.policy.undo {
        return cx.fail(vec!["it no longer says how".to_owned()]).await;
    }
    let result = Arc::new(Mutex::new(None));
    let mut current = cx.current(cx.state().undo_attempt);
    current.visit = format!("{}.undo", current.visit).into();
    current.undoing = Some(Undoing { output: Some(undo.output.clone()), result: result.clone() });
    let mut future = pin!(future);
    let undone = poll_fn(|task| {
        let polled = current::with(&mut current, || future.as_mut().poll(task));
        match (polled, lock(&result).take()) {
            (_, Some(undone)) => Poll::Ready(Some(undone)),
            (Poll::Ready(_), None) => Poll::Ready(None),
            (Poll::Pending, None) => Poll::Pending,
        }
    });
    match cx.counted(undone).await {
        Some(undone) => cx.halt(Halt::Undone(undone)).await,
        None => cx.fail(vec!["it no longer says how".to_owned()]).await,
    }
}
