//! A store around another one, in which tests can look at every operation and make it fail.

use std::{
    any::Any,
    sync::{Arc, Mutex},
};

use crate::{
    lock::lock,
    store::{
        Answer, AnswerReceipt, Beginning, CancelReceipt, Changes, Checkpoint, CheckpointRecord, Claim, Created,
        DefinitionRecord, Due, Effects, EventRecord, Finish, FrameMark, FrameRecord, NewDefinition, NewRun, NewUndo,
        PauseRecord, Prune, Pruned, ReopenReceipt, RunCount, RunFilter, RunRecord, SessionFilter, SessionReceipt,
        SessionRecord, SessionWrite, Store, StoreError, StoreFuture, StoreTx, UndoRecord,
    },
};

/// One operation of a store, as a [`Hook`] sees it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Operation<'a> {
    /// Name of the [`Store`]'s method; `commit` for the end of a step's transaction.
    pub name: &'static str,
    /// The run it is about; empty for what is about many, a session or a definition.
    pub run: &'a str,
    /// Whether it writes what a run has come to. Claims and releases are no such writes.
    pub writes: bool,
    /// What is written, where a hook may want to know.
    pub content: Content<'a>,
}

/// What an [`Operation`] writes.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Content<'a> {
    /// Nothing, or nothing told here.
    Other,
    /// A new run and what it begins with.
    Create(&'a NewRun, &'a Beginning),
    /// A checkpoint or a mark.
    Checkpoint(&'a Checkpoint),
    /// An answer to the pause of this id.
    Answer(&'a str, &'a Answer),
    /// The end of a run.
    Finish(&'a Finish),
}

/// Looks at every operation of a [`Hooked`] store, and may make it fail.
pub trait Hook: Send + Sync + 'static {
    /// Before the operation is carried out, which it is not if this fails.
    ///
    /// # Errors
    /// Whatever the operation is to fail with.
    fn before(&self, operation: &Operation<'_>) -> Result<(), StoreError> {
        let _ = operation;
        Ok(())
    }

    /// After the operation was carried out by `store`, whether or not it succeeded.
    ///
    /// # Errors
    /// What the caller hears instead of the result: what was written is written all the same.
    fn after<'a>(&'a self, operation: &'a Operation<'a>, succeeded: bool, store: &'a dyn Store) -> StoreFuture<'a, ()> {
        let _ = (operation, succeeded, store);
        Box::pin(std::future::ready(Ok(())))
    }

    /// Whether the process is to [die](Hooked::kill) now. Asked right after [`before`](Self::before); an operation that was let
    /// through is carried out all the same.
    fn dies(&self) -> bool {
        false
    }
}

/// A store around another one, which passes every operation by a [`Hook`]. Clones share it.
pub struct Hooked<H> {
    /// Gone when the process has died.
    store: Arc<Mutex<Option<Arc<dyn Store>>>>,
    hook: Arc<H>,
}

impl<H> Clone for Hooked<H> {
    fn clone(&self) -> Self {
        Hooked { store: self.store.clone(), hook: self.hook.clone() }
    }
}

impl<H: Hook> Hooked<H> {
    /// Puts a hook before a store.
    pub fn new(store: impl Store, hook: H) -> Self {
        Self::around(Arc::new(store), hook)
    }

    /// As [`new`](Self::new), for a store that is shared already.
    pub fn around(store: Arc<dyn Store>, hook: H) -> Self {
        Hooked { store: Arc::new(Mutex::new(Some(store))), hook: Arc::new(hook) }
    }

    /// The hook.
    pub fn hook(&self) -> &H {
        &self.hook
    }

    /// Lets the process die in which this store is open: its handle goes, and its claims with it, as soon as operations that
    /// have begun are over. Every operation fails from here on.
    pub fn kill(&self) {
        drop(lock(&self.store).take());
    }

    /// Whether the process has [died](Self::kill).
    pub fn is_dead(&self) -> bool {
        lock(&self.store).is_none()
    }

    fn alive(&self) -> Result<Arc<dyn Store>, StoreError> {
        lock(&self.store).clone().ok_or_else(|| StoreError::backend("do anything", "the process has died"))
    }

    /// The store to carry an operation out with, if the hook allows it.
    fn before(&self, operation: &Operation<'_>) -> Result<Arc<dyn Store>, StoreError> {
        let store = self.alive()?;
        let allowed = self.hook.before(operation);
        if self.hook.dies() {
            self.kill();
        }
        allowed.map(|()| store)
    }
}

