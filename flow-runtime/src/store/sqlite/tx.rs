//! What a `#[step(tx)]` writes with.

use std::{
    any::Any,
    sync::{
        Arc, Mutex, TryLockError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use rusqlite::{
    Connection, Params, Row,
    hooks::{AuthAction, AuthContext, Authorization},
};

use super::{
    super::{Checkpoint, StoreFuture, StoreTx},
    Sqlite, Tx, about,
    commit::{Borrowing, OpenTx},
    fault::Fault,
    write,
};
use crate::lock::lock;

/// The transaction of a `#[step(tx)]` of a run that is kept in SQLite: what is written with it is kept exactly if the step
/// succeeds, together with the record that it has.
///
/// While the step runs nobody else writes to the file, so it should do nothing else that takes time. What it asks of the same
/// store in another way, as starting or answering a run, would have to wait for its own end, and fails. Tables of its own are
/// best created beforehand; those of the store are not for it to change.
///
/// ```no_run
/// use flow_runtime::{SqliteTx, prelude::*};
///
/// #[step(tx)]
/// async fn transfer(cents: i64) -> Result<(), String> {
///     let tx = SqliteTx::current().map_err(|error| error.to_string())?;
///     tx.execute("UPDATE accounts SET cents = cents - ?1 WHERE name = 'ann'", [cents]).map_err(|error| error.to_string())?;
///     Ok(())
/// }
/// ```
pub struct SqliteTx {
    /// Gone when the step has ended.
    open: Mutex<Option<OpenTx>>,
    lent: Lent,
}

/// What is known of a connection in the hands of somebody who may not end its transaction.
pub(super) type Lent = Arc<Loan>;

#[derive(Debug, Default)]
pub(super) struct Loan {
    /// Somebody has it right now.
    out: AtomicBool,
    /// SQLite has undone the transaction on its own, and what was done since would not be a part of it.
    undone: AtomicBool,
}

/// Why a step could not write with its transaction.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqliteTxError {
    /// There is no transaction here.
    #[error(
        "there is no SQLite transaction here: `SqliteTx::current` is for the body of a `#[step(tx)]`, in a run that is kept in \
         a `Sqlite` store"
    )]
    NoTransaction,
    /// The step has ended, and its transaction with it.
    #[error("the step has ended, and the transaction with it: write while the step runs")]
    Ended,
    /// The statement would have ended the transaction or begun another.
    #[error("the store ends the transaction of a step: `BEGIN`, `COMMIT` and `ROLLBACK` are not for the step to say")]
    NotYours {
        /// SQLite's own error.
        #[source]
        source: rusqlite::Error,
    },
    /// SQLite has undone the whole transaction, as it does with `INSERT OR ROLLBACK`, `RAISE(ROLLBACK, …)` and when the disk
    /// is full. Nothing more can be written, and the step does not count as done.
    #[error(
        "SQLite has undone the whole transaction of the step after a failure: nothing of it is kept, and nothing more can be \
         written"
    )]
    Undone {
        /// SQLite's own error, of the statement that failed.
        #[source]
        source: Option<rusqlite::Error>,
    },
    /// SQLite refused.
    #[error("SQLite could not do this in the transaction of the step")]
    Sqlite {
        /// SQLite's own error.
        #[from]
        source: rusqlite::Error,
    },
}

impl SqliteTx {
    /// The transaction of the `#[step(tx)]` that calls this.
    ///
    /// # Errors
    /// [`SqliteTxError::NoTransaction`] anywhere else.
    pub fn current() -> Result<Arc<Self>, SqliteTxError> {
        crate::transaction::<Self>().ok_or(SqliteTxError::NoTransaction)
    }

    /// Carries out a statement. Returns how many rows it changed.
    ///
    /// # Errors
    /// When SQLite refuses it, when it would end the transaction, when SQLite has undone the transaction, and when the step has
    /// ended.
    pub fn execute(&self, sql: &str, params: impl Params) -> Result<usize, SqliteTxError> {
        self.with(|conn| conn.prepare_cached(sql)?.execute(params))
    }

    /// Reads the first row of a query.
    ///
    /// # Errors
    /// As [`execute`](Self::execute), and when there is no row.
    pub fn query_row<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, SqliteTxError> {
        self.with(|conn| conn.prepare_cached(sql)?.query_row(params, read))
    }

    /// Does anything with the connection but end its transaction.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub fn with<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, SqliteTxError> {
        let open = lock(&self.open);
        let conn = open.as_ref().and_then(OpenTx::conn).ok_or(SqliteTxError::Ended)?;
        if self.lent.is_undone(conn) {
            return Err(SqliteTxError::Undone { source: None });
        }
        let hands = Hands::of(&self.lent);
        let done = work(conn);
        drop(hands);
        if self.lent.is_undone(conn) {
            return Err(SqliteTxError::Undone { source: done.err() });
        }
        done.map_err(|source| match source.sqlite_error_code() {
            Some(rusqlite::ErrorCode::AuthorizationForStatementDenied) => SqliteTxError::NotYours { source },
            _ => SqliteTxError::Sqlite { source },
        })
    }
}

