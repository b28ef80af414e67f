//! The operations of a store, each in a file of its own room.

use std::future::Future;

use flow_runtime::{
    Store, StoreError,
    store::{
        Answer, AnswerReceipt, Beginning, CancelReceipt, Change, Changes, Checkpoint, CheckpointRecord, Claim, Created,
        DefinitionRecord, Due, Effects, EventRecord, Finish, FrameMark, FrameRecord, NewDefinition, NewRun, NewUndo,
        PauseRecord, Prune, Pruned, ReopenReceipt, RunCount, RunFilter, RunRecord, SessionFilter, SessionReceipt,
        SessionRecord, SessionWrite, StoreFuture, StoreTx, UndoRecord,
    },
};
use futures::stream;
use tokio::sync::broadcast::error::RecvError;

use crate::{
    Postgres, definitions,
    fault::Fault,
    prune,
    read::{self, history, search},
    sessions, tx,
    write::{answer, checkpoint, claim, create, finish, undo},
};

/// An operation with the words for its error: what it does, and to which run.
fn op<'a, T>(
    doing: &'static str,
    run: &'a str,
    operation: impl Future<Output = Result<T, Fault>> + Send + 'a,
) -> StoreFuture<'a, T> {
    Box::pin(async move {
        let words = || if run.is_empty() { doing.to_owned() } else { format!("{doing} run `{run}`") };
        operation.await.map_err(|fault| fault.doing(words))
    })
}

