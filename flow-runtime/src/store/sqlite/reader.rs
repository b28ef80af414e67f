//! Reading on the spot, what takes microseconds.
//!
//! It has a connection of its own, so that reading never waits for a commit. To open one costs as much as some tens of reads, so
//! it is opened when there have been some: who opens a file to take one run up reads with the connection that writes, as long as
//! nobody writes with it.

use std::{path::PathBuf, sync::Mutex, time::Duration};

use rusqlite::Connection;

use super::{commit::Writer, fault::Fault, schema};
use crate::lock::lock;

/// How many times the connection that writes is asked first.
const FEW: u32 = 32;

/// How to open a connection that reads.
#[derive(Debug, Clone)]
pub(super) struct Opening {
    /// Canonical, because the working folder may be another one when it is opened.
    pub(super) path: PathBuf,
    pub(super) patience: Duration,
}

impl Opening {
    /// The connection, opened now if it was not before.
    pub(super) fn of<'c>(&self, conn: &'c mut Option<Connection>) -> Result<&'c Connection, Fault> {
        match conn {
            Some(conn) => Ok(conn),
            None => Ok(conn.insert(schema::open_reader(&self.path, self.patience)?)),
        }
    }
}

/// Who reads on the spot.
#[derive(Debug)]
pub(super) struct Reader {
    opening: Opening,
    own: Mutex<Own>,
}

#[derive(Debug, Default)]
struct Own {
    conn: Option<Connection>,
    /// How many reads there have been without it.
    without: u32,
}

impl Reader {
    pub(super) fn new(opening: Opening) -> Self {
        Reader { opening, own: Mutex::default() }
    }

    /// Reads what is committed.
    pub(super) fn read<T>(
        &self,
        writer: &Writer,
        read: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut own = lock(&self.own);
        if own.conn.is_none() && own.without < FEW {
            own.without += 1;
            if let Some(idle) = writer.idle()
                && let Some(conn) = idle.conn()
            {
                return read(conn);
            }
        }
        read(self.opening.of(&mut own.conn)?)
    }
}
