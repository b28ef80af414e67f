//! The operations of a store, one by one: what is read on the spot and what is written, now or from the queue.

use rusqlite::Connection;

use super::{
    super::{
        Answer, AnswerReceipt, Beginning, CancelReceipt, Checkpoint, CheckpointRecord, Claim, Created,
        DefinitionRecord, Due, Effects, EventRecord, Finish, FrameMark, FrameRecord, NewDefinition, NewRun, NewUndo,
        PauseRecord, Prune, Pruned, ReopenReceipt, RunCount, RunFilter, RunRecord, SessionFilter, SessionReceipt,
        SessionRecord, SessionWrite, Store, StoreFuture, StoreTx, UndoRecord, fold::Folds,
    },
    Sqlite, Tx,
    commit::Borrowing,
    definitions, events, history, idle, list, prune, read, sessions, write,
};

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

fn borrowed(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

impl Store for Sqlite {
    fn create<'a>(&'a self, run: &'a NewRun, beginning: &'a Beginning) -> StoreFuture<'a, Created> {
        let now = |tx: &Tx<'_>| write::create(tx, run, beginning);
        self.write(
            "create",
            &run.id,
            Borrowing(now, || {
                let (run, beginning) = (run.clone(), beginning.clone());
                move |tx: &Tx<'_>| write::create(tx, &run, &beginning)
            }),
        )
    }

    fn find<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Option<RunRecord>> {
        self.read("read", run, |conn| read::find(conn, run))
    }

    fn list<'a>(&'a self, filter: &'a RunFilter) -> StoreFuture<'a, Vec<RunRecord>> {
        let filter = filter.clone();
        self.read_large("list runs", "", move |conn, _| list::list(conn, &filter))
    }

    fn stats<'a>(&'a self, filter: &'a RunFilter) -> StoreFuture<'a, Vec<RunCount>> {
        let filter = filter.clone();
        self.read_large("count runs", "", move |conn, _| list::stats(conn, &filter))
    }

    fn abandoned<'a>(&'a self, workflows: &'a [&'a str], limit: u32) -> StoreFuture<'a, Vec<String>> {
        const DOING: &str = "look for runs whose driver is gone";
        Box::pin(async move {
            // Without a lock of this process nobody can tell whether another driver is alive.
            let own = |driver: &str| Ok(self.inner.writer.is_own(driver).then_some(true));
            if let Some(runs) = self.read(DOING, "", move |conn| idle::abandoned(conn, workflows, limit, own)).await? {
                return Ok(runs);
            }
            let workflows = owned(workflows);
            let look = move |tx: &Tx<'_>| idle::abandoned(tx.conn, &borrowed(&workflows), limit, idle::look(tx));
            Ok(self.write(DOING, "", look).await?.unwrap_or_default())
        })
    }

    fn claim<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Claim> {
        let id = run.to_owned();
        self.write("claim", run, move |tx: &Tx<'_>| write::claim(tx, &id))
    }

    fn holds<'a>(&'a self, run: &'a str, fence: u64) -> StoreFuture<'a, bool> {
        self.read("read", run, move |conn| read::holds(conn, run, fence))
    }

    fn release<'a>(&'a self, run: &'a str, fence: u64) -> StoreFuture<'a, ()> {
        let id = run.to_owned();
        self.write("release", run, move |tx: &Tx<'_>| write::release(tx, &id, fence))
    }

    fn frames<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<FrameRecord>> {
        self.read("read the frames of", run, |conn| read::frames(conn, run))
    }

    fn frame<'a>(&'a self, run: &'a str, path: &'a str) -> StoreFuture<'a, Option<FrameRecord>> {
        self.read("read a frame of", run, move |conn| read::frame(conn, run, path))
    }

    fn pauses<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<PauseRecord>> {
        self.read("read the pauses of", run, |conn| read::pauses(conn, run))
    }

    fn pauses_of<'a>(&'a self, run: &'a str, ids: &'a [String]) -> StoreFuture<'a, Vec<PauseRecord>> {
        self.read("read the pauses of", run, move |conn| read::pauses_of(conn, run, ids))
    }

    fn checkpoint<'a>(&'a self, run: &'a str, fence: u64, checkpoint: &'a Checkpoint) -> StoreFuture<'a, ()> {
        let now = move |tx: &Tx<'_>| write::checkpoint(tx, run, fence, checkpoint);
        self.write_line(
            "write a checkpoint of",
            run,
            &checkpoint.path,
            Borrowing(now, move || {
                let (run, checkpoint) = (run.to_owned(), checkpoint.clone());
                move |tx: &Tx<'_>| write::checkpoint(tx, &run, fence, &checkpoint)
            }),
        )
    }

    fn park<'a>(&'a self, run: &'a str, fence: u64, events: &'a [String]) -> StoreFuture<'a, bool> {
        let (id, events) = (run.to_owned(), events.to_vec());
        self.write("park", run, move |tx: &Tx<'_>| write::park(tx, &id, fence, &events))
    }

    fn finish<'a>(&'a self, run: &'a str, fence: u64, finish: &'a Finish, effects: &'a Effects) -> StoreFuture<'a, ()> {
        let now = move |tx: &Tx<'_>| write::finish(tx, run, fence, finish, effects);
        self.write(
            "finish",
            run,
            Borrowing(now, move || {
                let (run, finish, effects) = (run.to_owned(), finish.clone(), effects.clone());
                move |tx: &Tx<'_>| write::finish(tx, &run, fence, &finish, &effects)
            }),
        )
    }

    fn answer<'a>(
        &'a self,
        run: &'a str,
        pause: &'a str,
        answer: &'a Answer,
        events: &'a [String],
    ) -> StoreFuture<'a, AnswerReceipt> {
        let (id, pause, answer, events) = (run.to_owned(), pause.to_owned(), answer.clone(), events.to_vec());
        self.write("write an answer to", run, move |tx: &Tx<'_>| write::answer(tx, &id, &pause, &answer, &events))
    }

    fn expire<'a>(
        &'a self,
        run: &'a str,
        fence: u64,
        pause: &'a str,
        at: i64,
        events: &'a [String],
    ) -> StoreFuture<'a, bool> {
        let (id, pause, events) = (run.to_owned(), pause.to_owned(), events.to_vec());
        self.write("let a pause expire in", run, move |tx: &Tx<'_>| write::expire(tx, &id, fence, &pause, at, &events))
    }

    fn remind<'a>(
        &'a self,
        run: &'a str,
        fence: u64,
        pause: &'a str,
        wake: i64,
        events: &'a [String],
    ) -> StoreFuture<'a, bool> {
        let (id, pause, events) = (run.to_owned(), pause.to_owned(), events.to_vec());
        self.write("note a reminder of", run, move |tx: &Tx<'_>| write::remind(tx, &id, fence, &pause, wake, &events))
    }

    fn due<'a>(&'a self, workflows: &'a [&'a str], now: i64, limit: u32) -> StoreFuture<'a, Due> {
        const DOING: &str = "look for due timers";
        Box::pin(async move {
            // As with `abandoned`.
            let own = |driver: &str| Ok(self.inner.writer.is_own(driver).then_some(true));
            if let Some(due) = self.read(DOING, "", move |conn| idle::due(conn, workflows, now, limit, own)).await? {
                return Ok(due);
            }
            let workflows = owned(workflows);
            let look = move |tx: &Tx<'_>| idle::due(tx.conn, &borrowed(&workflows), now, limit, idle::look(tx));
            Ok(self.write(DOING, "", look).await?.unwrap_or_default())
        })
    }

    fn cancel<'a>(&'a self, run: &'a str, at: i64, events: &'a [String]) -> StoreFuture<'a, CancelReceipt> {
        let (id, events) = (run.to_owned(), events.to_vec());
        self.write("cancel", run, move |tx: &Tx<'_>| write::cancel(tx, &id, at, &events))
    }

    fn reopen<'a>(
        &'a self,
        run: &'a str,
        at: i64,
        frames: &'a [FrameMark],
        events: &'a [String],
    ) -> StoreFuture<'a, ReopenReceipt> {
        let (id, frames, events) = (run.to_owned(), frames.to_vec(), events.to_vec());
        self.write("reopen", run, move |tx: &Tx<'_>| write::reopen(tx, &id, at, &frames, &events))
    }

    fn begin_undo<'a>(
        &'a self,
        run: &'a str,
        fence: u64,
        failure: Option<&'a str>,
        undos: &'a [NewUndo],
        events: &'a [String],
    ) -> StoreFuture<'a, bool> {
        let (id, failure) = (run.to_owned(), failure.map(str::to_owned));
        let (undos, events) = (undos.to_vec(), events.to_vec());
        self.write("undo", run, move |tx: &Tx<'_>| {
            write::begin_undo(tx, &id, fence, failure.as_deref(), &undos, &events)
        })
    }

    fn undos<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<UndoRecord>> {
        self.read("read what can be undone of", run, |conn| read::undos(conn, run))
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
        let (id, failure, events) = (run.to_owned(), failure.map(str::to_owned), events.to_vec());
        self.write("note what was undone of", run, move |tx: &Tx<'_>| {
            write::undone(tx, (&id, fence), (seq, n), failure.as_deref(), at, &events)
        })
    }

    fn history<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<CheckpointRecord>> {
        let id = run.to_owned();
        self.read_large("read the history of", run, move |conn, _| history::list(conn, &id))
    }

    fn frames_at<'a>(&'a self, run: &'a str, seq: u64) -> StoreFuture<'a, Option<Vec<FrameRecord>>> {
        let id = run.to_owned();
        self.read_large("read the history of", run, move |conn, folds| history::frames_at(conn, folds, &id, seq))
    }

    fn emit<'a>(&'a self, run: &'a str, fence: u64, events: &'a [String]) -> StoreFuture<'a, ()> {
        let (id, events) = (run.to_owned(), events.to_vec());
        self.write("write events of", run, move |tx: &Tx<'_>| write::emit(tx, &id, fence, &events))
    }

    fn events<'a>(&'a self, run: &'a str, from: u64, limit: u32) -> StoreFuture<'a, Vec<EventRecord>> {
        self.read("read the events of", run, move |conn| events::list(conn, run, from, limit))
    }

    fn session<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<SessionRecord>> {
        self.read("read a session", "", |conn| sessions::find(conn, id))
    }

    fn sessions<'a>(&'a self, filter: &'a SessionFilter) -> StoreFuture<'a, Vec<SessionRecord>> {
        let filter = filter.clone();
        self.read_large("list sessions", "", move |conn, _| sessions::list(conn, &filter))
    }

    fn write_session<'a>(&'a self, write: &'a SessionWrite) -> StoreFuture<'a, ()> {
        let write = write.clone();
        self.write("write a session", "", move |tx: &Tx<'_>| sessions::write(tx, &write))
    }

    fn delete_session<'a>(&'a self, id: &'a str) -> StoreFuture<'a, SessionReceipt> {
        let id = id.to_owned();
        self.write_large("delete a session", move |tx: &Tx<'_>| sessions::delete(tx, &id))
    }

    fn save_definition<'a>(&'a self, definition: &'a NewDefinition) -> StoreFuture<'a, DefinitionRecord> {
        let definition = definition.clone();
        self.write("save a definition", "", move |tx: &Tx<'_>| definitions::save(tx, &definition))
    }

    fn definitions<'a>(&'a self, workflow: Option<&'a str>) -> StoreFuture<'a, Vec<DefinitionRecord>> {
        self.read("list definitions", "", move |conn| definitions::list(conn, workflow))
    }

    fn prune<'a>(&'a self, prune: &'a Prune) -> StoreFuture<'a, Pruned> {
        Box::pin(async move {
            // In slices, so that other readers come in between.
            let (mut histories, mut after) = (Vec::new(), Some(String::new()));
            while let Some(id) = after.filter(|_| histories.len() <= prune.limit as usize) {
                let prune = prune.clone();
                let look = move |conn: &Connection, _: &mut Folds| {
                    let after = prune::candidates(conn, &prune, &id, &mut histories)?;
                    Ok((after, histories))
                };
                (after, histories) = self.read_large("look for what need not be kept", "", look).await?;
                tokio::task::yield_now().await;
            }
            let prune = prune.clone();
            self.write_large("forget what need not be kept", move |tx: &Tx<'_>| prune::prune(tx, &prune, &histories))
                .await
        })
    }

    fn begin<'a>(&'a self) -> StoreFuture<'a, Box<dyn StoreTx>> {
        self.lend()
    }
}
