//! The step that runs: what it can learn of the run around it.
//!
//! Kept with the thread while a step's future is polled, because a step takes what its author wants it to take and nothing
//! from here.

use std::{any::Any, cell::RefCell, future::Future, mem, sync::Arc};

use super::{RunState, session::Change, undo::Undoing};
use crate::observe::{self, Watched};

/// What a step writes with in a transaction of the store.
pub(crate) type TxHandle = Arc<dyn Any + Send + Sync>;

/// What the step that runs can learn of its run.
#[derive(Default)]
pub(crate) struct Current {
    pub(crate) run: Arc<str>,
    pub(crate) path: Arc<str>,
    /// Which visit of the frames around its own it belongs to.
    pub(crate) visit: Arc<str>,
    /// How often its frame has moved.
    pub(crate) moves: u64,
    /// The first is 1. 0: there is no step.
    pub(crate) attempt: u32,
    /// The step has run before, and is to be undone now.
    pub(crate) undoing: Option<Undoing>,
    /// What it writes with, if it takes part in a transaction of the store.
    pub(crate) transaction: Option<TxHandle>,
    /// Its name.
    pub(crate) step: &'static str,
    /// The attempt, for those who watch.
    pub(crate) watched: Watched,
    /// The run itself.
    pub(crate) state: Option<Arc<RunState>>,
    /// What it has changed of the session. Of the code between steps also what these have changed.
    pub(crate) changes: Vec<Change>,
    /// Where in `changes` those of the last step begin.
    pub(crate) last_step: usize,
}

thread_local! {
    static CURRENT: RefCell<Current> = RefCell::default();
}

/// Until this is dropped, what runs is a part of a step. Whatever was current before is so again afterwards, even after a
/// panic.
pub(crate) struct Entered<'c> {
    current: &'c mut Current,
    _watched: Option<observe::Entered>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        swap(self.current);
    }
}

/// Begins to run as a part of this step.
///
/// The two change places, so nothing is counted or copied.
pub(crate) fn enter(current: &mut Current) -> Entered<'_> {
    let watched = current.watched.enter();
    swap(current);
    Entered { current, _watched: watched }
}

/// Runs `poll` as a part of this step.
pub(crate) fn with<R>(current: &mut Current, poll: impl FnOnce() -> R) -> R {
    let _entered = enter(current);
    poll()
}

fn swap(current: &mut Current) {
    // While the thread ends there is nothing to swap with any more, and no step that could ask.
    let _ = CURRENT.try_with(|known| mem::swap(&mut *known.borrow_mut(), current));
}

/// What the step that has just ended has changed belongs to the code around it.
pub(super) fn add_changes(changes: Vec<Change>) {
    look(|current| {
        current.last_step = current.changes.len();
        current.changes.extend(changes);
    });
}

/// Takes out what the step that has just ended has changed.
pub(super) fn take_changes_of_step() -> Vec<Change> {
    look(|current| current.changes.split_off(current.last_step.min(current.changes.len()))).unwrap_or_default()
}

/// Notes a change of the session.
pub(crate) fn change(change: Change) {
    look(|current| current.changes.push(change));
}

/// Looks at the changes of the session that belong to what runs.
pub(crate) fn with_changes<R>(look_at: impl FnOnce(&mut [Change]) -> R) -> Option<R> {
    // Outside, because a change is the user's code and may ask for the run itself.
    let mut changes = look(|current| mem::take(&mut current.changes))?;
    let result = look_at(&mut changes);
    look(|current| current.changes.splice(..0, changes).for_each(drop));
    Some(result)
}

/// The run whose code runs, the path of its frame there, and the name of the step.
pub(crate) fn run() -> Option<(Arc<RunState>, Arc<str>, &'static str)> {
    look(|current| Some((current.state.clone()?, current.path.clone(), current.step)))?
}

fn look<R>(read: impl FnOnce(&mut Current) -> R) -> Option<R> {
    CURRENT.try_with(|current| read(&mut current.borrow_mut())).ok()
}

/// Takes the output of the current step, if it was called to be undone. The first who asks gets it.
pub(super) fn take_undoing() -> Option<Undoing> {
    look(|current| {
        let Undoing { output, result } = current.undoing.as_mut()?;
        Some(Undoing { output: output.take(), result: result.clone() })
    })
    .flatten()
}

/// The run of the step that runs.
#[cfg(feature = "testing")]
pub(crate) fn current_state() -> Option<Arc<RunState>> {
    look(|current| current.state.clone().filter(|_| current.attempt > 0)).flatten()
}

/// The number of this attempt of the step that runs: 1 the first time, 2 when it is tried again.
///
/// 1 outside of a run, too, so that a step behaves in a unit test as it does when all is well.
pub fn attempt() -> u32 {
    look(|current| current.attempt.max(1)).unwrap_or(1)
}

