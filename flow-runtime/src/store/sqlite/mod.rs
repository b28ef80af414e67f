//! Runs kept in an SQLite file.
//!
//! The tables are meant to be looked at: `sqlite3 flow.db 'SELECT id, status, workflow FROM runs'`. Any number of processes
//! may have the file open at once.

mod commit;
mod driver;
mod fault;
mod history;
mod read;
mod schema;
mod write;

use crate::lock::lock;
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use rusqlite::Connection;

use self::{commit::Writer, driver::Driver, fault::Fault};
use super::{
    Answer, AnswerReceipt, Beginning, CancelReceipt, Checkpoint, CheckpointRecord, Claim, Created, DefinitionRecord, Due,
    Effects, EventRecord, Finish, FrameMark, FrameRecord, NewDefinition, NewRun, NewUndo, PauseRecord, Prune, Pruned,
    ReopenReceipt, RunCount, RunFilter, RunRecord, SessionFilter, SessionReceipt, SessionRecord, SessionWrite, Store,
    StoreError, StoreFuture, UndoRecord,
};

/// A store in an SQLite file. Clones share their connections and count as one driver.
///
/// While it drives runs, a file `<path>-driver-<token>` stands beside the database: its lock tells other processes that
/// this one lives. It goes when the last clone is dropped, and a killed process's claims are free at once. The folder must
/// be on a file system with working locks, so not on most network shares; SQLite needs that as well.
#[derive(Clone)]
pub struct Sqlite {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    writer: Writer,
    /// Apart from the writer's, so that reading never waits for a commit.
    reader: Mutex<Connection>,
}

/// When a commit counts as kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Synchronous {
    /// When the operating system has it. A killed process loses nothing; a power failure can lose the last commits, never
    /// the file's consistency. Several times faster than `Full` on most disks.
    Normal,
    /// When the disk has it. Nothing acknowledged is lost, not even when the power fails.
    #[default]
    Full,
}

impl Synchronous {
    /// The value of SQLite's `PRAGMA synchronous`.
    fn as_str(self) -> &'static str {
        match self {
            Synchronous::Normal => "NORMAL",
            Synchronous::Full => "FULL",
        }
    }
}

/// How to open an SQLite store; from [`Sqlite::options`].
#[derive(Debug, Clone)]
#[must_use = "options do nothing until `open`"]
pub struct SqliteOptions {
    synchronous: Synchronous,
    busy_timeout: Duration,
}

impl SqliteOptions {
    /// When a commit counts as kept. [`Synchronous::Full`] unless said otherwise.
    pub fn synchronous(mut self, synchronous: Synchronous) -> Self {
        self.synchronous = synchronous;
        self
    }

    /// How long to wait while another process writes, before giving up. Ten seconds unless said otherwise.
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// Opens the file, or creates it.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`] for a file of a newer version of this crate; [`StoreError::Backend`] for a file that
    /// cannot be opened or is no database.
    pub fn open(self, path: impl AsRef<Path>) -> Result<Sqlite, StoreError> {
        let path = path.as_ref();
        self.open_at(path).map_err(|fault| fault.doing(|| format!("open `{}`", path.display())))
    }

    fn open_at(self, path: &Path) -> Result<Sqlite, Fault> {
        let refused = |why: &str| Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, why).into());
        if path.as_os_str().is_empty() {
            return refused("the path is empty");
        }
        if path.as_os_str() == ":memory:" {
            return refused("a store of several connections needs a file; for a store in memory use `Memory`");
        }
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
            return refused(&format!("there is no folder `{}`", folder.display()));
        }
        let writer = schema::open_writer(path, self.synchronous, self.busy_timeout)?;
        let reader = schema::open_reader(path, self.busy_timeout)?;
        let path = path.canonicalize()?;
        let driver = Driver::new(path.clone());
        let writer = Writer::new(writer, driver, self.synchronous, self.busy_timeout);
        Ok(Sqlite { inner: Arc::new(Inner { path, writer, reader: Mutex::new(reader) }) })
    }
}

