//! What goes wrong inside a transaction, before it is known for which sentence of an error message.

use std::{error::Error, path::Path, sync::Arc};

use rusqlite::ErrorCode;

use super::super::StoreError;

/// Why an operation was not carried out.
#[derive(Debug)]
pub(super) enum Fault {
    /// The store itself refused, with a finished error such as [`StoreError::Fenced`].
    Refused(StoreError),
    /// SQLite or the operating system failed.
    Failed(Failure),
}

/// A failure below the store. Shared, because one failed commit is the failure of everybody in its group.
pub(super) type Failure = Arc<dyn Error + Send + Sync>;

/// What an operator can do something about.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(
        "there is no room left: free some on the disk, or let the file grow larger; nothing is lost, and runs go on then"
    )]
    Full(#[source] rusqlite::Error),
    #[error("it cannot be written: give this process the right to write to the file and to its folder")]
    ReadOnly(#[source] rusqlite::Error),
    #[error("it cannot be opened: the file and its folder must be there, and readable and writable for this process")]
    CannotOpen(#[source] rusqlite::Error),
    #[error("it is not a database, or it is encrypted: open another path, or move that file away")]
    NotADatabase(#[source] rusqlite::Error),
    #[error("it is damaged: go on with a backup, or with what `sqlite3 <file> .recover` saves of it")]
    Damaged(#[source] rusqlite::Error),
    #[error(
        "the disk failed while the file was read or written; nothing that was acknowledged is lost, and runs go on when it works"
    )]
    Disk(#[source] rusqlite::Error),
    #[error("another process kept the database locked for longer than `busy_timeout`")]
    Locked(#[source] rusqlite::Error),
}

/// A failure with the file it happened to.
#[derive(Debug, thiserror::Error)]
#[error("`{path}`: {failure}")]
struct InFile {
    path: String,
    #[source]
    failure: Failure,
}

impl Fault {
    /// The error to hand out; `doing` completes "the store could not …".
    pub(super) fn doing(self, doing: impl FnOnce() -> String) -> StoreError {
        match self {
            Fault::Refused(error) => error,
            Fault::Failed(failure) => StoreError::backend(doing(), failure),
        }
    }

    /// It with the name of the file.
    pub(super) fn with_file(self, path: &Path) -> Self {
        match self {
            Fault::Refused(error) => Fault::Refused(error),
            Fault::Failed(failure) => Fault::Failed(Arc::new(InFile { path: path.display().to_string(), failure })),
        }
    }
}

/// What SQLite says, with what to do about it.
pub(super) fn failure(error: rusqlite::Error) -> Failure {
    let explained = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Trouble::Full,
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Trouble::ReadOnly,
        Some(ErrorCode::CannotOpen) => Trouble::CannotOpen,
        Some(ErrorCode::NotADatabase) => Trouble::NotADatabase,
        Some(ErrorCode::DatabaseCorrupt) => Trouble::Damaged,
        Some(ErrorCode::SystemIoFailure) => Trouble::Disk,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Trouble::Locked,
        _ => return Arc::new(error),
    };
    Arc::new(explained(error))
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Fault::Refused(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Fault::Failed(failure(error))
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Fault::Failed(Arc::new(error))
    }
}

/// The error for a text in this column that is not what this store writes there.
pub(super) fn malformed(column: usize, error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, error.into())
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, OpenFlags};

    use super::*;

    #[test]
    fn what_an_operator_can_help_is_said() -> Result<(), Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("flow.db");
        Connection::open(&path)?.execute_batch("CREATE TABLE t (x); PRAGMA journal_mode = WAL")?;
        let told = |failed: rusqlite::Result<()>| match failed {
            Err(error) => {
                Fault::from(error).with_file(&path).doing(|| "write".to_owned()).source().map(ToString::to_string)
            }
            Ok(()) => None,
        };
        let read_only = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let (mine, other) = (Connection::open(&path)?, Connection::open(&path)?);
        other.execute_batch("BEGIN IMMEDIATE")?;
        mine.busy_timeout(std::time::Duration::ZERO)?;
        let missing = Connection::open_with_flags(folder.path().join("no.db"), OpenFlags::SQLITE_OPEN_READ_ONLY);
        let cases = [
            (told(read_only.execute_batch("DELETE FROM t")), "the right to write"),
            (told(mine.execute_batch("DELETE FROM t")), "another process"),
            (told(missing.map(drop)), "cannot be opened"),
            (told(mine.execute_batch("DELETE FROM missing")), "no such table"),
        ];
        for (told, part) in cases {
            let told = told.unwrap_or_default();
            assert!(told.contains(part) && told.starts_with('`') && told.contains("flow.db`: "), "{told}");
        }
        Ok(())
    }
}
