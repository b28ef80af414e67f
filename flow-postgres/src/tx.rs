//! A transaction that a step takes part in.

use std::{any::Any, sync::Arc};

use deadpool_postgres::{Client, Object};
use flow_runtime::{
    StoreError,
    store::{Checkpoint, StoreFuture, StoreTx},
};
use futures::FutureExt as _;
use tokio::{
    runtime::Handle,
    sync::{Mutex, OwnedSemaphorePermit},
};
use tokio_postgres::{Row, types::ToSql};

use crate::{
    client::{Patience, Refused, Shared, query},
    connect::Server,
    fault::Fault,
    schema,
    write::checkpoint::{asked_before, statement},
};

/// The transaction in which a step's result is written down: what the step writes with it is committed with that, exactly once,
/// or not at all.
///
/// It ends with the step. Its errors are those of [`tokio_postgres`]: after one, PostgreSQL takes no more statements of this
/// transaction, and the step can only fail.
///
/// A statement stays prepared on its connection for the next time, and its text is kept for as long as the connection: what
/// changes from one time to the next belongs among the values. [`batch_execute`](Self::batch_execute) keeps nothing.
pub struct PgTx {
    /// Gone when the transaction has ended.
    held: Mutex<Option<Held>>,
}

/// A connection, and the place among those with a transaction.
struct Held {
    client: Client,
    _place: Arc<OwnedSemaphorePermit>,
    /// Whether a statement was sent of which it is not known that it has ended.
    busy: bool,
    /// How to tell the server that nobody waits for it any more.
    server: Option<Arc<Server>>,
}

impl Held {
    /// Carries something out on the connection. It stays busy if the future is dropped before that has ended.
    async fn carry_out<T>(&mut self, statements: impl AsyncFnOnce(&Client) -> Result<T, Fault>) -> Result<T, Fault> {
        self.busy = true;
        let done = statements(&self.client).await;
        self.busy = false;
        done
    }

    /// Rolls back. The request is sent at once; whoever gets the connection next waits behind it.
    ///
    /// Behind a statement nobody should have to wait: then the connection is given up, and the server is told to stop.
    fn undo(self) {
        if !self.busy {
            let _ = self.client.batch_execute("ROLLBACK").now_or_never();
            return;
        }
        let (client, server) = (Object::take(self.client), self.server);
        // Outside of a runtime the connection is closed, and the server finds that out in the end.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                // Whether it was in time, nobody is told.
                let _ = Server::cancel(server.as_deref(), &client.cancel_token()).await;
            });
        }
    }
}

impl PgTx {
    /// The transaction of the `#[step(tx)]` that runs.
    ///
    /// # Errors
    /// One that says so in any other step, outside of a run, and where the run is not kept in PostgreSQL.
    pub fn current() -> Result<Arc<Self>, StoreError> {
        flow_runtime::transaction().ok_or_else(|| {
            let why = "there is one in a `#[step(tx)]` only, of a run that is kept in PostgreSQL: in another step, use a \
                       connection of your own";
            StoreError::backend("find the transaction of this step", why)
        })
    }

    /// Carries out a statement. Returns how many rows it has changed.
    ///
    /// # Errors
    /// Those of PostgreSQL; and one that says so if the step's transaction has ended.
    pub async fn execute(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<u64, StoreError> {
        let run = async |client: &Client| Ok(client.execute(&client.prepare_cached(sql).await?, values).await?);
        self.carry_out(run).await
    }

    /// Carries out a statement. Returns its rows.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub async fn query(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, StoreError> {
        let run = async |client: &Client| Ok(client.query(&client.prepare_cached(sql).await?, values).await?);
        self.carry_out(run).await
    }

    /// Carries out a statement. Returns its one row.
    ///
    /// # Errors
    /// As [`execute`](Self::execute); and if it has no row or several.
    pub async fn query_one(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Row, StoreError> {
        let found = self.query_opt(sql, values).await?;
        found.ok_or_else(|| failed(Fault::other("the statement has no row, and one was asked for")))
    }

    /// Carries out a statement. Returns its row, `None` if it has none.
    ///
    /// # Errors
    /// As [`execute`](Self::execute); and if it has several rows.
    pub async fn query_opt(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Option<Row>, StoreError> {
        let mut rows = self.query(sql, values).await?;
        let row = rows.pop();
        match rows.len() {
            0 => Ok(row),
            more => Err(failed(Fault::other(format!("the statement has {} rows, and one was asked for", more + 1)))),
        }
    }

    /// Carries out several statements without values, with `;` between them. None may end the transaction: the step fails then.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub async fn batch_execute(&self, sql: &str) -> Result<(), StoreError> {
        self.carry_out(async |client: &Client| Ok(client.batch_execute(sql).await?)).await
    }

    async fn carry_out<T>(&self, statements: impl AsyncFnOnce(&Client) -> Result<T, Fault>) -> Result<T, StoreError> {
        let mut held = self.held.lock().await;
        let done = async { within(&mut held)?.carry_out(statements).await };
        done.await.map_err(failed)
    }
}

fn within(held: &mut Option<Held>) -> Result<&mut Held, Fault> {
    held.as_mut().ok_or_else(|| Fault::other("the step has ended, and its transaction with it"))
}

fn failed(fault: Fault) -> StoreError {
    fault.doing(|| "carry out a statement in the step's transaction".to_owned())
}

impl std::fmt::Debug for PgTx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PgTx").finish_non_exhaustive()
    }
}