impl Store for Postgres {
    fn create<'a>(&'a self, run: &'a NewRun, beginning: &'a Beginning) -> StoreFuture<'a, Created> {
        op("create", &run.id, create::create(&self.shared, run, beginning))
    }

    fn find<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Option<RunRecord>> {
        op("read", run, read::find(&self.shared, run))
    }

    fn list<'a>(&'a self, filter: &'a RunFilter) -> StoreFuture<'a, Vec<RunRecord>> {
        op("list runs", "", search::list(&self.shared, filter))
    }

    fn stats<'a>(&'a self, filter: &'a RunFilter) -> StoreFuture<'a, Vec<RunCount>> {
        op("count runs", "", search::stats(&self.shared, filter))
    }

    fn abandoned<'a>(&'a self, workflows: &'a [&'a str], limit: u32) -> StoreFuture<'a, Vec<String>> {
        op("look for abandoned runs", "", search::abandoned(&self.shared, workflows, limit))
    }

    fn claim<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Claim> {
        op("claim", run, claim::claim(&self.shared, run))
    }

    fn holds<'a>(&'a self, run: &'a str, fence: u64) -> StoreFuture<'a, bool> {
        op("read", run, claim::holds(&self.shared, run, fence))
    }

    fn release<'a>(&'a self, run: &'a str, fence: u64) -> StoreFuture<'a, ()> {
        op("release", run, claim::release(&self.shared, run, fence))
    }

    fn frames<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<FrameRecord>> {
        op("read the frames of", run, read::frames(&self.shared, run, None))
    }

    fn frame<'a>(&'a self, run: &'a str, path: &'a str) -> StoreFuture<'a, Option<FrameRecord>> {
        let read = async move { Ok(read::frames(&self.shared, run, Some(path)).await?.pop()) };
        op("read a frame of", run, read)
    }

    fn pauses<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<PauseRecord>> {
        op("read the pauses of", run, read::pauses(&self.shared, run))
    }

    fn checkpoint<'a>(&'a self, run: &'a str, fence: u64, checkpoint: &'a Checkpoint) -> StoreFuture<'a, ()> {
        op("write a checkpoint of", run, checkpoint::checkpoint(&self.shared, run, fence, checkpoint))
    }

    fn park<'a>(&'a self, run: &'a str, fence: u64, events: &'a [String]) -> StoreFuture<'a, bool> {
        op("park", run, claim::park(&self.shared, run, fence, events))
    }

    fn finish<'a>(&'a self, run: &'a str, fence: u64, finish: &'a Finish, effects: &'a Effects) -> StoreFuture<'a, ()> {
        op("finish", run, finish::finish(&self.shared, run, fence, finish, effects))
    }

    fn answer<'a>(
        &'a self,
        run: &'a str,
        pause: &'a str,
        answer: &'a Answer,
        events: &'a [String],
    ) -> StoreFuture<'a, AnswerReceipt> {
        op("write an answer to", run, answer::answer(&self.shared, run, pause, answer, events))
    }

    fn expire<'a>(
        &'a self,
        run: &'a str,
        fence: u64,
        pause: &'a str,
        at: i64,
        events: &'a [String],
    ) -> StoreFuture<'a, bool> {
        op("let a pause expire in", run, answer::expire(&self.shared, (run, fence), pause, at, events))
    }

    fn remind<'a>(
        &'a self,
        run: &'a str,
        fence: u64,
        pause: &'a str,
        wake: i64,
        events: &'a [String],
    ) -> StoreFuture<'a, bool> {
        op("note a reminder of", run, answer::remind(&self.shared, (run, fence), pause, wake, events))
    }

    fn due<'a>(&'a self, workflows: &'a [&'a str], now: i64, limit: u32) -> StoreFuture<'a, Due> {
        op("look for due timers", "", search::due(&self.shared, workflows, now, limit))
    }

    fn cancel<'a>(&'a self, run: &'a str, at: i64, events: &'a [String]) -> StoreFuture<'a, CancelReceipt> {
        op("cancel", run, finish::cancel(&self.shared, run, at, events))
    }

    fn reopen<'a>(
        &'a self,
        run: &'a str,
        at: i64,
        frames: &'a [FrameMark],
        events: &'a [String],
    ) -> StoreFuture<'a, ReopenReceipt> {
        op("reopen", run, undo::reopen(&self.shared, run, at, frames, events))
    }

    fn begin_undo<'a>(
        &'a self,
        run: &'a str,
        fence: u64,
        failure: Option<&'a str>,
        undos: &'a [NewUndo],
        events: &'a [String],
    ) -> StoreFuture<'a, bool> {
        op("undo", run, undo::begin_undo(&self.shared, (run, fence), failure, undos, events))
    }

    fn undos<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<UndoRecord>> {
        op("read what can be undone of", run, read::undos(&self.shared, run))
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
        let noted = undo::undone(&self.shared, (run, fence), (seq, n), failure, at, events);
        op("note what was undone of", run, noted)
    }

    fn history<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<CheckpointRecord>> {
        op("read the history of", run, history::list(&self.shared, run))
    }

    fn frames_at<'a>(&'a self, run: &'a str, seq: u64) -> StoreFuture<'a, Option<Vec<FrameRecord>>> {
        op("read the history of", run, history::frames_at(&self.shared, run, seq))
    }

    fn emit<'a>(&'a self, run: &'a str, fence: u64, events: &'a [String]) -> StoreFuture<'a, ()> {
        op("write events of", run, claim::emit(&self.shared, run, fence, events))
    }

    fn events<'a>(&'a self, run: &'a str, from: u64, limit: u32) -> StoreFuture<'a, Vec<EventRecord>> {
        op("read the events of", run, read::events(&self.shared, run, from, limit))
    }

    fn session<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<SessionRecord>> {
        op("read a session", "", sessions::find(&self.shared, id))
    }

    fn sessions<'a>(&'a self, filter: &'a SessionFilter) -> StoreFuture<'a, Vec<SessionRecord>> {
        op("list sessions", "", sessions::list(&self.shared, filter))
    }

    fn write_session<'a>(&'a self, write: &'a SessionWrite) -> StoreFuture<'a, ()> {
        op("write a session", "", sessions::write(&self.shared, write))
    }

    fn delete_session<'a>(&'a self, id: &'a str) -> StoreFuture<'a, SessionReceipt> {
        op("delete a session", "", sessions::delete(&self.shared, id))
    }

    fn save_definition<'a>(&'a self, definition: &'a NewDefinition) -> StoreFuture<'a, DefinitionRecord> {
        op("save a definition", "", definitions::save(&self.shared, definition))
    }

    fn definitions<'a>(&'a self, workflow: Option<&'a str>) -> StoreFuture<'a, Vec<DefinitionRecord>> {
        op("list definitions", "", definitions::list(&self.shared, workflow))
    }

    fn prune<'a>(&'a self, prune: &'a Prune) -> StoreFuture<'a, Pruned> {
        op("forget what need not be kept", "", prune::prune(&self.shared, prune))
    }

    fn begin<'a>(&'a self) -> StoreFuture<'a, Box<dyn StoreTx>> {
        let begun = async move { Ok(Box::new(tx::begin(&self.shared).await?) as Box<dyn StoreTx>) };
        op("begin a transaction", "", begun)
    }

    fn listen<'a>(&'a self) -> StoreFuture<'a, Option<Changes>> {
        Box::pin(async move {
            if !self.hears {
                return Ok(None);
            }
            let heard = self.shared.background.listen().await;
            let heard = heard.map_err(|fault| fault.doing(|| "listen for changes".to_owned()))?;
            let changes = stream::unfold(heard, |mut heard| async move {
                match heard.recv().await {
                    Ok(change) => Some((change, heard)),
                    Err(RecvError::Lagged(_)) => Some((Change::Missed, heard)),
                    Err(RecvError::Closed) => None,
                }
            });
            Ok::<_, StoreError>(Some(Box::pin(changes) as Changes))
        })
    }
}
