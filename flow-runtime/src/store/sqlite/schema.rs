//! Opening the file: its pragmas and its schema.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig};

use super::{
    super::StoreError,
    Synchronous,
    fault::Fault,
    list,
    tx::{Lent, forbid_ends},
};

/// The steps from an empty file to the schema of this version, in order. Only ever append: `PRAGMA user_version` is the
/// number of steps a file has behind it.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_runs.sql"),
    include_str!("migrations/0002_language.sql"),
    include_str!("migrations/0003_engine.sql"),
    include_str!("migrations/0004_asks.sql"),
];

/// Room for every statement of this store, `list` in all its forms included.
const STATEMENTS: usize = 160;

/// Opens the connection that writes, and brings the file to the schema of this version.
pub(super) fn open_writer(
    path: &Path,
    synchronous: Synchronous,
    patience: Duration,
    lent: &Lent,
) -> Result<Connection, Fault> {
    let mut conn = connect(path, OpenFlags::SQLITE_OPEN_CREATE, patience)?;
    // Before anything is changed: the file of a newer version is not ours to touch.
    let version = readable_version(&conn)?;
    use_wal(&conn, patience)?;
    conn.pragma_update(None, "synchronous", synchronous.as_str())?;
    if version < known_version() {
        migrate(&conn)?;
    }
    forbid_ends(&mut conn, lent);
    Ok(conn)
}

/// Opens a connection that reads. It may write to the `-shm` file only, which is how readers of a WAL find their place.
pub(super) fn open_reader(path: &Path, patience: Duration) -> Result<Connection, Fault> {
    let conn = connect(path, OpenFlags::empty(), patience)?;
    conn.pragma_update(None, "query_only", true)?;
    Ok(conn)
}

/// Lets the file grow no larger than this many bytes. It is SQLite's own affair not to make one smaller.
pub(super) fn limit(conn: &Connection, bytes: u64) -> Result<(), Fault> {
    let page: i64 = conn.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    let pages = i64::try_from(bytes).unwrap_or(i64::MAX) / page.max(1);
    conn.query_row(&format!("PRAGMA max_page_count = {}", pages.clamp(1, i64::from(u32::MAX) - 1)), [], |_| Ok(()))?;
    Ok(())
}

fn connect(path: &Path, flags: OpenFlags, patience: Duration) -> Result<Connection, Fault> {
    // Without SQLITE_OPEN_URI: a path is a path, also when it begins with `file:`. Without SQLite's own mutex: every
    // connection of this store stands behind a Rust one.
    let flags = flags | OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(patience)?;
    // One plan per statement, whatever the values. Without this guarantee SQLite looks at them, and compiles the statement that
    // writes the history anew at every checkpoint.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    list::teach(&conn)?;
    Ok(conn)
}

fn known_version() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

fn readable_version(conn: &Connection) -> Result<i64, Fault> {
    let found = conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let known = known_version();
    if found > known {
        return Err(StoreError::NewerSchema { found, known }.into());
    }
    Ok(found)
}

/// Switches the file to a write-ahead log. SQLite does not wait on its own here when another process does the same.
fn use_wal(conn: &Connection, patience: Duration) -> Result<(), Fault> {
    let deadline = Instant::now() + patience;
    loop {
        match conn.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0)) {
            Ok(mode) if mode.eq_ignore_ascii_case("wal") => return Ok(()),
            Ok(mode) => {
                let refused = format!("this file system allows no write-ahead log (journal mode stays `{mode}`)");
                return Err(StoreError::backend("use SQLite as it needs to", refused).into());
            }
            Err(error) if is_busy(&error) && Instant::now() < deadline => thread::sleep(Duration::from_millis(2)),
            Err(error) => return Err(error.into()),
        }
    }
}

fn migrate(conn: &Connection) -> Result<(), Fault> {
    conn.execute_batch("BEGIN IMMEDIATE")?;
    let migrated = (|| {
        // Once more, now that nobody else can write: another process may have been here first.
        let version = readable_version(conn)?;
        for migration in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or(0)) {
            conn.execute_batch(migration)?;
        }
        conn.pragma_update(None, "user_version", known_version())?;
        Ok(conn.execute_batch("COMMIT")?)
    })();
    if migrated.is_err() && !conn.is_autocommit() {
        let _ = conn.execute_batch("ROLLBACK");
    }
    migrated
}

/// Whether another process is in the way.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The connection that writes, to a new file.
    pub(in super::super) fn open() -> Result<(tempfile::TempDir, Connection), StoreError> {
        let opened = tempfile::tempdir().map_err(Fault::from).and_then(|folder| {
            let conn =
                open_writer(&folder.path().join("flow.db"), Synchronous::Normal, Duration::ZERO, &Lent::default())?;
            Ok((folder, conn))
        });
        opened.map_err(|fault| fault.doing(|| "open a new file".to_owned()))
    }
}
