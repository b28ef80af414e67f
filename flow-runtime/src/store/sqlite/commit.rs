//! Group commit: who waits for a commit anyway shares it with all others who wait.
//!
//! There is one connection that writes, and a queue of what is to be written.
//!
//! - Who finds the connection free and nobody waiting writes and commits on the spot; a thread hop would cost more than most
//!   commits. That is so while commits are fast, as they always are with [`Synchronous::Normal`]; with [`Synchronous::Full`] also
//!   only for who wrote last, because several who write in turns are better off with a common commit. See [`Pace`].
//! - Everything else is queued for the *writer thread*, so that no thread of an async runtime ever sleeps here.
//!
//! The thread takes the whole queue into one transaction. Each operation of a group has a savepoint, so one that is refused does
//! not undo its neighbours, and everybody is answered after the commit.
//!
//! A step that takes part in a transaction has the connection for as long as it runs, and everybody else waits in the queue.

use crate::lock::lock;
use std::{
    io,
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::Duration,
};

use futures::channel::oneshot;
use rusqlite::Connection;

use super::{
    Synchronous,
    driver::Driver,
    fault::{Failure, Fault, failure},
    group::{self, Group, Lease},
    pace::Pace,
    schema::is_busy,
    write::Tx,
};

/// The writing half of an open store.
#[derive(Debug)]
pub(super) struct Writer {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    group: Arc<Group<Connection, Task>>,
    driver: Driver,
    pace: Pace,
    /// How long to wait for another process, on the writer thread.
    patience: Duration,
}

/// What is queued.
enum Task {
    /// To be written, together with others.
    Write(Box<dyn Job>),
    /// Wants a transaction of its own.
    Begin(oneshot::Sender<Result<OpenTx, Failure>>),
    /// To be written in the transaction that is open, which it ends.
    End(Box<dyn Job>),
}

impl group::Task for Task {
    fn joins(&self) -> bool {
        matches!(self, Task::Write(_))
    }
}

/// A transaction that is open. It is undone if it is dropped.
pub(super) struct OpenTx(Option<Lease<Connection, Task>>);

/// The connection while nobody writes with it.
pub(super) struct Idle(Lease<Connection, Task>);

impl Idle {
    /// To read what is committed.
    pub(super) fn conn(&self) -> Option<&Connection> {
        self.0.conn()
    }
}