/// A text that stands for what the step that runs is doing: the same for every attempt, also after a restart, and never the
/// same for anything else.
///
/// Pass it to services that take such a key, and they do not charge twice what is tried twice. `None` outside of a run.
pub fn idempotency_key() -> Option<String> {
    look(|current| {
        let Current { run, path, visit, moves, undoing, .. } = current;
        // Undoing is something else than doing.
        let undo = if undoing.is_some() { ":undo" } else { "" };
        (current.attempt > 0).then(|| format!("{run}/{path}:{visit}.{moves}{undo}"))
    })
    .flatten()
}

/// What the `#[step(tx)]` that runs writes with: the handle of the store's own transaction, if it is of this type.
///
/// Stores wrap this in something that says what is wrong: `SqliteTx::current()`. `None` in any other step, outside of a run,
/// and where the run is kept in another kind of store.
pub fn transaction<T: Any + Send + Sync>() -> Option<Arc<T>> {
    look(|current| current.transaction.clone())?.and_then(|handle| handle.downcast().ok())
}

/// Runs code of a step on a thread where it may block.
///
/// A panic travels on. If the future is dropped before the code has begun, it never begins.
pub fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> impl Future<Output = T> + Send {
    struct Aborted<T>(tokio::task::JoinHandle<T>);
    impl<T> Drop for Aborted<T> {
        fn drop(&mut self) {
            self.0.abort();
        }
    }
    async move {
        let mut current = look(|current| Current {
            run: current.run.clone(),
            path: current.path.clone(),
            visit: current.visit.clone(),
            moves: current.moves,
            attempt: current.attempt,
            undoing: None,
            transaction: current.transaction.clone(),
            step: current.step,
            watched: current.watched.clone(),
            state: current.state.clone(),
            changes: Vec::new(),
            last_step: 0,
        })
        .unwrap_or_default();
        let mut task = Aborted(tokio::task::spawn_blocking(move || with(&mut current, work)));
        match (&mut task.0).await {
            Ok(value) => value,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The tokio runtime shuts down, and everything that waits in it goes with it.
                Err(_) => std::future::pending().await,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn current(attempt: u32) -> Current {
        Current {
            run: "r1".into(),
            path: "parallel.0".into(),
            visit: "3".into(),
            moves: 7,
            attempt,
            ..Current::default()
        }
    }

    #[test]
    fn a_step_knows_its_attempt_and_key() {
        assert_eq!((attempt(), idempotency_key()), (1, None));
        let (mut outer, mut inner) = (current(2), Current { moves: 8, ..current(5) });
        with(&mut outer, || {
            assert_eq!((attempt(), idempotency_key().as_deref()), (2, Some("r1/parallel.0:3.7")));
            with(&mut inner, || assert_eq!((attempt(), idempotency_key().as_deref()), (5, Some("r1/parallel.0:3.8"))));
            assert_eq!(attempt(), 2);
        });
        assert_eq!((outer.attempt, inner.attempt), (2, 5));
        assert_eq!((attempt(), idempotency_key()), (1, None));
    }

    #[test]
    fn a_step_finds_its_transaction_by_type() {
        let handle: Arc<dyn Any + Send + Sync> = Arc::new("rows".to_owned());
        let mut inside = Current { transaction: Some(handle), ..current(1) };
        with(&mut inside, || {
            assert_eq!(transaction::<String>().as_deref().map(String::as_str), Some("rows"));
            assert!(transaction::<u32>().is_none());
        });
        assert!(transaction::<String>().is_none());
    }

    #[test]
    fn a_panic_leaves_nothing_behind() {
        let mut current = current(3);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            with(&mut current, || std::panic::resume_unwind(Box::new(())))
        }));
        assert!(panicked.is_err());
        assert_eq!((attempt(), current.attempt), (1, 3));
    }

    #[tokio::test]
    async fn a_blocking_thread_knows_the_step() {
        let mut current = current(4);
        let mut work = Box::pin(blocking(|| (attempt(), idempotency_key())));
        let (attempt, key) = std::future::poll_fn(|task| with(&mut current, || work.as_mut().poll(task))).await;
        assert_eq!((attempt, key.as_deref()), (4, Some("r1/parallel.0:3.7")));
    }

    #[tokio::test]
    async fn the_panic_of_a_blocking_step_travels_on() {
        let work = std::panic::AssertUnwindSafe(blocking(|| std::panic::resume_unwind(Box::new("so it goes"))));
        let caught = futures::FutureExt::catch_unwind(work);
        let panic: Box<dyn std::any::Any + Send> = match caught.await {
            Ok(()) => Box::new("it did not"),
            Err(panic) => panic,
        };
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"so it goes"));
    }
}
