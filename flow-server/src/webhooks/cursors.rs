//! How far each webhook has got with each run.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
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

/// Why the file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    #[error(transparent)]
    Sqlite(#[from] Error),
    #[error("the file of the webhooks was being read when this program ended")]
    Stopped(#[from] tokio::task::JoinError),
}

/// What one webhook has in the file. The file may be locked for a while by somebody else, so it is read and written where waiting
/// keeps nobody else.
#[derive(Clone)]
pub(super) struct Cursors {
    connection: Arc<Mutex<Connection>>,
    webhook: Arc<str>,
}

impl Cursors {
    /// Opens the file, for no webhook yet.
    pub(super) fn open(file: &Path) -> Result<Arc<Mutex<Connection>>, Error> {
        let connection = Connection::open(file)?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.execute_batch(SCHEMA)?;
        Ok(Arc::new(Mutex::new(connection)))
    }

    /// Those of the webhook of this name.
    pub(super) fn of(connection: Arc<Mutex<Connection>>, webhook: &str) -> Self {
        Cursors { connection, webhook: webhook.into() }
    }

    /// Statements are short, and none leaves the connection in between.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection, &str) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, FileError> {
        let Cursors { connection, webhook } = self.clone();
        let work = move || work(&connection.lock().unwrap_or_else(PoisonError::into_inner), &webhook);
        Ok(tokio::task::spawn_blocking(work).await??)
    }

    /// Since when a webhook is there, and until when runs were looked for: now, for one that is new.
    pub(super) async fn begin(&self, now: i64) -> Result<(i64, i64), FileError> {
        self.with(move |connection, webhook| {
            let new = "INSERT OR IGNORE INTO webhooks (name, since, seen) VALUES (?1, ?2, ?2)";
            connection.execute(new, params![webhook, now])?;
            let sql = "SELECT since, seen FROM webhooks WHERE name = ?1";
            connection.query_row(sql, [webhook], |row| Ok((row.get(0)?, row.get(1)?)))
        })
        .await
    }

    /// Notes until when runs were looked for.
    pub(super) async fn seen(&self, until: i64) -> Result<(), FileError> {
        let sql = "UPDATE webhooks SET seen = ?2 WHERE name = ?1";
        self.with(move |connection, webhook| connection.execute(sql, params![webhook, until]).map(|_| ())).await
    }

    /// The cursors there are of these runs.
    pub(super) async fn of_runs(&self, runs: Vec<String>) -> Result<HashMap<String, Cursor>, FileError> {
        self.with(move |connection, webhook| {
            let sql = format!("SELECT {COLUMNS} FROM cursors WHERE webhook = ?1 AND run = ?2");
            let mut statement = connection.prepare_cached(&sql)?;
            let mut find =
                |run: String| Ok(statement.query_row([webhook, &run], cursor).optional()?.map(|of| (run, of)));
            runs.into_iter().filter_map(|run| find(run).transpose()).collect()
        })
        .await
    }

    /// Writes cursors, all or none.
    pub(super) async fn put(&self, cursors: Vec<Cursor>) -> Result<(), FileError> {
        if cursors.is_empty() {
            return Ok(());
        }
        self.with(move |connection, webhook| {
            let transaction = connection.unchecked_transaction()?;
            let sql = format!(
                "INSERT OR REPLACE INTO cursors (webhook, {COLUMNS})
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
            );
            let mut statement = transaction.prepare_cached(&sql)?;
            for cursor in cursors {
                statement.execute(params![
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
                ])?;
            }
            drop(statement);
            transaction.commit()
        })
        .await
    }

    pub(super) async fn forget(&self, run: String) -> Result<(), FileError> {
        let sql = "DELETE FROM cursors WHERE webhook = ?1 AND run = ?2";
        self.with(move |connection, webhook| connection.execute(sql, [webhook, &run]).map(|_| ())).await
    }

    /// Notes that there may be something new of runs that are driven: what happens in these changes no status.
    pub(super) async fn running_have_news(&self) -> Result<(), FileError> {
        let sql = "UPDATE cursors SET news = 1 WHERE webhook = ?1 AND news = 0 AND status = 'running'";
        self.with(move |connection, webhook| connection.prepare_cached(sql)?.execute([webhook]).map(|_| ())).await
    }

    /// Those with something to send now.
    pub(super) async fn with_news(&self, now: i64, limit: u32) -> Result<Vec<Cursor>, FileError> {
        self.with(move |connection, webhook| {
            let sql = format!(
                "SELECT {COLUMNS} FROM cursors
                 WHERE webhook = ?1 AND news = 1 AND retry_at <= ?2 ORDER BY retry_at LIMIT ?3"
            );
            connection.prepare_cached(&sql)?.query_map(params![webhook, now, limit], cursor)?.collect()
        })
        .await
    }

    /// The runs that had not ended when they were last looked at, or had failed and may be tried again.
    pub(super) async fn that_may_change(&self) -> Result<Vec<String>, FileError> {
        let sql = "SELECT run FROM cursors WHERE webhook = ?1 AND status NOT IN ('completed', 'cancelled')";
        self.with(move |connection, webhook| {
            connection.prepare_cached(sql)?.query_map([webhook], |row| row.get(0))?.collect()
        })
        .await
    }

    /// The runs of this workflow that stood so when they were last looked at.
    pub(super) async fn that_stood(&self, workflow: String, status: &'static str) -> Result<Vec<String>, FileError> {
        let sql = "SELECT run FROM cursors WHERE webhook = ?1 AND workflow = ?2 AND status = ?3";
        self.with(move |connection, webhook| {
            connection.prepare_cached(sql)?.query_map([webhook, &workflow, status], |row| row.get(0))?.collect()
        })
        .await
    }

    /// Forgets runs that have ended, of which all was sent, and that nobody will come upon again: those that were started, and
    /// last changed, before these times.
    pub(super) async fn clean(&self, created: i64, changed: i64, failed: i64) -> Result<(), FileError> {
        let sql = "DELETE FROM cursors WHERE webhook = ?1 AND news = 0 AND created_at < ?2
                   AND (status IN ('completed', 'cancelled') AND updated_at < ?3 OR status = 'failed' AND updated_at < ?4)";
        self.with(move |connection, webhook| {
            connection.execute(sql, params![webhook, created, changed, failed]).map(|_| ())
        })
        .await
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