impl Sqlite {
    /// Opens the file, or creates it, with the default options.
    ///
    /// # Errors
    /// As [`SqliteOptions::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::options().open(path)
    }

    /// The default options, to change some of them.
    pub fn options() -> SqliteOptions {
        SqliteOptions { synchronous: Synchronous::default(), busy_timeout: Duration::from_secs(10) }
    }

    /// Reads on the spot: a warm read takes microseconds, less than a thread hop.
    fn read<'a, T: Send + 'a>(
        &'a self,
        doing: &'static str,
        run: &'a str,
        read: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'a,
    ) -> StoreFuture<'a, T> {
        Box::pin(async move {
            let conn = lock(&self.inner.reader);
            read(&conn).map_err(|fault| fault.doing(|| about(doing, run)))
        })
    }

    /// Writes: `now` on a connection that is free, or what `later` returns from the queue. See [`Writer::write`].
    fn write<'a, T, O>(
        &'a self,
        doing: &'static str,
        run: &'a str,
        now: impl FnOnce(&write::Tx<'_>) -> Result<T, Fault> + Send + 'a,
        later: impl FnOnce() -> O + Send + 'a,
    ) -> StoreFuture<'a, T>
    where
        T: Send + 'static,
        O: FnOnce(&write::Tx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        Box::pin(async move {
            let written = self.inner.writer.write(now, later).await;
            written.map_err(|fault| fault.doing(|| about(doing, run)))
        })
    }
}

/// What was being done, for an error message.
fn about(doing: &str, run: &str) -> String {
    if run.is_empty() { doing.to_owned() } else { format!("{doing} run `{run}`") }
}

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sqlite").field("path", &self.inner.path).field("writer", &self.inner.writer).finish()
    }
}

