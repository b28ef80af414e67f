//! What goes wrong below an operation, before it is known for which sentence of an error message.

use std::{error::Error, io};

use deadpool_postgres::PoolError;
use flow_runtime::StoreError;
use tokio_postgres::error::SqlState;

/// Why an operation was not carried out.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The store itself refused, with a finished error such as [`StoreError::Fenced`].
    Refused(StoreError),
    /// PostgreSQL refused, or could not be reached.
    Failed(tokio_postgres::Error),
    /// Anything else, said in a sentence.
    Other(Box<dyn Error + Send + Sync>),
}

impl Fault {
    /// The error to hand out; `doing` completes "the store could not …".
    pub(crate) fn doing(self, doing: impl FnOnce() -> String) -> StoreError {
        match self {
            Fault::Refused(error) => error,
            Fault::Failed(error) if error.code() == Some(&SqlState::CHARACTER_NOT_IN_REPERTOIRE) => {
                let why = "a text contains the character NUL, which PostgreSQL cannot keep: leave it out, or escape it";
                StoreError::backend(doing(), why)
            }
            Fault::Failed(error) => StoreError::backend(doing(), error),
            Fault::Other(error) => StoreError::backend(doing(), error),
        }
    }

    pub(crate) fn other(why: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Fault::Other(why.into())
    }

    /// Whether PostgreSQL refused because something of this name is there already.
    pub(crate) fn is_duplicate(&self) -> bool {
        matches!(self, Fault::Failed(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION))
    }

    /// Whether the same may well work a moment later: the connection was cut, the server restarts, two transactions were in
    /// each other's way.
    pub(crate) fn is_passing(&self) -> bool {
        let Fault::Failed(error) = self else { return false };
        if error.is_closed() {
            return true;
        }
        if let Some(code) = error.code() {
            return code.code().starts_with("08")
                || [
                    &SqlState::ADMIN_SHUTDOWN,
                    &SqlState::CRASH_SHUTDOWN,
                    &SqlState::CANNOT_CONNECT_NOW,
                    &SqlState::TOO_MANY_CONNECTIONS,
                    &SqlState::T_R_SERIALIZATION_FAILURE,
                    &SqlState::T_R_DEADLOCK_DETECTED,
                ]
                .contains(&code);
        }
        // What TLS does not like is there to stay.
        let io = error.source().and_then(|source| source.downcast_ref::<io::Error>());
        io.is_some_and(|io| !matches!(io.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput))
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Fault::Refused(error)
    }
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        Fault::Failed(error)
    }
}

impl From<PoolError> for Fault {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => Fault::Failed(error),
            error => Fault::Other(error.into()),
        }
    }
}
