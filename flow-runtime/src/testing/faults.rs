//! A store that fails or dies on command.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Hook, Hooked, Operation};
use crate::store::{Store, StoreError, StoreFuture};

/// What happens to one write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// It is refused: nothing is written, and the caller hears so.
    Refused,
    /// It is written, but the caller hears an error: the connection was cut in between.
    Unheard,
    /// The process dies before it is written.
    DiesBefore,
    /// The process dies when it is written, before anybody hears of it.
    DiesAfter,
}

impl Fault {
    /// All of them.
    pub const ALL: [Fault; 4] = [Fault::Refused, Fault::Unheard, Fault::DiesBefore, Fault::DiesAfter];

    /// Whether what was to be written is written.
    pub fn is_written(self) -> bool {
        matches!(self, Fault::Unheard | Fault::DiesAfter)
    }

    /// Whether the process dies of it.
    pub fn kills(self) -> bool {
        matches!(self, Fault::DiesBefore | Fault::DiesAfter)
    }
}

/// Which of the writes of one process go wrong. Clones are one plan.
///
/// What counts as a write is what brings a run on: starts, checkpoints, parks, answers, ends and so on, not claims and reads.
///
/// ```
/// # use flow_runtime::{Memory, prelude::*, testing::{Fault, Faults}};
/// # #[step] async fn double(n: u32) -> Result<u32, String> { Ok(2 * n) }
/// # workflow! { async fn twice(n: u32) -> Result<u32, String> { let m = double(n).await?; double(m).await } }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let memory = Memory::new();
/// // The second write, which is the first checkpoint, is not heard of, because the process is killed.
/// let faults = Faults::at(2, Fault::DiesAfter);
/// let app = App::builder().store(faults.before(memory.reopen())).register::<Twice>(()).build()?;
/// let run = app.start::<Twice>(21).await?;
/// assert!(run.wait().await.is_err());
///
/// let app = App::builder().store(memory.reopen()).register::<Twice>(()).build()?;
/// let run = app.run::<Twice>(run.id()).await?;
/// assert!(matches!(run.wait().await?, Outcome::Done(84)));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Faults {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    plan: Plan,
    writes: u64,
    happened: Vec<(u64, Fault)>,
    /// Of the write that is under way in the thread that asks; writes may be under way in others.
    dead: bool,
    /// Writes that are to be heard of as errors although they are made, by run and name.
    unheard: Vec<(String, &'static str)>,
}

#[derive(Debug)]
enum Plan {
    At(u64, Fault),
    Random { state: u64, one_in: u64, faults: Vec<Fault> },
}

impl Faults {
    /// The write of this number goes wrong, from 1; 0 for none.
    pub fn at(write: u64, fault: Fault) -> Self {
        Self::new(Plan::At(write, fault))
    }

    /// One in so many writes goes wrong in one of these ways. The same seed gives the same faults.
    pub fn random(seed: u64, one_in: u64, faults: &[Fault]) -> Self {
        Self::new(Plan::Random { state: seed ^ 0x9e37_79b9_7f4a_7c15, one_in: one_in.max(1), faults: faults.to_vec() })
    }

    fn new(plan: Plan) -> Self {
        let (happened, unheard) = (Vec::new(), Vec::new());
        Faults { state: Arc::new(Mutex::new(State { plan, writes: 0, happened, dead: false, unheard })) }
    }

    /// A store whose writes go wrong so.
    pub fn before(&self, store: impl Store) -> Hooked<Faults> {
        Hooked::new(store, self.clone())
    }

    /// As [`before`](Self::before), for a store that is shared already.
    pub fn around(&self, store: Arc<dyn Store>) -> Hooked<Faults> {
        Hooked::around(store, self.clone())
    }

    /// Counts a write, for a [`Hook`] that sees to the fault itself, and says what happens to it.
    pub fn draw(&self) -> Option<Fault> {
        self.state().next()
    }

    /// How many writes were tried.
    pub fn writes(&self) -> u64 {
        self.state().writes
    }

    /// What has gone wrong, with the number of the write.
    pub fn happened(&self) -> Vec<(u64, Fault)> {
        self.state().happened.clone()
    }

    /// Whether the process has died of it.
    pub fn has_killed(&self) -> bool {
        self.state().dead
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What happens to the next write.
    fn next(&mut self) -> Option<Fault> {
        self.writes += 1;
        let fault = match &mut self.plan {
            Plan::At(write, fault) => (*write == self.writes).then_some(*fault),
            Plan::Random { state, one_in, faults } => {
                let mut dice = |end: u64| {
                    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    (*state >> 33) % end.max(1)
                };
                match dice(*one_in) {
                    0 => usize::try_from(dice(faults.len() as u64)).ok().and_then(|n| faults.get(n).copied()),
                    _ => None,
                }
            }
        }?;
        self.happened.push((self.writes, fault));
        Some(fault)
    }
}

fn error(what: &str) -> StoreError {
    StoreError::backend("write", format!("a test has it {what}"))
}

impl Hook for Faults {
    fn before(&self, operation: &Operation<'_>) -> Result<(), StoreError> {
        let mut state = self.state();
        if !operation.writes || state.dead {
            return Ok(());
        }
        let Some(fault) = state.next() else { return Ok(()) };
        state.dead = fault.kills();
        if !fault.is_written() {
            return Err(error("refused"));
        }
        state.unheard.push((operation.run.to_owned(), operation.name));
        Ok(())
    }

    fn dies(&self) -> bool {
        self.state().dead
    }

    fn after<'a>(&'a self, operation: &'a Operation<'a>, _: bool, _: &'a dyn Store) -> StoreFuture<'a, ()> {
        let mut state = self.state();
        let unheard = state.unheard.iter().position(|(run, name)| *run == operation.run && *name == operation.name);
        let heard = match unheard {
            Some(at) => {
                state.unheard.swap_remove(at);
                Err(error("written and not heard of"))
            }
            None => Ok(()),
        };
        Box::pin(std::future::ready(heard))
    }
}