impl Store for Sqlite {
    fn create<'a>(&'a self, run: &'a NewRun, beginning: &'a Beginning) -> StoreFuture<'a, Created> {
        let now = |tx: &write::Tx<'_>| write::create(tx, run, beginning);
        self.write("create", &run.id, now, || {
            let (run, beginning) = (run.clone(), beginning.clone());
            move |tx: &write::Tx<'_>| write::create(tx, &run, &beginning)
        })
    }

    fn find<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Option<RunRecord>> {
        self.read("read", run, |conn| read::find(conn, run))
    }

    fn list<'a>(&'a self, filter: &'a RunFilter) -> StoreFuture<'a, Vec<RunRecord>> {
        self.read("list runs", "", |conn| read::list(conn, filter))
    }

    fn claim<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Claim> {
        let now = |tx: &write::Tx<'_>| write::claim(tx, run);
        self.write("claim", run, now, || {
            let run = run.to_owned();
            move |tx: &write::Tx<'_>| write::claim(tx, &run)
        })
    }

    fn holds<'a>(&'a self, run: &'a str, fence: u64) -> StoreFuture<'a, bool> {
        self.read("read", run, move |conn| read::holds(conn, run, fence))
    }

    fn release<'a>(&'a self, run: &'a str, fence: u64) -> StoreFuture<'a, ()> {
        let now = move |tx: &write::Tx<'_>| write::release(tx, run, fence);
        self.write("release", run, now, move || {
            let run = run.to_owned();
            move |tx: &write::Tx<'_>| write::release(tx, &run, fence)
        })
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

    fn checkpoint<'a>(&'a self, run: &'a str, fence: u64, checkpoint: &'a Checkpoint) -> StoreFuture<'a, ()> {
        let now = move |tx: &write::Tx<'_>| write::checkpoint(tx, run, fence, checkpoint);
        self.write("write a checkpoint of", run, now, move || {
            let (run, checkpoint) = (run.to_owned(), checkpoint.clone());
            move |tx: &write::Tx<'_>| write::checkpoint(tx, &run, fence, &checkpoint)
        })
    }

    fn park<'a>(&'a self, run: &'a str, fence: u64, _events: &'a [String]) -> StoreFuture<'a, bool> {
        let now = move |tx: &write::Tx<'_>| write::park(tx, run, fence);
        self.write("park", run, now, move || {
            let run = run.to_owned();
            move |tx: &write::Tx<'_>| write::park(tx, &run, fence)
        })
    }

    fn finish<'a>(&'a self, run: &'a str, fence: u64, finish: &'a Finish, _effects: &'a Effects) -> StoreFuture<'a, ()> {
        let now = move |tx: &write::Tx<'_>| write::finish(tx, run, fence, finish);
        self.write("finish", run, now, move || {
            let (run, finish) = (run.to_owned(), finish.clone());
            move |tx: &write::Tx<'_>| write::finish(tx, &run, fence, &finish)
        })
    }

    fn answer<'a>(&'a self, run: &'a str, pause: &'a str, answer: &'a Answer, _events: &'a [String]) -> StoreFuture<'a, AnswerReceipt> {
        let now = move |tx: &write::Tx<'_>| write::answer(tx, run, pause, answer);
        self.write("write an answer to", run, now, move || {
            let (run, pause, answer) = (run.to_owned(), pause.to_owned(), answer.clone());
            move |tx: &write::Tx<'_>| write::answer(tx, &run, &pause, &answer)
        })
    }

    fn expire<'a>(&'a self, run: &'a str, fence: u64, pause: &'a str, at: i64, _events: &'a [String]) -> StoreFuture<'a, bool> {
        let now = move |tx: &write::Tx<'_>| write::expire(tx, run, fence, pause, at);
        self.write("let a pause expire in", run, now, move || {
            let (run, pause) = (run.to_owned(), pause.to_owned());
            move |tx: &write::Tx<'_>| write::expire(tx, &run, fence, &pause, at)
        })
    }

    fn due<'a>(&'a self, workflows: &'a [&'a str], now: i64, limit: u32) -> StoreFuture<'a, Due> {
        Box::pin(async move {
            let looked = self.read("look for due timers", "", move |conn| {
                // Without a lock of this process nobody can tell whether another driver is alive.
                read::due(conn, workflows, now, limit, |driver| Ok(self.inner.writer.is_own(driver).then_some(true)))
            });
            match looked.await? {
                Some(due) => Ok(due),
                None => {
                    let look = move |tx: &write::Tx<'_>| write::due(tx, workflows, now, limit);
                    self.write("look for due timers", "", look, move || {
                        let workflows: Vec<String> = workflows.iter().map(|&id| id.to_owned()).collect();
                        move |tx: &write::Tx<'_>| {
                            let workflows: Vec<&str> = workflows.iter().map(String::as_str).collect();
                            write::due(tx, &workflows, now, limit)
                        }
                    })
                    .await
                }
            }
        })
    }

    fn cancel<'a>(&'a self, run: &'a str, at: i64, _events: &'a [String]) -> StoreFuture<'a, CancelReceipt> {
        let now = move |tx: &write::Tx<'_>| write::cancel(tx, run, at);
        self.write("cancel", run, now, move || {
            let run = run.to_owned();
            move |tx: &write::Tx<'_>| write::cancel(tx, &run, at)
        })
    }

    fn reopen<'a>(&'a self, run: &'a str, at: i64, frames: &'a [FrameMark], _events: &'a [String]) -> StoreFuture<'a, ReopenReceipt> {
        let now = move |tx: &write::Tx<'_>| write::reopen(tx, run, at, frames);
        self.write("reopen", run, now, move || {
            let (run, frames) = (run.to_owned(), frames.to_vec());
            move |tx: &write::Tx<'_>| write::reopen(tx, &run, at, &frames)
        })
    }

    fn begin_undo<'a>(
        &'a self,
        run: &'a str,
        fence: u64,
        failure: Option<&'a str>,
        undos: &'a [NewUndo],
        _events: &'a [String],
    ) -> StoreFuture<'a, bool> {
        let now = move |tx: &write::Tx<'_>| write::begin_undo(tx, run, fence, failure, undos);
        self.write("undo", run, now, move || {
            let (run, failure, undos) = (run.to_owned(), failure.map(str::to_owned), undos.to_vec());
            move |tx: &write::Tx<'_>| write::begin_undo(tx, &run, fence, failure.as_deref(), &undos)
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
        _events: &'a [String],
    ) -> StoreFuture<'a, ()> {
        let now = move |tx: &write::Tx<'_>| write::undone(tx, (run, fence), (seq, n), failure, at);
        self.write("note what was undone of", run, now, move || {
            let (run, failure) = (run.to_owned(), failure.map(str::to_owned));
            move |tx: &write::Tx<'_>| write::undone(tx, (&run, fence), (seq, n), failure.as_deref(), at)
        })
    }

    fn history<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<CheckpointRecord>> {
        self.read("read the history of", run, |conn| history::list(conn, run))
    }

    fn frames_at<'a>(&'a self, run: &'a str, seq: u64) -> StoreFuture<'a, Option<Vec<FrameRecord>>> {
        self.read("read the history of", run, move |conn| history::frames_at(conn, run, seq))
    }

    fn stats<'a>(&'a self, _: &'a RunFilter) -> StoreFuture<'a, Vec<RunCount>> {
        Box::pin(std::future::ready(Err(StoreError::backend("do this", "not yet"))))
    }

    fn abandoned<'a>(&'a self, _: &'a [&'a str], _: u32) -> StoreFuture<'a, Vec<String>> {
        Box::pin(std::future::ready(Err(StoreError::backend("do this", "not yet"))))
    }

    fn emit<'a>(&'a self, _: &'a str, _: u64, _: &'a [String]) -> StoreFuture<'a, ()> {
        Box::pin(std::future::ready(Err(StoreError::backend("do this", "not yet"))))
    }

    fn events<'a>(&'a self, _: &'a str, _: u64, _: u32) -> StoreFuture<'a, Vec<EventRecord>> {
        Box::pin(std::future::ready(Err(StoreError::backend("do this", "not yet"))))
    }

    fn session<'a>(&'a self, _: &'a str) -> StoreFuture<'a, Option<SessionRecord>> {
        Box::pin(std::future::ready(Err(StoreError::backend("do this", "not yet"))))
    }

    fn sessions<'a>(&'a self, _: &'a SessionFilter) -> StoreFuture<'a, Vec<SessionRecord>> {
        Box::pin(std::future::ready(Err(StoreError::backend("do this", "not yet"))))
    }

    fn write_session<'a>(&'a self, _: &'a SessionWrite) -> StoreFuture<'a, ()> {
        Box::pin(std::future::ready(Err(StoreError::backend("do this", "not yet"))))
    }

    fn delete_session<'a>(&'a self, _: &'a str) -> StoreFuture<'a, SessionReceipt> {
        Box::pin(std::future::ready(Err(StoreError::backend("do this", "not yet"))))
    }

    fn save_definition<'a>(&'a self, _: &'a NewDefinition) -> StoreFuture<'a, DefinitionRecord> {
        Box::pin(std::future::ready(Err(StoreError::backend("do this", "not yet"))))
    }

    fn definitions<'a>(&'a self, _: Option<&'a str>) -> StoreFuture<'a, Vec<DefinitionRecord>> {
        Box::pin(std::future::ready(Err(StoreError::backend("do this", "not yet"))))
    }

    fn prune<'a>(&'a self, _: &'a Prune) -> StoreFuture<'a, Pruned> {
        Box::pin(std::future::ready(Err(StoreError::backend("do this", "not yet"))))
    }
}