impl SqliteTx {
    fn is_open(&self) -> bool {
        match self.open.try_lock() {
            Ok(open) => open.is_some(),
            Err(TryLockError::Poisoned(open)) => open.get_ref().is_some(),
            // Somebody writes with it.
            Err(TryLockError::WouldBlock) => true,
        }
    }
}

impl std::fmt::Debug for SqliteTx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteTx").field("ended", &lock(&self.open).is_none()).finish_non_exhaustive()
    }
}

impl Loan {
    /// Whether the transaction is no more the one that was begun for the step.
    fn is_undone(&self, conn: &Connection) -> bool {
        self.undone.load(Relaxed) || conn.is_autocommit()
    }
}

/// As long as the connection is lent; also if the step panics.
struct Hands<'l>(&'l Loan);

impl<'l> Hands<'l> {
    fn of(lent: &'l Loan) -> Self {
        lent.out.store(true, Relaxed);
        Hands(lent)
    }
}

impl Drop for Hands<'_> {
    fn drop(&mut self) {
        self.0.out.store(false, Relaxed);
    }
}

/// Forbids a connection to end a transaction while it is lent. SQLite asks when it compiles a statement, so those of the store
/// carry a comment of their own: nobody finds them compiled.
///
/// A failure can end it all the same. What follows in the same hands would be committed statement by statement, so that is
/// noticed, and no such commit succeeds.
pub(super) fn forbid_ends(conn: &mut Connection, lent: &Lent) {
    let [asked, commits, undone] = [lent.clone(), lent.clone(), lent.clone()];
    let ask = move |context: AuthContext<'_>| match context.action {
        AuthAction::Transaction { .. } if asked.out.load(Relaxed) => Authorization::Deny,
        _ => Authorization::Allow,
    };
    // Newer versions of rusqlite return something here.
    let _ = conn.authorizer(Some(ask));
    let _ = conn.commit_hook(Some(move || commits.out.load(Relaxed)));
    let _ = conn.rollback_hook(Some(move || {
        if undone.out.load(Relaxed) {
            undone.undone.store(true, Relaxed);
        }
    }));
}

/// The store's side of it.
pub(super) struct Lending {
    tx: Arc<SqliteTx>,
    /// Dropped after the transaction, which the writer waits for.
    store: Sqlite,
}

impl Sqlite {
    /// Refuses a step to wait for a write that waits for the end of the step.
    pub(super) fn may_wait(&self) -> Result<(), Fault> {
        match SqliteTx::current() {
            Ok(tx) if Arc::ptr_eq(&tx.lent, &self.inner.lent) && tx.is_open() => Err(std::io::Error::other(
                "a `#[step(tx)]` cannot wait for another write of the same store, which waits for the end of the step: \
                 do that in a step of its own",
            )
            .into()),
            _ => Ok(()),
        }
    }

    pub(super) fn lend(&self) -> StoreFuture<'_, Box<dyn StoreTx>> {
        Box::pin(async move {
            let open = match self.may_wait() {
                Ok(()) => self.inner.writer.begin().await,
                Err(fault) => Err(fault),
            };
            let open = open.map_err(|fault| self.failed(fault, || "begin a transaction for a step".to_owned()))?;
            self.inner.lent.undone.store(false, Relaxed);
            let tx = SqliteTx { open: Mutex::new(Some(open)), lent: self.inner.lent.clone() };
            Ok(Box::new(Lending { tx: Arc::new(tx), store: self.clone() }) as Box<dyn StoreTx>)
        })
    }
}

impl StoreTx for Lending {
    fn handle(&self) -> Arc<dyn Any + Send + Sync> {
        self.tx.clone()
    }

    fn commit<'a>(self: Box<Self>, run: &'a str, fence: u64, checkpoint: &'a Checkpoint) -> StoreFuture<'a, ()>
    where
        Self: 'a,
    {
        Box::pin(async move {
            let open = lock(&self.tx.open).take();
            let last = Borrowing(
                move |tx: &Tx<'_>| write::checkpoint(tx, run, fence, checkpoint),
                move || {
                    let (run, checkpoint) = (run.to_owned(), checkpoint.clone());
                    move |tx: &Tx<'_>| write::checkpoint(tx, &run, fence, &checkpoint)
                },
            );
            // Whether or not the step has minded that SQLite has undone it.
            let whole = open.filter(|open| open.conn().is_some_and(|conn| !self.tx.lent.is_undone(conn)));
            let ended = match whole {
                Some(open) => self.store.inner.writer.end(open, last).await,
                None => Err(undone()),
            };
            ended.map_err(|fault| self.store.failed(fault, || about("commit the transaction of a step of", run)))
        })
    }
}

fn undone() -> Fault {
    std::io::Error::other("SQLite has undone the transaction after a failure in the step").into()
}

impl Drop for Lending {
    /// The step may have kept its handle: nobody waits for that.
    fn drop(&mut self) {
        drop(lock(&self.tx.open).take());
    }
}
