//! Sessions.

use flow_runtime::{
    StoreError,
    store::{SessionFilter, SessionReceipt, SessionRecord, SessionWrite},
};
use tokio_postgres::Row;

use crate::{
    client::{Patience, Shared},
    fault::Fault,
    schema,
    sql::Sql,
    write::session,
};

const SESSION: &str = "id, name, \"user\", state, version, created_at, updated_at";

fn record(row: &Row) -> Result<SessionRecord, Fault> {
    Ok(SessionRecord {
        id: row.try_get(0)?,
        name: row.try_get(1)?,
        user: row.try_get(2)?,
        state: row.try_get(3)?,
        version: row.try_get::<_, i64>(4)?.cast_unsigned(),
        created_at: row.try_get(5)?,
        updated_at: row.try_get(6)?,
    })
}

pub(crate) async fn find(shared: &Shared, id: &str) -> Result<Option<SessionRecord>, Fault> {
    let mut sql = Sql::new();
    let id = sql.text(id);
    sql.text = format!("SELECT {SESSION} FROM flow.sessions WHERE id = {id}");
    shared.run(&sql).await?.first().map(record).transpose()
}

pub(crate) async fn list(shared: &Shared, filter: &SessionFilter) -> Result<Vec<SessionRecord>, Fault> {
    let SessionFilter { user, after, limit } = filter;
    let mut sql = Sql::new();
    let mut all = vec!["true".to_owned()];
    if let Some(user) = user {
        all.push(format!("\"user\" = {}", sql.text(&**user)));
    }
    if let Some((at, id)) = after {
        all.push(format!("(updated_at, id) < ({}, {})", sql.int(*at), sql.text(&**id)));
    }
    let (all, limit) = (all.join(" AND "), sql.int(i64::from(*limit)));
    sql.text =
        format!("SELECT {SESSION} FROM flow.sessions WHERE {all} ORDER BY updated_at DESC, id DESC LIMIT {limit}");
    shared.run(&sql).await?.iter().map(record).collect()
}

fn changed(id: &str) -> Fault {
    StoreError::SessionChanged { session: id.to_owned() }.into()
}

pub(crate) async fn write(shared: &Shared, write: &SessionWrite) -> Result<(), Fault> {
    let mut sql = Sql::new();
    let op = shared.op();
    let number = sql.int(op);
    let part = session(&mut sql, number, write, "l");
    sql.text = format!("WITH l AS (SELECT 1), {part} SELECT 1 FROM s");
    if !shared.run(&sql).await?.is_empty() {
        return Ok(());
    }
    // Unless it was this very write, made by an attempt before.
    let mut look = Sql::new();
    let (id, number) = (look.text(&*write.id), look.int(op));
    look.text = format!("SELECT 1 FROM flow.sessions WHERE id = {id} AND {number} = ANY (ops)");
    if shared.run(&look).await?.is_empty() { Err(changed(&write.id)) } else { Ok(()) }
}

impl Shared {
    /// Fails if a write that has changed nothing brought a session of another version than there is.
    pub(crate) async fn check_session(&self, write: Option<&SessionWrite>) -> Result<(), Fault> {
        let Some(write) = write else { return Ok(()) };
        let version = find(self, &write.id).await?.map_or(0, |session| session.version);
        if version == write.base { Ok(()) } else { Err(changed(&write.id)) }
    }
}

pub(crate) async fn delete(shared: &Shared, id: &str) -> Result<SessionReceipt, Fault> {
    let mut patience = Patience::new(shared.patience);
    let mut perhaps = None;
    loop {
        match delete_once(shared, id, &mut perhaps).await {
            // If it was there before, an attempt has deleted it of whose end nothing was heard.
            Ok(SessionReceipt::Unknown) => {
                return Ok(perhaps.map_or(SessionReceipt::Unknown, SessionReceipt::Deleted));
            }
            Ok(receipt) => return Ok(receipt),
            Err(fault) => patience.wait(fault).await?,
        }
    }
}

/// `perhaps` is how many runs went with the session, should the commit have taken place.
async fn delete_once(shared: &Shared, id: &str, perhaps: &mut Option<u64>) -> Result<SessionReceipt, Fault> {
    let mut client = shared.pool.get().await?;
    let tx = client.transaction().await?;
    let text = |sql: &str| schema::in_schema(sql, &shared.prefix);
    // A run that comes to the session holds this row until it is there; see `create`.
    let lock = text("SELECT 1 FROM flow.sessions WHERE id = $1::text FOR UPDATE");
    let there = tx.query_opt(&tx.prepare_cached(&lock).await?, &[&id]).await?.is_some();
    let runs = text(
        "SELECT id, status IN ('running', 'paused', 'undoing') FROM flow.runs WHERE session = $1::text FOR UPDATE",
    );
    let mut ended: Vec<String> = Vec::new();
    for row in tx.query(&tx.prepare_cached(&runs).await?, &[&id]).await? {
        let run = row.try_get(0)?;
        if row.try_get(1)? {
            return Ok(SessionReceipt::Busy(run));
        }
        ended.push(run);
    }
    if !there && ended.is_empty() {
        return Ok(SessionReceipt::Unknown);
    }
    tx.query(&tx.prepare_cached(&text(&remove("id = ANY ($1::text[])"))).await?, &[&ended]).await?;
    let delete = text("DELETE FROM flow.sessions WHERE id = $1::text");
    tx.execute(&tx.prepare_cached(&delete).await?, &[&id]).await?;
    *perhaps = Some(ended.len() as u64);
    tx.commit().await?;
    Ok(SessionReceipt::Deleted(ended.len() as u64))
}

/// A statement that removes the runs of this condition with all that is theirs. It has a row for each of them.
pub(crate) fn remove(condition: &str) -> String {
    let mut text = format!("WITH u AS (DELETE FROM flow.runs WHERE {condition} RETURNING id, session)");
    for table in ["frames", "bindings", "pauses", "history", "base_frames", "undos", "events"] {
        text.push_str(&format!(", x_{table} AS (DELETE FROM flow.{table} x USING u WHERE x.run = u.id)"));
    }
    // The session of its own, unless others were told of it.
    text.push_str(
        ", x_session AS (DELETE FROM flow.sessions x USING u WHERE x.id = u.id AND u.session IS NULL
             AND NOT EXISTS (SELECT 1 FROM flow.runs r WHERE r.session = u.id))",
    );
    text + " SELECT 1 FROM u"
}
