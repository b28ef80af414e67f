//! Group commit: who waits for a commit anyway shares it with all others who wait.
//!
//! There is one connection that writes, and a queue of what is to be written.
//!
//! - With [`Synchronous::Normal`] a commit waits for no disk. The caller who finds the connection free uses it on the spot,
//!   taking along all that is queued; a thread hop would cost more than the commit.
//! - With [`Synchronous::Full`], while somebody else has the connection, and while another process writes, an operation is
//!   queued for the *writer thread*, so that no thread of an async runtime ever sleeps here.
//!
//! Whoever has the connection takes the whole queue into one transaction. Each operation of a group has a savepoint, so one
//! that is refused does not undo its neighbours, and everybody is answered after the commit.

use crate::lock::lock;
use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError},
    thread::{self, JoinHandle},
    time::Duration,
};

use futures::channel::oneshot;
use rusqlite::Connection;

use super::{
    Synchronous,
    driver::Driver,
    fault::{Failure, Fault},
    schema::is_busy,
    write::Tx,
};

/// The writing half of an open store.
#[derive(Debug)]
pub(super) struct Writer {
    shared: Arc<Shared>,
}

struct Shared {
    conn: Mutex<Connection>,
    queue: Mutex<Queue>,
    /// Tells the writer thread of work, or of the end.
    wake: Condvar,
    driver: Driver,
    synchronous: Synchronous,
    /// How long to wait for another process, on the writer thread.
    patience: Duration,
}

#[derive(Default)]
struct Queue {
    jobs: Vec<Box<dyn Job>>,
    closed: bool,
    thread: Option<JoinHandle<()>>,
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
        let (queue, wake) = (Mutex::default(), Condvar::new());
        Writer { shared: Arc::new(Shared { conn: Mutex::new(conn), queue, wake, driver, synchronous, patience }) }
    }

    /// Carries out one operation and returns when it is committed.
    ///
    /// A queued operation is carried out even if this future is dropped before its end.
    pub(super) async fn write<T: Send + 'static>(&self, operation: impl Operation<T>) -> Result<T, Fault> {
        match self.submit(operation) {
            Submitted::Done(result) => result,
            Submitted::Queued(answer) => answer.await.unwrap_or_else(|_| Err(stopped())),
        }
    }

    /// As [`write`](Self::write), but always on the writer thread.
    pub(super) async fn write_large<T: Send + 'static>(&self, operation: impl Operation<T>) -> Result<T, Fault> {
        let (waiter, answer) = oneshot::channel();
        {
            let mut queue = lock(&self.shared.queue);
            queue.jobs.push(Box::new(Queued { operation: Some(operation.later()), result: None, waiter }));
            self.wake(&mut queue);
        }
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Whether this is the name of the driver for which it writes.
    pub(super) fn is_own(&self, token: &str) -> bool {
        self.shared.driver.is_own(token)
    }

    fn submit<T: Send + 'static>(&self, operation: impl Operation<T>) -> Submitted<T> {
        let free = match self.shared.synchronous {
            Synchronous::Normal => self.shared.try_conn(),
            Synchronous::Full => None,
        };
        if let Some(conn) = &free
            && lock(&self.shared.queue).jobs.is_empty()
        {
            match self.shared.begin(conn, Duration::ZERO) {
                Ok(tx) => return Submitted::Done(alone(&tx, operation)),
                // Another process writes: that is the writer thread's to wait for.
                Err(error) if is_busy(&error) => {}
                Err(error) => return Submitted::Done(Err(error.into())),
            }
        }
        let (waiter, answer) = oneshot::channel();
        let mut queue = lock(&self.shared.queue);
        queue.jobs.push(Box::new(Queued { operation: Some(operation.later()), result: None, waiter }));
        match free {
            Some(conn) => {
                let jobs = std::mem::take(&mut queue.jobs);
                drop(queue);
                if let Err(jobs) = self.shared.commit(conn, jobs, Duration::ZERO) {
                    // They keep their place before what came meanwhile.
                    let mut queue = lock(&self.shared.queue);
                    queue.jobs.splice(0..0, jobs);
                    self.wake(&mut queue);
                }
            }
            None => self.wake(&mut queue),
        }
        Submitted::Queued(answer)
    }

    /// Hands the queue to the writer thread, starting it if it does not run.
    fn wake(&self, queue: &mut Queue) {
        if queue.thread.as_ref().is_none_or(JoinHandle::is_finished) {
            let shared = self.shared.clone();
            match thread::Builder::new().name("flow-sqlite".to_owned()).spawn(move || shared.work()) {
                Ok(thread) => queue.thread = Some(thread),
                Err(error) => {
                    let failure: Failure = Arc::new(error);
                    queue.jobs.drain(..).for_each(|job| job.answer(Err(&failure)));
                }
            }
        }
        self.shared.wake.notify_one();
    }
}