/// The transaction as the engine has it.
pub(crate) struct Begun {
    shared: Arc<Shared>,
    tx: Arc<PgTx>,
}

/// The setting ends with the transaction: by it is known, in the end, that it is still the same.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL flow_postgres.step = 'open'";
const IS_OPEN: &str = "SELECT current_setting('flow_postgres.step', true) IS NOT DISTINCT FROM 'open'";

pub(crate) async fn begin(shared: &Arc<Shared>) -> Result<Begun, Fault> {
    let place = Arc::new(shared.steps.clone().acquire_owned().await.map_err(Fault::other)?);
    let mut patience = Patience::new(shared.patience);
    loop {
        match begin_once(shared, place.clone()).await {
            Ok(tx) => return Ok(Begun { shared: shared.clone(), tx: Arc::new(tx) }),
            Err(fault) => patience.wait(fault).await?,
        }
    }
}

async fn begin_once(shared: &Shared, place: Arc<OwnedSemaphorePermit>) -> Result<PgTx, Fault> {
    let client = shared.pool.get().await?;
    let held = Held { client, _place: place, busy: false, server: shared.server.clone() };
    // From here on it is undone when it is dropped: who is not told that it has begun cannot end it.
    let mut tx = PgTx { held: Mutex::new(Some(held)) };
    within(tx.held.get_mut())?.carry_out(async |client: &Client| Ok(client.batch_execute(BEGIN).await?)).await?;
    Ok(tx)
}

impl StoreTx for Begun {
    fn handle(&self) -> Arc<dyn Any + Send + Sync> {
        self.tx.clone()
    }

    fn commit<'a>(self: Box<Self>, run: &'a str, fence: u64, checkpoint: &'a Checkpoint) -> StoreFuture<'a, ()>
    where
        Self: 'a,
    {
        Box::pin(async move {
            let committed = self.committed(run, fence, checkpoint).await;
            committed.map_err(|fault| fault.doing(|| format!("commit the transaction of a step of run `{run}`")))
        })
    }
}

impl Begun {
    async fn committed(&self, run: &str, fence: u64, checkpoint: &Checkpoint) -> Result<(), Fault> {
        let (sql, op) = statement(run, self.shared.op(), fence, checkpoint);
        let mut held = self.tx.held.lock().await;
        let is_open = async |client: &Client| {
            let open = client.query_one(&client.prepare_cached(IS_OPEN).await?, &[]).await?;
            Ok(open.try_get::<_, bool>(0)?)
        };
        if !within(&mut held)?.carry_out(is_open).await? {
            undo(&mut held);
            return Err(Fault::other("the step has ended the transaction itself, which is not for it to do"));
        }
        let text = schema::in_schema(&sql.text, &self.shared.prefix);
        let rows = within(&mut held)?.carry_out(async |client: &Client| query(client, &text, &sql).await).await;
        if rows.map_err(|fault| asked_before(fault, checkpoint))?.is_empty() {
            undo(&mut held);
            self.shared.refused(run, fence, op).await?;
            self.shared.check_session(checkpoint.effects.session.as_ref()).await?;
            return Err(Fault::other("the run was changed by somebody else at the same time"));
        }
        let commit = async |client: &Client| Ok(client.batch_execute("COMMIT").await?);
        let done = within(&mut held)?.carry_out(commit).await;
        // Whatever came of it, there is no transaction any more.
        *held = None;
        drop(held);
        match done {
            Err(fault) if fault.is_passing() => self.found_out(run, fence, op, fault).await,
            done => done,
        }
    }

    /// Whether a commit took place on whose answer the connection was cut.
    async fn found_out(&self, run: &str, fence: u64, op: i64, fault: Fault) -> Result<(), Fault> {
        // Whoever still commits holds the run's row: after it was locked, it is known what is committed.
        let mut lock = crate::sql::Sql::new();
        let id = lock.text(run);
        lock.text = format!("SELECT 1 FROM flow.runs WHERE id = {id} FOR UPDATE");
        self.shared.run(&lock).await?;
        match self.shared.refused(run, fence, op).await? {
            Refused::Done(_) => Ok(()),
            Refused::Holds => Err(fault),
        }
    }
}

impl Drop for Begun {
    /// Undoes what was not committed, also when somebody still has the handle.
    fn drop(&mut self) {
        // Who holds the lock is a statement of the step that was dropped with the step, or one that keeps the handle in a task of
        // its own: then the transaction goes with that.
        if let Ok(mut held) = self.tx.held.try_lock() {
            undo(&mut held);
        }
    }
}

impl Drop for PgTx {
    fn drop(&mut self) {
        undo(self.held.get_mut());
    }
}

fn undo(held: &mut Option<Held>) {
    if let Some(held) = held.take() {
        held.undo();
    }
}
