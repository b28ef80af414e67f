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
