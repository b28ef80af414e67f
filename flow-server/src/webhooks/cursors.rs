//! How far each webhook has got with each run.

use std::{
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use flow_runtime::rusqlite::{Connection, Error, OptionalExtension as _, Row, params};

/// The tables. A run has a row as long as there may be something of it to send.
const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS webhooks (
        name TEXT PRIMARY KEY,
        since INTEGER NOT NULL,
        seen INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS cursors (
        webhook TEXT NOT NULL,
        run TEXT NOT NULL,
        workflow TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        status TEXT NOT NULL,
        updated_at INTEGER NOT NULL,
        next INTEGER NOT NULL,
        news INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        failing_since INTEGER,
        retry_at INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (webhook, run)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS cursors_with_news ON cursors (webhook, retry_at) WHERE news = 1;
";

/// How far a webhook has got with a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) run: String,
    pub(super) workflow: String,
    pub(super) created_at: i64,
    /// How the run stood when it was last looked at.
    pub(super) status: String,
    pub(super) updated_at: i64,
    /// The number of the event to send next.
    pub(super) next: u64,
    /// Whether there may be events to send.
    pub(super) news: bool,
    /// How often the next event was sent in vain, and since when.
    pub(super) attempts: u32,
    pub(super) failing_since: Option<i64>,
    /// When to send again.
    pub(super) retry_at: i64,
}

const COLUMNS: &str = "run, workflow, created_at, status, updated_at, next, news, attempts, failing_since, retry_at";

/// The file.
pub(super) struct Cursors {
    connection: Mutex<Connection>,
}

impl Cursors {
    pub(super) fn open(file: &Path) -> Result<Self, Error> {
        let connection = Connection::open(file)?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.execute_batch(SCHEMA)?;
        Ok(Cursors { connection: Mutex::new(connection) })
    }

    /// Statements are short, and none leaves the connection in between.
    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Since when a webhook is there, and until when runs were looked for: now, for one that is new.
    pub(super) fn webhook(&self, name: &str, now: i64) -> Result<(i64, i64), Error> {
        let connection = self.connection();
        connection
            .execute("INSERT OR IGNORE INTO webhooks (name, since, seen) VALUES (?1, ?2, ?2)", params![name, now])?;
        connection
            .query_row("SELECT since, seen FROM webhooks WHERE name = ?1", [name], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// Until when runs were looked for.
    pub(super) fn seen(&self, name: &str, until: i64) -> Result<(), Error> {
        self.connection().execute("UPDATE webhooks SET seen = ?2 WHERE name = ?1", params![name, until]).map(|_| ())
    }

    pub(super) fn find(&self, webhook: &str, run: &str) -> Result<Option<Cursor>, Error> {
        let connection = self.connection();
        let sql = format!("SELECT {COLUMNS} FROM cursors WHERE webhook = ?1 AND run = ?2");
        connection.prepare_cached(&sql)?.query_row([webhook, run], cursor).optional()
    }

    /// Writes a cursor, all of it.
    pub(super) fn put(&self, webhook: &str, cursor: &Cursor) -> Result<(), Error> {
        let connection = self.connection();
        let sql = format!(
            "INSERT OR REPLACE INTO cursors (webhook, {COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
        );
        let values = params![
            webhook,
            cursor.run,
            cursor.workflow,
            cursor.created_at,
            cursor.status,
            cursor.updated_at,
            cursor.next.cast_signed(),
            cursor.news,
            cursor.attempts,
            cursor.failing_since,
            cursor.retry_at
        ];
        connection.prepare_cached(&sql)?.execute(values).map(|_| ())
    }

    pub(super) fn forget(&self, webhook: &str, run: &str) -> Result<(), Error> {
        self.connection().execute("DELETE FROM cursors WHERE webhook = ?1 AND run = ?2", [webhook, run]).map(|_| ())
    }

    /// Those with something to send now.
    pub(super) fn with_news(&self, webhook: &str, now: i64, limit: u32) -> Result<Vec<Cursor>, Error> {
        let connection = self.connection();
        let sql = format!(
            "SELECT {COLUMNS} FROM cursors WHERE webhook = ?1 AND news = 1 AND retry_at <= ?2 ORDER BY retry_at LIMIT ?3"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let found = statement.query_map(params![webhook, now, limit], cursor)?;
        found.collect()
    }

    /// Those whose run had not ended when it was last looked at, or had failed and may be tried again.
    pub(super) fn that_may_change(&self, webhook: &str) -> Result<Vec<Cursor>, Error> {
        let connection = self.connection();
        let sql =
            format!("SELECT {COLUMNS} FROM cursors WHERE webhook = ?1 AND status NOT IN ('completed', 'cancelled')");
        let mut statement = connection.prepare_cached(&sql)?;
        let found = statement.query_map([webhook], cursor)?;
        found.collect()
    }

    /// Forgets runs that have ended, of which all was sent, and that nobody will come upon again: those that were started, and
    /// last changed, before these times.
    pub(super) fn clean(&self, webhook: &str, created: i64, changed: i64, failed: i64) -> Result<(), Error> {
        let sql = "DELETE FROM cursors WHERE webhook = ?1 AND news = 0 AND created_at < ?2
                   AND (status IN ('completed', 'cancelled') AND updated_at < ?3 OR status = 'failed' AND updated_at < ?4)";
        self.connection().execute(sql, params![webhook, created, changed, failed]).map(|_| ())
    }
}

fn cursor(row: &Row<'_>) -> Result<Cursor, Error> {
    Ok(Cursor {
        run: row.get(0)?,
        workflow: row.get(1)?,
        created_at: row.get(2)?,
        status: row.get(3)?,
        updated_at: row.get(4)?,
        next: row.get::<_, i64>(5)?.cast_unsigned(),
        news: row.get(6)?,
        attempts: row.get(7)?,
        failing_since: row.get(8)?,
        retry_at: row.get(9)?,
    })
}
