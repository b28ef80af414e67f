//! What goes wrong inside a transaction, before it is known for which sentence of an error message.

use std::{error::Error, sync::Arc};

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

impl Fault {
    /// The error to hand out; `doing` completes "the store could not …".
    pub(super) fn doing(self, doing: impl FnOnce() -> String) -> StoreError {
        match self {
            Fault::Refused(error) => error,
            Fault::Failed(failure) => StoreError::backend(doing(), failure),
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Fault::Refused(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Fault::Failed(Arc::new(error))
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
