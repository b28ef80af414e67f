//! Undoing a step: its own function is called again, and does the opposite of what it did.
//!
//! Whether to, is not among the function's arguments but with the [current](super::current) step.

use std::{
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};

use super::{
    HasMeta, Step, current,
    judge::{Judge, Look, UndoneShape},
};
use crate::{JsonError, Policy, TimedOut, lock::lock};

/// The request to undo a step.
pub(crate) struct Undoing {
    /// What the step had returned, as JSON, until the step has taken it.
    pub(crate) output: Option<String>,
    /// Where the driver finds how it went.
    pub(crate) result: Arc<Mutex<Option<UndoResult>>>,
}

/// How one attempt to undo a step went.
#[derive(Debug)]
pub struct UndoResult {
    /// Or the error and its sources.
    pub(crate) outcome: Result<(), Vec<String>>,
    /// Whether the error is worth another attempt.
    pub(crate) again: bool,
    /// The rules of the step that undoes.
    pub(crate) policy: Policy,
}

/// A step that has been called to be undone.
pub struct UndoRun<T> {
    output: String,
    read: fn(&str) -> Result<T, JsonError>,
    result: Arc<Mutex<Option<UndoResult>>>,
}

/// Whether the step that has just been called is to be undone. The first who asks is told.
pub fn undoing<S: UndoneShape>(_: S) -> Option<UndoRun<S::Ok>> {
    let Undoing { output, result } = current::take_undoing()?;
    Some(UndoRun { output: output?, read: S::read, result })
}

/// Makes one attempt with the step that undoes, and leaves behind how it went. Never returns, because what is undone has no
/// result.
pub async fn undo<T, C: UndoCall, O>(run: UndoRun<T>, call: impl FnOnce(T) -> C, error: Look<C::Output>) -> O {
    let result = match (run.read)(&run.output) {
        Ok(value) => call(value).attempt(error).await,
        Err(error) => {
            let message = "what the step has returned cannot be read, so it cannot be undone".to_owned();
            UndoResult { outcome: Err(vec![message, error.to_string()]), again: false, policy: Policy::PLAIN }
        }
    };
    *lock(&run.result) = Some(result);
    std::future::pending().await
}

/// What undoes a step.
#[diagnostic::on_unimplemented(
    message = "what undoes a step is a step, too, but this is `{Self}`",
    label = "mark this function with `#[step]`"
)]
pub trait UndoCall: Sized + Send {
    /// What it returns.
    type Output;
    /// Runs it once.
    #[doc(hidden)]
    fn attempt(self, error: Look<Self::Output>) -> impl Future<Output = UndoResult> + Send;
}

#[diagnostic::do_not_recommend]
impl<M: HasMeta, F: Future + Send> UndoCall for Step<M, F> {
    type Output = F::Output;

    async fn attempt(self, error: Look<F::Output>) -> UndoResult {
        let policy = M::META.policy;
        if policy.tx {
            let message = format!("step `{}` is `tx`, and undoing has no transaction: write it without", M::META.name);
            return UndoResult { outcome: Err(vec![message]), again: false, policy };
        }
        let judge = self.judge.unwrap_or(Judge::new(error));
        let finished = match policy.timeout_ms {
            0 => Ok(self.future.await),
            after => {
                let after = Duration::from_millis(after);
                let finished = tokio::time::timeout(after, self.future).await;
                finished.map_err(|_| TimedOut::step(M::META.name, after).to_string())
            }
        };
        let (outcome, again) = match finished {
            Ok(output) => match (judge.error)(&output) {
                None => (Ok(()), false),
                Some(chain) => (Err(chain), (judge.again)(&output)),
            },
            Err(text) => (Err(vec![text]), true),
        };
        UndoResult { outcome, again, policy }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::{machine::current::Current, step};

    #[step(undo = release)]
    async fn reserve(row: &str, seats: Vec<u32>) -> Result<usize, String> {
        Ok(row.len() + seats.len())
    }

    #[step(retries = 7, timeout = "1s", retry_if = is_worth_it)]
    async fn release(row: &str, seats: Vec<u32>, count: usize) -> Result<(), String> {
        tokio::task::yield_now().await;
        match (row.len() + seats.len()) == count {
            true => Ok(()),
            false => Err(format!("attempt {} of {}", crate::attempt(), crate::idempotency_key().unwrap_or_default())),
        }
    }

    fn is_worth_it(error: &str) -> bool {
        error.contains("attempt 2")
    }

    #[step(undo = never)]
    async fn start() -> u32 {
        1
    }

    #[step(timeout = "20ms")]
    async fn never(_: u32) -> Result<(), String> {
        std::future::pending().await
    }

    /// Polls a step that is to be undone until there is a result; the step itself never returns.
    async fn undone<M, F: Future>(step: Step<M, F>, output: &str, attempt: u32) -> UndoResult {
        let result = Arc::new(Mutex::new(None));
        let undoing = Undoing { output: Some(output.to_owned()), result: result.clone() };
        let mut current = Current { run: "r".into(), attempt, undoing: Some(undoing), ..Current::default() };
        let mut future = Box::pin(step.into_future());
        std::future::poll_fn(|task| {
            assert!(current::with(&mut current, || future.as_mut().poll(task)).is_pending());
            lock(&result).take().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    #[tokio::test]
    async fn a_step_is_undone_by_its_own_function() {
        let result = undone(reserve("a", vec![1, 2]), "3", 1).await;
        assert_eq!((result.outcome, result.again), (Ok(()), false));
        assert_eq!((result.policy.retries, result.policy.timeout_ms), (7, 1_000));
        // Without the request it is the step.
        assert_eq!(reserve("a", vec![1, 2]).await, Ok(3));
    }

    #[tokio::test]
    async fn an_undo_that_fails_says_why() {
        let result = undone(reserve("a", vec![]), "3", 1).await;
        assert_eq!((result.outcome, result.again), (Err(vec!["attempt 1 of r/:.0:undo".to_owned()]), false));
        let result = undone(reserve("a", vec![]), "3", 2).await;
        assert!(result.again);
        let result = undone(reserve("a", vec![]), "\"three\"", 1).await;
        let chain = result.outcome.unwrap_err();
        assert_eq!(chain[0], "what the step has returned cannot be read, so it cannot be undone");
        assert!(!result.again);
    }

    #[tokio::test]
    async fn an_undo_may_take_too_long() {
        let result = undone(start(), "1", 1).await;
        assert_eq!(result.outcome.unwrap_err(), ["step `never` did not finish within 20ms"]);
        assert!(result.again);
    }

    #[test]
    fn what_the_step_returns_is_kept() {
        let judge = reserve("a", vec![]).judge.unwrap();
        assert_eq!((judge.output)(&Ok(3)).unwrap().unwrap(), "3");
        assert!((judge.output)(&Err("no".to_owned())).is_none());
        assert_eq!((judge.error)(&Err("no".to_owned())), Some(vec!["no".to_owned()]));
        let plain = start().judge.unwrap();
        assert_eq!((plain.output)(&5).unwrap().unwrap(), "5");
        assert!((plain.error)(&5).is_none());
        let mut waiting = Box::pin(start().into_future());
        assert_eq!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(1));
    }
}
