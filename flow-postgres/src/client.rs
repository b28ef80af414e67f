//! Carrying out statements: which connection, and what to do when it is cut.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use deadpool_postgres::{Client, Pool};
use flow_runtime::{StoreError, store::Folds};
use tokio::sync::Semaphore;
use tokio_postgres::Row;

use crate::{background::Background, connect::Server, fault::Fault, schema, sql::Sql};

/// How often a statement that finds its run changed in between is simply made again, before it locks the run first.
const OPTIMISTIC: u32 = 3;

/// What all clones of a store handle share.
pub(crate) struct Shared {
    pub(crate) pool: Pool,
    /// Where the server is, if that was said with a URL.
    pub(crate) server: Option<Arc<Server>>,
    pub(crate) schema: String,
    /// The quoted schema with a dot.
    pub(crate) prefix: String,
    pub(crate) channel: String,
    /// The name under which runs are claimed.
    pub(crate) token: String,
    pub(crate) lease: Duration,
    pub(crate) patience: Duration,
    pub(crate) background: Background,
    /// A place for each transaction of a step: one connection fewer than there are, because the step may want something of the
    /// store while it has its own.
    pub(crate) steps: Arc<Semaphore>,
    /// The number of the last write of this handle; it begins anywhere, so that no two handles use the same.
    pub(crate) ops: AtomicI64,
    /// What is known of the frames of long ago.
    pub(crate) folds: Mutex<Folds>,
}

/// How long something that may pass is tried again.
pub(crate) struct Patience {
    until: Instant,
    pause: Duration,
}

impl Patience {
    pub(crate) fn new(patience: Duration) -> Self {
        Patience { until: Instant::now() + patience, pause: Duration::from_millis(10) }
    }

    /// Waits a little after a failure that may pass, and hands out any other.
    pub(crate) async fn wait(&mut self, fault: Fault) -> Result<(), Fault> {
        if !fault.is_passing() || Instant::now() + self.pause > self.until {
            return Err(fault);
        }
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(Duration::from_millis(500));
        Ok(())
    }
}

/// How often a write has found its run changed since the statement began.
#[derive(Debug, Default)]
pub(crate) struct Turns(AtomicU32);

impl Shared {
    /// A number for a write, by which it is known should it be made a second time.
    pub(crate) fn op(&self) -> i64 {
        self.ops.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn told(&self) -> (&str, &str) {
        (&self.channel, &self.token)
    }

    /// The name under which runs are claimed, after making sure that others find this handle alive.
    pub(crate) async fn hold(&self) -> Result<&str, Fault> {
        if self.background.lease().left().is_none_or(|left| left < self.lease / 3) {
            self.background.hold().await?;
        }
        Ok(&self.token)
    }

    /// Carries out a statement that does no harm when it is made twice: it reads, or knows itself again.
    ///
    /// While the server cannot be reached it is tried again, for as long as the patience lasts.
    pub(crate) async fn run(&self, sql: &Sql<'_>) -> Result<Vec<Row>, Fault> {
        let text = schema::in_schema(&sql.text, &self.prefix);
        let mut patience = Patience::new(self.patience);
        loop {
            match self.once(&text, sql).await {
                Ok(rows) => return Ok(rows),
                Err(fault) => patience.wait(fault).await?,
            }
        }
    }

    async fn once(&self, text: &str, sql: &Sql<'_>) -> Result<Vec<Row>, Fault> {
        let client = self.pool.get().await?;
        query(&client, text, sql).await
    }

    /// As [`run`](Self::run), for a write that takes effect only if the run is still as the statement saw it, and is made again
    /// if not. When that happens again and again, the run is locked before the statement looks at it.
    pub(crate) async fn run_on(&self, run: &str, turns: &Turns, sql: &Sql<'_>) -> Result<Vec<Row>, Fault> {
        if turns.0.fetch_add(1, Ordering::Relaxed) < OPTIMISTIC {
            return self.run(sql).await;
        }
        let text = schema::in_schema(&sql.text, &self.prefix);
        let lock = schema::in_schema("SELECT 1 FROM flow.runs WHERE id = $1::text FOR UPDATE", &self.prefix);
        let mut patience = Patience::new(self.patience);
        loop {
            match self.locked(&lock, run, &text, sql).await {
                Ok(rows) => return Ok(rows),
                Err(fault) => patience.wait(fault).await?,
            }
        }
    }

    async fn locked(&self, lock: &str, run: &str, text: &str, sql: &Sql<'_>) -> Result<Vec<Row>, Fault> {
        let mut client = self.pool.get().await?;
        let tx = client.transaction().await?;
        tx.query_opt(&tx.prepare_cached(lock).await?, &[&run]).await?;
        let rows = tx.query(&tx.prepare_cached(text).await?, &sql.values()).await?;
        tx.commit().await?;
        Ok(rows)
    }

    /// What became of a driver's write that has changed nothing.
    pub(crate) async fn refused(&self, run: &str, fence: u64, op: i64) -> Result<Refused, Fault> {
        let mut sql = Sql::new();
        let (id, fence, op) = (sql.text(run), sql.number(fence), sql.int(op));
        sql.text = format!(
            "SELECT fence = {fence} AND driver IS NOT NULL, {op} = ANY (ops), status FROM flow.runs WHERE id = {id}"
        );
        let rows = self.run(&sql).await?;
        let Some(row) = rows.first() else { return Err(unknown_run(run)) };
        if row.try_get(1)? {
            return Ok(Refused::Done(row.try_get(2)?));
        }
        if row.try_get(0)? {
            return Ok(Refused::Holds);
        }
        Err(StoreError::Fenced { run: run.to_owned() }.into())
    }
}

/// Why a driver's write has changed nothing.
pub(crate) enum Refused {
    /// It was made before: the connection was cut before that was known. The run has this status now.
    Done(String),
    /// Not because of the claim.
    Holds,
}

/// Carries out a statement on a connection of the pool.
pub(crate) async fn query(client: &Client, text: &str, sql: &Sql<'_>) -> Result<Vec<Row>, Fault> {
    let statement = client.prepare_cached(text).await?;
    Ok(client.query(&statement, &sql.values()).await?)
}

pub(crate) fn unknown_run(run: &str) -> Fault {
    StoreError::UnknownRun { run: run.to_owned() }.into()
}