/// Passes one operation on, by the hook.
macro_rules! pass {
    ($self:ident, $name:ident($run:expr $(, $arg:expr)*) $(, writes $content:expr)?) => {
        pass!(@ $self, $name, $run, ($run $(, $arg)*) $(, $content)?)
    };
    ($self:ident, $name:ident(; $($arg:expr),*)) => {
        pass!(@ $self, $name, "", ($($arg),*))
    };
    (@ $self:ident, $name:ident, $run:expr, ($($arg:expr),*) $(, $content:expr)?) => {
        Box::pin(async move {
            #[allow(unused_mut, unused_assignments)]
            let (mut writes, mut content) = (false, Content::Other);
            $((writes, content) = (true, $content);)?
            let operation = Operation { name: stringify!($name), run: $run, writes, content };
            let store = $self.before(&operation)?;
            let result = store.$name($($arg),*).await;
            $self.hook.after(&operation, result.is_ok(), &*store).await?;
            result
        })
    };
}

impl<H: Hook> Store for Hooked<H> {
    fn create<'a>(&'a self, run: &'a NewRun, beginning: &'a Beginning) -> StoreFuture<'a, Created> {
        Box::pin(async move {
            let content = Content::Create(run, beginning);
            let operation = Operation { name: "create", run: &run.id, writes: true, content };
            let store = self.before(&operation)?;
            let result = store.create(run, beginning).await;
            self.hook.after(&operation, result.is_ok(), &*store).await?;
            result
        })
    }

    fn find<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Option<RunRecord>> {
        pass!(self, find(run))
    }

    fn list<'a>(&'a self, filter: &'a RunFilter) -> StoreFuture<'a, Vec<RunRecord>> {
        pass!(self, list(; filter))
    }

    fn stats<'a>(&'a self, filter: &'a RunFilter) -> StoreFuture<'a, Vec<RunCount>> {
        pass!(self, stats(; filter))
    }

    fn abandoned<'a>(&'a self, workflows: &'a [&'a str], limit: u32) -> StoreFuture<'a, Vec<String>> {
        pass!(self, abandoned(; workflows, limit))
    }

    fn claim<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Claim> {
        pass!(self, claim(run))
    }

    fn holds<'a>(&'a self, run: &'a str, fence: u64) -> StoreFuture<'a, bool> {
        pass!(self, holds(run, fence))
    }

    fn release<'a>(&'a self, run: &'a str, fence: u64) -> StoreFuture<'a, ()> {
        pass!(self, release(run, fence))
    }

    fn frames<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<FrameRecord>> {
        pass!(self, frames(run))
    }

    fn frame<'a>(&'a self, run: &'a str, path: &'a str) -> StoreFuture<'a, Option<FrameRecord>> {
        pass!(self, frame(run, path))
    }

    fn pauses<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<PauseRecord>> {
        pass!(self, pauses(run))
    }

    fn pauses_of<'a>(&'a self, run: &'a str, ids: &'a [String]) -> StoreFuture<'a, Vec<PauseRecord>> {
        pass!(self, pauses_of(run, ids))
    }

    fn checkpoint<'a>(&'a self, run: &'a str, fence: u64, checkpoint: &'a Checkpoint) -> StoreFuture<'a, ()> {
        pass!(self, checkpoint(run, fence, checkpoint), writes Content::Checkpoint(checkpoint))
    }

    fn park<'a>(&'a self, run: &'a str, fence: u64, events: &'a [String]) -> StoreFuture<'a, bool> {
        pass!(self, park(run, fence, events), writes Content::Other)
    }

    fn finish<'a>(&'a self, run: &'a str, fence: u64, finish: &'a Finish, effects: &'a Effects) -> StoreFuture<'a, ()> {
        pass!(self, finish(run, fence, finish, effects), writes Content::Finish(finish))
    }

    fn answer<'a>(
        &'a self,
        run: &'a str,
        pause: &'a str,
        answer: &'a Answer,
        events: &'a [String],
    ) -> StoreFuture<'a, AnswerReceipt> {
        pass!(self, answer(run, pause, answer, events), writes Content::Answer(pause, answer))
    }

    fn expire<'a>(
        &'a self,
        run: &'a str,
        fence: u64,
        pause: &'a str,
        at: i64,
        events: &'a [String],
    ) -> StoreFuture<'a, bool> {
        pass!(self, expire(run, fence, pause, at, events), writes Content::Other)
    }

    fn remind<'a>(
        &'a self,
        run: &'a str,
        fence: u64,
        pause: &'a str,
        wake: i64,
        events: &'a [String],
    ) -> StoreFuture<'a, bool> {
        pass!(self, remind(run, fence, pause, wake, events), writes Content::Other)
    }

    fn due<'a>(&'a self, workflows: &'a [&'a str], now: i64, limit: u32) -> StoreFuture<'a, Due> {
        pass!(self, due(; workflows, now, limit))
    }

    fn cancel<'a>(&'a self, run: &'a str, at: i64, events: &'a [String]) -> StoreFuture<'a, CancelReceipt> {
        pass!(self, cancel(run, at, events), writes Content::Other)
    }

    fn reopen<'a>(
        &'a self,
        run: &'a str,
        at: i64,
        frames: &'a [FrameMark],
        events: &'a [String],
    ) -> StoreFuture<'a, ReopenReceipt> {
        pass!(self, reopen(run, at, frames, events), writes Content::Other)
    }

    fn begin_undo<'a>(
        &'a self,
        run: &'a str,
        fence: u64,
        failure: Option<&'a str>,
        undos: &'a [NewUndo],
        events: &'a [String],
    ) -> StoreFuture<'a, bool> {
        pass!(self, begin_undo(run, fence, failure, undos, events), writes Content::Other)
    }

    fn undos<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<UndoRecord>> {
        pass!(self, undos(run))
    }

    fn undone<'a>(
        &'a self,
        run: &'a str,
        fence: u64,
        seq: u64,
        n: u32,
        failure: Option<&'a str>,
        at: i64,
        events: &'a [String],
    ) -> StoreFuture<'a, ()> {
        pass!(self, undone(run, fence, seq, n, failure, at, events), writes Content::Other)
    }

    fn history<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<CheckpointRecord>> {
        pass!(self, history(run))
    }

    fn frames_at<'a>(&'a self, run: &'a str, seq: u64) -> StoreFuture<'a, Option<Vec<FrameRecord>>> {
        pass!(self, frames_at(run, seq))
    }

    fn emit<'a>(&'a self, run: &'a str, fence: u64, events: &'a [String]) -> StoreFuture<'a, ()> {
        pass!(self, emit(run, fence, events), writes Content::Other)
    }

    fn events<'a>(&'a self, run: &'a str, from: u64, limit: u32) -> StoreFuture<'a, Vec<EventRecord>> {
        pass!(self, events(run, from, limit))
    }

    fn session<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<SessionRecord>> {
        pass!(self, session(; id))
    }

    fn sessions<'a>(&'a self, filter: &'a SessionFilter) -> StoreFuture<'a, Vec<SessionRecord>> {
        pass!(self, sessions(; filter))
    }

    fn write_session<'a>(&'a self, write: &'a SessionWrite) -> StoreFuture<'a, ()> {
        pass!(self, write_session(; write))
    }

    fn delete_session<'a>(&'a self, id: &'a str) -> StoreFuture<'a, SessionReceipt> {
        pass!(self, delete_session(; id))
    }

    fn save_definition<'a>(&'a self, definition: &'a NewDefinition) -> StoreFuture<'a, DefinitionRecord> {
        pass!(self, save_definition(; definition))
    }

    fn definitions<'a>(&'a self, workflow: Option<&'a str>) -> StoreFuture<'a, Vec<DefinitionRecord>> {
        pass!(self, definitions(; workflow))
    }

    fn prune<'a>(&'a self, prune: &'a Prune) -> StoreFuture<'a, Pruned> {
        pass!(self, prune(; prune))
    }

    fn begin<'a>(&'a self) -> StoreFuture<'a, Box<dyn StoreTx>> {
        Box::pin(async move {
            let tx = self.alive()?.begin().await?;
            Ok(Box::new(HookedTx { tx, hooked: self.clone() }) as Box<dyn StoreTx>)
        })
    }

    fn listen<'a>(&'a self) -> StoreFuture<'a, Option<Changes>> {
        pass!(self, listen(;))
    }
}

/// A step's transaction, whose end passes by the hook.
struct HookedTx<H> {
    tx: Box<dyn StoreTx>,
    hooked: Hooked<H>,
}

impl<H: Hook> StoreTx for HookedTx<H> {
    fn handle(&self) -> Arc<dyn Any + Send + Sync> {
        self.tx.handle()
    }

    fn commit<'a>(self: Box<Self>, run: &'a str, fence: u64, checkpoint: &'a Checkpoint) -> StoreFuture<'a, ()>
    where
        Self: 'a,
    {
        Box::pin(async move {
            let content = Content::Checkpoint(checkpoint);
            let operation = Operation { name: "commit", run, writes: true, content };
            let HookedTx { tx, hooked } = *self;
            let store = hooked.before(&operation)?;
            let result = tx.commit(run, fence, checkpoint).await;
            hooked.hook.after(&operation, result.is_ok(), &*store).await?;
            result
        })
    }
}
