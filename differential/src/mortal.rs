//! The store of a process that dies.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use flow_runtime::{
    Memory, Sqlite, Store, StoreError,
    store::StoreFuture,
    testing::{Content, Fault, Faults, Hook, Hooked, Operation},
};

use crate::{trace, values::now};

/// What survives a process.
pub trait Storage: Send + Sync + 'static {
    /// The store of a new process.
    type Store: Store;
    /// Opens it.
    fn open(&self) -> Self::Store;
}

impl Storage for Memory {
    type Store = Memory;

    fn open(&self) -> Memory {
        self.reopen()
    }
}

/// An SQLite file.
impl Storage for std::path::PathBuf {
    type Store = Sqlite;

    fn open(&self) -> Sqlite {
        let options = Sqlite::options().synchronous(flow_runtime::store::Synchronous::Normal);
        match options.open(self) {
            Ok(store) => store,
            Err(error) => panic!("{}: {error}", self.display()),
        }
    }
}

/// When a process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// Never.
    None,
    /// After so many writes, before the next one is applied.
    Before(usize),
    /// With so many writes applied, but before it is told of the last one.
    After(usize),
    /// It does not die, but after so many writes somebody else cancels the run.
    Cancelled(usize),
    /// One in so many writes goes wrong, by this seed: refused, or made and not heard of, with the process or without.
    Random(u64, u64),
}

/// How many writes have gone wrong at random, in this program.
static FAULTS: AtomicU64 = AtomicU64::new(0);

/// How many writes have gone wrong at random, in this program.
pub fn faults() -> u64 {
    FAULTS.load(Ordering::Relaxed)
}

/// What becomes of the writes of one process.
pub struct Mortal {
    death: Death,
    life: Mutex<Life>,
}

#[derive(Default)]
struct Life {
    writes: usize,
    dead: bool,
    /// Whether a write has failed, which it is told instead of what has become of it.
    failed: bool,
    /// Whether the write it died at was none of the driver's.
    driverless: bool,
    faults: Option<Faults>,
}

impl Mortal {
    /// The store of a process that dies at the given moment, the so-manieth on a run.
    pub fn process(store: impl Store, death: Death, process: usize) -> Hooked<Mortal> {
        let faults = match death {
            Death::Random(seed, one_in) => Some(Faults::random(seed ^ (process as u64) << 32, one_in, &Fault::ALL)),
            _ => None,
        };
        Hooked::new(store, Mortal { death, life: Mutex::new(Life { faults, ..Life::default() }) })
    }

    /// Whether something has gone wrong with it, dead or not.
    pub fn has_failed(&self) -> bool {
        self.life().failed
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a driver of the process may not know yet that it is dead.
    pub fn leaves_a_driver(&self) -> bool {
        self.life().driverless
    }

    /// How often it has written.
    pub fn writes(&self) -> usize {
        self.life().writes
    }
}

fn dead() -> StoreError {
    StoreError::backend("do anything", "the process has died")
}

impl Hook for Mortal {
    fn before(&self, operation: &Operation<'_>) -> Result<(), StoreError> {
        if !counts(operation) {
            return Ok(());
        }
        let mut life = self.life();
        life.writes += 1;
        let unwritten = matches!(self.death, Death::Before(writes) if life.writes > writes);
        let unheard = matches!(self.death, Death::After(writes) if life.writes >= writes);
        let fault = life.faults.as_ref().and_then(Faults::draw);
        FAULTS.fetch_add(u64::from(fault.is_some()), Ordering::Relaxed);
        life.dead |= unwritten || unheard || fault.is_some_and(Fault::kills);
        life.failed |= life.dead || fault.is_some();
        life.driverless = life.failed && operation.name == "answer";
        if fault.is_some_and(|fault| !fault.is_written()) {
            // Another driver may go on in this very process.
            trace::next_process();
        }
        if unwritten || fault.is_some_and(|fault| !fault.is_written()) { Err(dead()) } else { Ok(()) }
    }

    fn dies(&self) -> bool {
        self.life().dead
    }

    fn after<'a>(&'a self, operation: &'a Operation<'a>, succeeded: bool, store: &'a dyn Store) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            if !counts(operation) {
                return Ok(());
            }
            if succeeded {
                note(operation);
            }
            let (writes, failed) = {
                let life = self.life();
                (life.writes, life.failed)
            };
            if self.death == Death::Cancelled(writes) {
                // As another process would.
                let now = now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                store.cancel(operation.run, i64::try_from(now.as_millis()).unwrap_or_default(), &[]).await?;
            }
            if failed {
                trace::next_process();
            }
            if failed && succeeded { Err(dead()) } else { Ok(()) }
        })
    }
}

/// Whether an operation brings the run on. Events that are written on their own do not: a process that dies of every second
/// write would tell that it has taken the run up, and never do anything.
fn counts(operation: &Operation<'_>) -> bool {
    operation.writes && operation.name != "emit"
}

/// Tells the trace what was written.
fn note(operation: &Operation<'_>) {
    match (operation.name, operation.content) {
        ("checkpoint", Content::Checkpoint(checkpoint)) if checkpoint.mark => {
            trace::marked(&checkpoint.path, checkpoint.trying.is_none());
        }
        ("checkpoint", Content::Checkpoint(checkpoint)) => {
            let undoable = checkpoint.undo.iter().map(|undo| format!("{} {}", undo.step, undo.output));
            trace::moved(&checkpoint.path, undoable);
        }
        ("finish" | "begin_undo", _) => trace::over(),
        ("undone", _) => trace::undo_kept(),
        _ => {}
    }
}
