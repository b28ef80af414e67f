//! The store of a process that dies.

use std::sync::{Mutex, MutexGuard, PoisonError};

use flow_runtime::{
    Memory, Sqlite, Store, StoreError,
    store::StoreFuture,
    testing::{Content, Hook, Hooked, Operation},
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
    /// Whether the write it died at was none of the driver's.
    driverless: bool,
}

impl Mortal {
    /// The store of a process that dies at the given moment.
    pub fn process(store: impl Store, death: Death) -> Hooked<Mortal> {
        Hooked::new(store, Mortal { death, life: Mutex::default() })
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
        if !operation.writes {
            return Ok(());
        }
        let mut life = self.life();
        life.writes += 1;
        let unwritten = matches!(self.death, Death::Before(writes) if life.writes > writes);
        let unheard = matches!(self.death, Death::After(writes) if life.writes >= writes);
        life.dead = unwritten || unheard;
        life.driverless = life.dead && operation.name == "answer";
        if unwritten { Err(dead()) } else { Ok(()) }
    }

    fn dies(&self) -> bool {
        self.life().dead
    }

    fn after<'a>(&'a self, operation: &'a Operation<'a>, succeeded: bool, store: &'a dyn Store) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            if !operation.writes {
                return Ok(());
            }
            if succeeded {
                note(operation);
            }
            let (writes, died) = {
                let life = self.life();
                (life.writes, life.dead)
            };
            if self.death == Death::Cancelled(writes) {
                // As another process would.
                let now = now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                store.cancel(operation.run, i64::try_from(now.as_millis()).unwrap_or_default(), &[]).await?;
            }
            if died && succeeded { Err(dead()) } else { Ok(()) }
        })
    }
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