/// An operation in the queue.
trait Job: Send {
    /// Carries it out. An error asks for its savepoint to be rolled back.
    fn run(&mut self, tx: &Tx<'_>) -> Result<(), Undo>;
    /// Answers the waiter, after the commit or its failure.
    fn answer(self: Box<Self>, committed: Result<(), &Failure>);
}

/// What is to be undone, and the failure below the store if there was one.
struct Undo(Option<Failure>);

struct Queued<T, O> {
    operation: Option<O>,
    result: Option<Result<T, Fault>>,
    waiter: oneshot::Sender<Result<T, Fault>>,
}

impl<T, O> Job for Queued<T, O>
where
    T: Send + 'static,
    O: FnOnce(&Tx<'_>) -> Result<T, Fault> + Send + 'static,
{
    fn run(&mut self, tx: &Tx<'_>) -> Result<(), Undo> {
        let Some(operation) = self.operation.take() else { return Ok(()) };
        match self.result.insert(operation(tx)) {
            Ok(_) => Ok(()),
            Err(Fault::Refused(_)) => Err(Undo(None)),
            Err(Fault::Failed(failure)) => Err(Undo(Some(failure.clone()))),
        }
    }

    fn answer(self: Box<Self>, committed: Result<(), &Failure>) {
        let answer = match (committed, self.result) {
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(stopped()),
            (Err(failure), _) => Err(Fault::Failed(failure.clone())),
        };
        // A waiter that has gone does not mind.
        let _ = self.waiter.send(answer);
    }
}

/// Something to be written.
pub(super) trait Operation<T> {
    /// The same, as it can be kept in the queue.
    type Later: FnOnce(&Tx<'_>) -> Result<T, Fault> + Send + 'static;

    /// Writes it.
    fn now(self, tx: &Tx<'_>) -> Result<T, Fault>;

    /// Makes it fit for the queue.
    fn later(self) -> Self::Later;
}

/// An operation that owns what it writes.
impl<T, F: FnOnce(&Tx<'_>) -> Result<T, Fault> + Send + 'static> Operation<T> for F {
    type Later = F;

    fn now(self, tx: &Tx<'_>) -> Result<T, Fault> {
        self(tx)
    }

    fn later(self) -> F {
        self
    }
}

/// An operation that borrows what it writes, and what makes an owned copy of it, for the queue.
pub(super) struct Borrowing<N, L>(pub(super) N, pub(super) L);

impl<T, N, L, O> Operation<T> for Borrowing<N, L>
where
    N: FnOnce(&Tx<'_>) -> Result<T, Fault>,
    L: FnOnce() -> O,
    O: FnOnce(&Tx<'_>) -> Result<T, Fault> + Send + 'static,
{
    type Later = O;

    fn now(self, tx: &Tx<'_>) -> Result<T, Fault> {
        self.0(tx)
    }

    fn later(self) -> O {
        self.1()
    }
}

/// Where the answer to an operation is to be found.
enum Submitted<T> {
    Done(Result<T, Fault>),
    Queued(oneshot::Receiver<Result<T, Fault>>),
}

impl Writer {
    pub(super) fn new(conn: Connection, driver: Driver, synchronous: Synchronous, patience: Duration) -> Self {
        let (group, pace) = (Group::new(conn), Pace::new(synchronous));
        Writer { shared: Arc::new(Shared { group, driver, pace, patience }), thread: Mutex::default() }
    }

    /// Carries out one operation and returns when it is committed. `line` is a number for who writes: what has the same waits
    /// for one another anyway.
    ///
    /// A queued operation is carried out even if this future is dropped before its end.
    pub(super) async fn write<T: Send + 'static>(&self, line: u64, operation: impl Operation<T>) -> Result<T, Fault> {
        match self.submit(line, operation) {
            Submitted::Done(result) => result,
            Submitted::Queued(answer) => answer.await.unwrap_or_else(|_| Err(stopped())),
        }
    }

    /// As [`write`](Self::write), but always on the writer thread.
    pub(super) async fn write_large<T: Send + 'static>(&self, operation: impl Operation<T>) -> Result<T, Fault> {
        self.queue(operation).await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Opens a transaction for somebody to write in.
    pub(super) async fn begin(&self) -> Result<OpenTx, Fault> {
        if self.shared.pace.is_fast()
            && let Some(lease) = self.shared.group.try_take()
        {
            match self.shared.begin(&lease, Duration::ZERO).map(|_| ()) {
                Ok(()) => return Ok(OpenTx(Some(lease))),
                Err(error) if is_busy(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let (waiter, opened) = oneshot::channel();
        self.push(Task::Begin(waiter));
        opened.await.unwrap_or_else(|_| Err(stopped_failure())).map_err(Fault::Failed)
    }

    /// Commits a transaction, with one more operation.
    pub(super) async fn end<T: Send + 'static>(&self, mut tx: OpenTx, last: impl Operation<T>) -> Result<T, Fault> {
        let Some(lease) = tx.0.take() else { return Err(stopped()) };
        if self.shared.pace.is_fast() {
            return match lease.conn() {
                Some(conn) => self.shared.alone(&Tx { conn, driver: &self.shared.driver }, last),
                None => Err(stopped()),
            };
        }
        let (job, answer) = queued(last);
        lease.leave(Task::End(job));
        self.see_to_thread();
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Whether this is the name of the driver for which it writes.
    pub(super) fn is_own(&self, token: &str) -> bool {
        self.shared.driver.is_own(token)
    }

    /// The connection, to read with, if nobody writes or wants to.
    pub(super) fn idle(&self) -> Option<Idle> {
        let lease = self.shared.group.try_take()?;
        // One that a panic has left in the middle of a transaction would show what is not committed.
        let conn = lease.conn().filter(|conn| conn.is_autocommit())?;
        conn.busy_timeout(self.shared.patience).ok()?;
        Some(Idle(lease))
    }

    fn submit<T: Send + 'static>(&self, line: u64, operation: impl Operation<T>) -> Submitted<T> {
        if self.shared.pace.is_alone(line)
            && let Some(lease) = self.shared.group.try_take()
        {
            match self.shared.begin(&lease, Duration::ZERO) {
                Ok(tx) => return Submitted::Done(self.shared.alone(&tx, operation)),
                // Another process writes: that is the writer thread's to wait for.
                Err(error) if is_busy(&error) => {}
                Err(error) => return Submitted::Done(Err(error.into())),
            }
        }
        Submitted::Queued(self.queue(operation))
    }

    fn queue<T: Send + 'static>(&self, operation: impl Operation<T>) -> oneshot::Receiver<Result<T, Fault>> {
        let (job, answer) = queued(operation);
        self.push(Task::Write(job));
        answer
    }

    fn push(&self, task: Task) {
        self.shared.group.push(task);
        self.see_to_thread();
    }

    /// Starts the writer thread if it does not run.
    fn see_to_thread(&self) {
        let mut running = lock(&self.thread);
        if running.as_ref().is_none_or(JoinHandle::is_finished) {
            let shared = self.shared.clone();
            match thread::Builder::new().name("flow-sqlite".to_owned()).spawn(move || shared.work()) {
                Ok(thread) => *running = Some(thread),
                Err(error) => {
                    let failure: Failure = Arc::new(error);
                    self.shared.group.drain().into_iter().for_each(|task| task.fail(&failure));
                }
            }
        }
    }
}

fn queued<T: Send + 'static>(operation: impl Operation<T>) -> (Box<dyn Job>, oneshot::Receiver<Result<T, Fault>>) {
    let (waiter, answer) = oneshot::channel();
    (Box::new(Queued { operation: Some(operation.later()), result: None, waiter }), answer)
}

impl Task {
    fn fail(self, failure: &Failure) {
        match self {
            Task::Write(job) | Task::End(job) => job.answer(Err(failure)),
            Task::Begin(waiter) => {
                // A waiter that has gone does not mind.
                let _ = waiter.send(Err(failure.clone()));
            }
        }
    }
}

impl Drop for Writer {
    /// Waits until everything queued is written, so that the claims of this store are free when its last clone is gone.
    fn drop(&mut self) {
        self.shared.group.close();
        let thread = lock(&self.thread).take();
        // An answer can wake a task that drops the store right there, on the writer thread.
        if let Some(thread) = thread
            && thread.thread().id() != thread::current().id()
        {
            let _ = thread.join();
        }
    }
}

impl OpenTx {
    /// The connection, in the midst of the transaction.
    pub(super) fn conn(&self) -> Option<&Connection> {
        self.0.as_ref().and_then(Lease::conn)
    }
}

impl Drop for OpenTx {
    fn drop(&mut self) {
        if let Some(conn) = self.conn() {
            undo_all(conn);
        }
    }
}

impl Shared {
    /// The life of the writer thread.
    fn work(&self) {
        while let Some((lease, mut tasks)) = self.group.next() {
            match tasks.pop() {
                Some(Task::Begin(waiter)) => self.lend(lease, waiter),
                Some(Task::End(job)) => self.end(lease, job),
                last => self.commit(lease, tasks.into_iter().chain(last)),
            }
        }
    }

    /// Commits a group and answers it.
    fn commit(&self, lease: Lease<Connection, Task>, tasks: impl Iterator<Item = Task>) {
        let mut jobs: Vec<Box<dyn Job>> = Vec::with_capacity(tasks.size_hint().0);
        for task in tasks {
            match task {
                Task::Write(job) => jobs.push(job),
                // These come alone.
                Task::Begin(_) | Task::End(_) => task.fail(&stopped_failure()),
            }
        }
        let committed = match self.begin(&lease, self.patience) {
            Ok(tx) => self.together(&tx, &mut jobs),
            Err(error) => Err(failure(error)),
        };
        // Whoever is answered may want to write at once.
        drop(lease);
        jobs.into_iter().for_each(|job| job.answer(committed.as_ref().map(|_| ())));
    }

    /// Opens a transaction for somebody else.
    fn lend(&self, lease: Lease<Connection, Task>, waiter: oneshot::Sender<Result<OpenTx, Failure>>) {
        let begun = self.begin(&lease, self.patience).map(|_| ());
        let opened = match begun {
            Ok(()) => Ok(OpenTx(Some(lease))),
            Err(error) => {
                drop(lease);
                Err(failure(error))
            }
        };
        // If the waiter has gone, the transaction is undone right here.
        let _ = waiter.send(opened);
    }

    /// Carries out what ends an open transaction.
    fn end(&self, lease: Lease<Connection, Task>, mut job: Box<dyn Job>) {
        let committed = match lease.conn() {
            Some(conn) => self.together(&Tx { conn, driver: &self.driver }, std::slice::from_mut(&mut job)),
            None => Err(stopped_failure()),
        };
        drop(lease);
        job.answer(committed.as_ref().map(|_| ()));
    }

    fn begin<'c>(&'c self, lease: &'c Lease<Connection, Task>, patience: Duration) -> rusqlite::Result<Tx<'c>> {
        // It is only gone when it has been given back.
        let conn = lease.conn().ok_or(rusqlite::Error::InvalidQuery)?;
        if !conn.is_autocommit() {
            // Left behind by a panic in the middle of a transaction.
            run(conn, ROLLBACK)?;
        }
        conn.busy_timeout(patience)?;
        run(conn, BEGIN)?;
        Ok(Tx { conn, driver: &self.driver })
    }

    /// One operation and its commit. It needs no savepoint: undoing it is undoing the transaction.
    fn alone<T>(&self, tx: &Tx<'_>, operation: impl Operation<T>) -> Result<T, Fault> {
        let result = operation.now(tx).and_then(|done| Ok(self.commit_now(tx.conn).map(|()| done)?));
        if result.is_err() {
            undo_all(tx.conn);
        }
        result
    }

    /// Many operations and their commit.
    fn together(&self, tx: &Tx<'_>, jobs: &mut [Box<dyn Job>]) -> Result<(), Failure> {
        let committed = match jobs {
            // A refusal leaves an empty transaction, and the commit of that costs nothing.
            [job] => job.run(tx).or_else(|Undo(failure)| {
                undo_all(tx.conn);
                failure.map_or(Ok(()), Err)
            }),
            jobs => jobs.iter_mut().try_for_each(|job| protected(tx, &mut **job)),
        };
        let committed = committed.and_then(|()| match tx.conn.is_autocommit() {
            true => Ok(()),
            false => self.commit_now(tx.conn).map_err(failure),
        });
        if committed.is_err() {
            undo_all(tx.conn);
        }
        committed
    }

    fn commit_now(&self, conn: &Connection) -> rusqlite::Result<()> {
        self.pace.measure(|| run(conn, COMMIT))
    }
}

/// One operation of a group, inside its savepoint. Fails when the whole group has failed.
fn protected(tx: &Tx<'_>, job: &mut dyn Job) -> Result<(), Failure> {
    let savepoint = |sql| run(tx.conn, sql).map_err(failure);
    savepoint("SAVEPOINT operation")?;
    if let Err(Undo(failure)) = job.run(tx) {
        // After some failures, a full disk among them, SQLite has undone the transaction of all.
        if let Some(failure) = failure.filter(|_| tx.conn.is_autocommit()) {
            return Err(failure);
        }
        savepoint("ROLLBACK TO operation")?;
    }
    savepoint("RELEASE operation")
}

// Not what a step would say: see `forbid_ends`.
const BEGIN: &str = "BEGIN IMMEDIATE -- of the store";
const COMMIT: &str = "COMMIT -- of the store";
const ROLLBACK: &str = "ROLLBACK -- of the store";

fn run(conn: &Connection, sql: &str) -> rusqlite::Result<()> {
    conn.prepare_cached(sql)?.execute([]).map(|_| ())
}

/// Leaves no transaction open. If even that fails, the next `begin` tries again.
fn undo_all(conn: &Connection) {
    if !conn.is_autocommit() {
        let _ = run(conn, ROLLBACK);
    }
}

fn stopped() -> Fault {
    Fault::Failed(stopped_failure())
}

fn stopped_failure() -> Failure {
    Arc::new(io::Error::other("the writer thread of the store ended before it had answered"))
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("driver", &self.driver).field("pace", &self.pace).finish_non_exhaustive()
    }
}
