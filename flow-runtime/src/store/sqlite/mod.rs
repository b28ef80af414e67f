//! Runs kept in an SQLite file.
//!
//! The tables are meant to be looked at: `sqlite3 flow.db 'SELECT id, status, workflow FROM runs'`. Any number of processes
//! may have the file open at once.

mod commit;
mod definitions;
mod driver;
mod events;
mod fault;
mod fold;
mod group;
mod history;
mod idle;
mod large;
mod list;
mod operations;
mod options;
mod pace;
mod prune;
mod read;
mod reader;
mod schema;
mod sessions;
mod tx;
mod write;

/// The locks of [`group`].
mod sync {
    pub(super) use std::sync::{Condvar, Mutex, MutexGuard};
}

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use rusqlite::Connection;

use self::{
    commit::{Operation, Writer},
    fault::Fault,
    large::Large,
    reader::Reader,
    tx::Lent,
    write::Tx,
};
pub use self::{
    options::{SqliteOptions, Synchronous},
    tx::{SqliteTx, SqliteTxError},
};
use super::{StoreError, StoreFuture};

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
    lent: Lent,
    reader: Reader,
    large: Arc<Mutex<Large>>,
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
        SqliteOptions::default()
    }

    fn failed(&self, fault: Fault, doing: impl FnOnce() -> String) -> StoreError {
        fault.with_file(&self.inner.path).doing(doing)
    }

    /// Reads on the spot: a warm read takes microseconds, less than a thread hop.
    fn read<'a, T: Send + 'a>(
        &'a self,
        doing: &'static str,
        run: &'a str,
        read: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'a,
    ) -> StoreFuture<'a, T> {
        Box::pin(async move {
            self.inner.reader.read(&self.inner.writer, read).map_err(|fault| self.failed(fault, || about(doing, run)))
        })
    }

    /// Writes something of a run as a whole. See [`Writer::write`].
    fn write<'a, T: Send + 'static>(
        &'a self,
        doing: &'static str,
        run: &'a str,
        operation: impl Operation<T> + Send + 'a,
    ) -> StoreFuture<'a, T> {
        self.write_line(doing, run, "", operation)
    }

    /// Writes something of one line of control of a run.
    fn write_line<'a, T: Send + 'static>(
        &'a self,
        doing: &'static str,
        run: &'a str,
        path: &'a str,
        operation: impl Operation<T> + Send + 'a,
    ) -> StoreFuture<'a, T> {
        Box::pin(async move {
            let mut line = DefaultHasher::new();
            (run, path).hash(&mut line);
            let written = match self.may_wait() {
                Ok(()) => self.inner.writer.write(line.finish(), operation).await,
                Err(fault) => Err(fault),
            };
            written.map_err(|fault| self.failed(fault, || about(doing, run)))
        })
    }

    /// Writes what may take long: always on the writer thread.
    fn write_large<'a, T: Send + 'static>(
        &'a self,
        doing: &'static str,
        operation: impl Operation<T> + Send + 'a,
    ) -> StoreFuture<'a, T> {
        Box::pin(async move {
            let written = match self.may_wait() {
                Ok(()) => self.inner.writer.write_large(operation).await,
                Err(fault) => Err(fault),
            };
            written.map_err(|fault| self.failed(fault, || doing.to_owned()))
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
