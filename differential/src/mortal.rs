//! A store of a process that dies.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flow_runtime::{
    Memory, Sqlite, Store, StoreError,
    store::{
        Answer, AnswerReceipt, CancelReceipt, Checkpoint, CheckpointRecord, Claim, Due, Finish, FrameMark, FrameRecord,
        NewRun, NewUndo, PauseRecord, ReopenReceipt, RunFilter, RunRecord, StoreFuture, UndoRecord,
    },
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

/// A store that fails for good once its process has died.
pub struct Mortal<S> {
    shared: Arc<Mutex<Life<S>>>,
}

struct Life<S> {
    /// Gone with the process, and its claims with it.
    store: Option<Arc<S>>,
    death: Death,
    writes: usize,
    /// Whether the write it died at was none of the driver's.
    driverless: bool,
}

impl<S> Clone for Mortal<S> {
    fn clone(&self) -> Self {
        Mortal { shared: self.shared.clone() }
    }
}

/// What becomes of one write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Applied,
    Unheard,
    Cancelled,
}

impl<S: Store> Mortal<S> {
    /// A process on this store.
    pub fn new(store: S, death: Death) -> Self {
        Mortal {
            shared: Arc::new(Mutex::new(Life { store: Some(Arc::new(store)), death, writes: 0, driverless: false })),
        }
    }

    fn life(&self) -> MutexGuard<'_, Life<S>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a driver of the process may not know yet that it is dead.
    pub fn leaves_a_driver(&self) -> bool {
        self.life().driverless
    }

    /// How often it has written.
    pub fn writes(&self) -> usize {
        self.life().writes
    }

    /// Whether the process has died.
    pub fn is_dead(&self) -> bool {
        self.life().store.is_none()
    }

    fn alive(&self) -> Result<Arc<S>, StoreError> {
        self.life().store.clone().ok_or_else(dead)
    }

    /// Counts a write.
    fn write(&self) -> Result<(Arc<S>, Fate), StoreError> {
        let mut life = self.life();
        let store = life.store.clone().ok_or_else(dead)?;
        life.writes += 1;
        match life.death {
            Death::Before(writes) if life.writes > writes => {
                life.store = None;
                Err(dead())
            }
            Death::After(writes) if life.writes >= writes => {
                life.store = None;
                Ok((store, Fate::Unheard))
            }
            Death::Cancelled(writes) if life.writes == writes => Ok((store, Fate::Cancelled)),
            _ => Ok((store, Fate::Applied)),
        }
    }
}

fn dead() -> StoreError {
    StoreError::backend("do anything", "the process has died")
}

fn told<T>(fate: Fate, result: Result<T, StoreError>) -> Result<T, StoreError> {
    match fate {
        Fate::Applied | Fate::Cancelled => result,
        Fate::Unheard => result.and(Err(dead())),
    }
}

/// Cancels a run as another process would.
async fn cancel_elsewhere(store: &impl Store, run: &str, fate: Fate) -> Result<(), StoreError> {
    if fate == Fate::Cancelled {
        let now = now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        store.cancel(run, i64::try_from(now.as_millis()).unwrap_or_default()).await?;
    }
    Ok(())
}

impl<S: Store> Store for Mortal<S> {
    fn create<'a>(&'a self, run: &'a NewRun) -> StoreFuture<'a, u64> {
        Box::pin(async move {
            let (store, fate) = self.write()?;
            let created = store.create(run).await;
            cancel_elsewhere(&*store, &run.id, fate).await?;
            told(fate, created)
        })
    }

    fn find<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Option<RunRecord>> {
        Box::pin(async move { self.alive()?.find(run).await })
    }

    fn list<'a>(&'a self, filter: &'a RunFilter) -> StoreFuture<'a, Vec<RunRecord>> {
        Box::pin(async move { self.alive()?.list(filter).await })
    }

    fn claim<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Claim> {
        Box::pin(async move { self.alive()?.claim(run).await })
    }