impl Drop for Writer {
    /// Waits until everything queued is written, so that the claims of this store are free when its last clone is gone.
    fn drop(&mut self) {
        let thread = {
            let mut queue = lock(&self.shared.queue);
            queue.closed = true;
            queue.thread.take()
        };
        self.shared.wake.notify_one();
        // An answer can wake a task that drops the store right there, on the writer thread.
        if let Some(thread) = thread
            && thread.thread().id() != thread::current().id()
        {
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// The connection, if nobody has it.
    fn try_conn(&self) -> Option<MutexGuard<'_, Connection>> {
        match self.conn.try_lock() {
            Ok(conn) => Some(conn),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// The life of the writer thread.
    fn work(&self) {
        loop {
            let mut queue = lock(&self.queue);
            while queue.jobs.is_empty() {
                if queue.closed {
                    return;
                }
                queue = self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
            drop(queue);
            let conn = lock(&self.conn);
            // Taken only now: all that came while the connection was busy goes along.
            let jobs = std::mem::take(&mut lock(&self.queue).jobs);
            if let Err(jobs) = self.commit(conn, jobs, self.patience) {
                let failure: Failure = Arc::new(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("another process kept the database locked for {:?}", self.patience),
                ));
                jobs.into_iter().for_each(|job| job.answer(Err(&failure)));
            }
        }
    }

    /// Commits a group and answers it. Gives it back if another process did not let go of the database in time.
    fn commit(
        &self,
        conn: MutexGuard<'_, Connection>,
        mut jobs: Vec<Box<dyn Job>>,
        patience: Duration,
    ) -> Result<(), Vec<Box<dyn Job>>> {
        if jobs.is_empty() {
            return Ok(());
        }
        let committed = match self.begin(&conn, patience) {
            Ok(tx) => together(&tx, &mut jobs),
            Err(error) if is_busy(&error) => return Err(jobs),
            Err(error) => Err(Arc::new(error) as Failure),
        };
        // Whoever is answered may want to write at once.
        drop(conn);
        jobs.into_iter().for_each(|job| job.answer(committed.as_ref().map(|_| ())));
        Ok(())
    }

    fn begin<'c>(&'c self, conn: &'c Connection, patience: Duration) -> rusqlite::Result<Tx<'c>> {
        if !conn.is_autocommit() {
            // Left behind by a panic in the middle of a transaction.
            run(conn, "ROLLBACK")?;
        }
        conn.busy_timeout(patience)?;
        run(conn, "BEGIN IMMEDIATE")?;
        Ok(Tx { conn, driver: &self.driver })
    }
}

/// One operation and its commit. It needs no savepoint: undoing it is undoing the transaction.
fn alone<T>(tx: &Tx<'_>, operation: impl Operation<T>) -> Result<T, Fault> {
    let result = operation.now(tx).and_then(|done| Ok(run(tx.conn, "COMMIT").map(|()| done)?));
    if result.is_err() {
        undo_all(tx.conn);
    }
    result
}

/// Many operations and their commit.
fn together(tx: &Tx<'_>, jobs: &mut [Box<dyn Job>]) -> Result<(), Failure> {
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
        false => run(tx.conn, "COMMIT").map_err(|error| Arc::new(error) as Failure),
    });
    if committed.is_err() {
        undo_all(tx.conn);
    }
    committed
}

/// One operation of a group, inside its savepoint. Fails when the whole group has failed.
fn protected(tx: &Tx<'_>, job: &mut dyn Job) -> Result<(), Failure> {
    let savepoint = |sql| run(tx.conn, sql).map_err(|error| Arc::new(error) as Failure);
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

fn run(conn: &Connection, sql: &str) -> rusqlite::Result<()> {
    conn.prepare_cached(sql)?.execute([]).map(|_| ())
}

/// Leaves no transaction open. If even that fails, the next `begin` tries again.
fn undo_all(conn: &Connection) {
    if !conn.is_autocommit() {
        let _ = run(conn, "ROLLBACK");
    }
}

fn stopped() -> Fault {
    io::Error::other("the writer thread of the store ended before it had answered").into()
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer")
            .field("driver", &self.driver)
            .field("synchronous", &self.synchronous)
            .finish_non_exhaustive()
    }
}