    fn release<'a>(&'a self, run: &'a str, fence: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move { self.alive()?.release(run, fence).await })
    }

    fn frames<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<FrameRecord>> {
        Box::pin(async move { self.alive()?.frames(run).await })
    }

    fn pauses<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<PauseRecord>> {
        Box::pin(async move { self.alive()?.pauses(run).await })
    }

    fn checkpoint<'a>(&'a self, run: &'a str, fence: u64, checkpoint: &'a Checkpoint) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let (store, fate) = self.write()?;
            let written = store.checkpoint(run, fence, checkpoint).await;
            if written.is_ok() && checkpoint.mark {
                trace::marked(&checkpoint.path, checkpoint.trying.is_none());
            } else if written.is_ok() {
                let undoable = checkpoint.undo.iter().map(|undo| format!("{} {}", undo.step, undo.output));
                trace::moved(&checkpoint.path, undoable);
            }
            cancel_elsewhere(&*store, run, fate).await?;
            told(fate, written)
        })
    }

    fn park<'a>(&'a self, run: &'a str, fence: u64) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let (store, fate) = self.write()?;
            let written = store.park(run, fence).await;
            cancel_elsewhere(&*store, run, fate).await?;
            told(fate, written)
        })
    }

    fn finish<'a>(&'a self, run: &'a str, fence: u64, finish: &'a Finish) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let (store, fate) = self.write()?;
            let finished = store.finish(run, fence, finish).await;
            if finished.is_ok() {
                trace::over();
            }
            cancel_elsewhere(&*store, run, fate).await?;
            told(fate, finished)
        })
    }

    fn answer<'a>(&'a self, run: &'a str, pause: &'a str, answer: &'a Answer) -> StoreFuture<'a, AnswerReceipt> {
        Box::pin(async move {
            let written = self.write();
            let dead = self.is_dead();
            self.life().driverless = dead;
            let (store, fate) = written?;
            let written = store.answer(run, pause, answer).await;
            cancel_elsewhere(&*store, run, fate).await?;
            told(fate, written)
        })
    }

    fn create_from<'a>(
        &'a self,
        run: &'a NewRun,
        frames: &'a [FrameRecord],
        pauses: &'a [PauseRecord],
    ) -> StoreFuture<'a, u64> {
        Box::pin(async move {
            let (store, fate) = self.write()?;
            told(fate, store.create_from(run, frames, pauses).await)
        })
    }

    fn holds<'a>(&'a self, run: &'a str, fence: u64) -> StoreFuture<'a, bool> {
        Box::pin(async move { self.alive()?.holds(run, fence).await })
    }

    fn frame<'a>(&'a self, run: &'a str, path: &'a str) -> StoreFuture<'a, Option<FrameRecord>> {
        Box::pin(async move { self.alive()?.frame(run, path).await })
    }

    fn expire<'a>(&'a self, run: &'a str, fence: u64, pause: &'a str, at: i64) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let (store, fate) = self.write()?;
            let written = store.expire(run, fence, pause, at).await;
            cancel_elsewhere(&*store, run, fate).await?;
            told(fate, written)
        })
    }

    fn due<'a>(&'a self, workflows: &'a [&'a str], now: i64, limit: u32) -> StoreFuture<'a, Due> {
        Box::pin(async move { self.alive()?.due(workflows, now, limit).await })
    }

    fn cancel<'a>(&'a self, run: &'a str, at: i64) -> StoreFuture<'a, CancelReceipt> {
        Box::pin(async move {
            let (store, fate) = self.write()?;
            told(fate, store.cancel(run, at).await)
        })
    }

    fn reopen<'a>(&'a self, run: &'a str, at: i64, frames: &'a [FrameMark]) -> StoreFuture<'a, ReopenReceipt> {
        Box::pin(async move {
            let (store, fate) = self.write()?;
            told(fate, store.reopen(run, at, frames).await)
        })
    }

    fn begin_undo<'a>(
        &'a self,
        run: &'a str,
        fence: u64,
        failure: Option<&'a str>,
        undos: &'a [NewUndo],
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let (store, fate) = self.write()?;
            let begun = store.begin_undo(run, fence, failure, undos).await;
            if begun.is_ok() {
                trace::over();
            }
            cancel_elsewhere(&*store, run, fate).await?;
            told(fate, begun)
        })
    }

    fn undos<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<UndoRecord>> {
        Box::pin(async move { self.alive()?.undos(run).await })
    }

    fn undone<'a>(
        &'a self,
        run: &'a str,
        fence: u64,
        seq: u64,
        n: u32,
        failure: Option<&'a str>,
        at: i64,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let (store, fate) = self.write()?;
            let undone = store.undone(run, fence, seq, n, failure, at).await;
            if undone.is_ok() {
                trace::undo_kept();
            }
            cancel_elsewhere(&*store, run, fate).await?;
            told(fate, undone)
        })
    }

    fn history<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<CheckpointRecord>> {
        Box::pin(async move { self.alive()?.history(run).await })
    }

    fn frames_at<'a>(&'a self, run: &'a str, seq: u64) -> StoreFuture<'a, Option<Vec<FrameRecord>>> {
        Box::pin(async move { self.alive()?.frames_at(run, seq).await })
    }
}
