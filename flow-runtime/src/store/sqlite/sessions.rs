//! Sessions: what runs share.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    super::{SessionFilter, SessionReceipt, SessionRecord, SessionWrite, StoreError},
    fault::Fault,
    prune,
    write::Tx,
};

macro_rules! session_columns {
    () => {
        "SELECT id, version, name, user, created_at, updated_at, state FROM sessions"
    };
}

/// Writes a session, unless somebody else has done so since it was read.
pub(super) fn write(tx: &Tx<'_>, write: &SessionWrite) -> Result<(), Fault> {
    let SessionWrite { id, base, state, name, at, .. } = write;
    let written = match base {
        0 => make(tx, write)?,
        _ => {
            tx.execute(
                "UPDATE sessions SET version = version + 1, state = coalesce(?3, state), name = coalesce(?4, name),
                     updated_at = ?5
                 WHERE id = ?1 AND version = ?2",
                params![id, base.cast_signed(), state, name, at],
            )? > 0
        }
    };
    match written {
        true => Ok(()),
        false => Err(StoreError::SessionChanged { session: id.clone() }.into()),
    }
}

/// Makes a session if it is not there. Returns whether it was not.
pub(super) fn make(tx: &Tx<'_>, write: &SessionWrite) -> Result<bool, Fault> {
    let SessionWrite { id, state, name, user, at, .. } = write;
    let made = tx.execute(
        "INSERT INTO sessions (id, version, name, user, created_at, updated_at, state)
         VALUES (?1, 1, ?2, ?3, ?4, ?4, coalesce(?5, 'null'))
         ON CONFLICT (id) DO NOTHING",
        params![id, name, user, at, state],
    )?;
    Ok(made > 0)
}

pub(super) fn find(conn: &Connection, id: &str) -> Result<Option<SessionRecord>, Fault> {
    let mut statement = conn.prepare_cached(concat!(session_columns!(), " WHERE id = ?1"))?;
    Ok(statement.query_row([id], session_record).optional()?)
}

pub(super) fn list(conn: &Connection, filter: &SessionFilter) -> Result<Vec<SessionRecord>, Fault> {
    let SessionFilter { user, after, limit } = filter;
    let mut values: Vec<&dyn rusqlite::ToSql> = Vec::new();
    if let Some(user) = user {
        values.push(user);
    }
    if let Some((at, id)) = after {
        values.extend::<[&dyn rusqlite::ToSql; 2]>([at, id]);
    }
    values.push(limit);
    let mut statement = conn.prepare_cached(search(user.is_some(), after.is_some()))?;
    Ok(statement.query_map(&values[..], session_record)?.collect::<Result<_, _>>()?)
}

/// One text per set of conditions, so that each finds its index.
pub(super) fn search(by_user: bool, after: bool) -> &'static str {
    macro_rules! search {
        ($where:literal) => {
            concat!(session_columns!(), $where, " ORDER BY updated_at DESC, id DESC LIMIT ?")
        };
    }
    match (by_user, after) {
        (false, false) => search!(""),
        (true, false) => search!(" WHERE user = ?"),
        (false, true) => search!(" WHERE (updated_at, id) < (?, ?)"),
        (true, true) => search!(" WHERE user = ? AND (updated_at, id) < (?, ?)"),
    }
}

pub(super) fn delete(tx: &Tx<'_>, id: &str) -> Result<SessionReceipt, Fault> {
    let busy = "SELECT id FROM runs WHERE session = ?1 AND status NOT IN ('completed', 'failed', 'cancelled')
                ORDER BY created_at, id LIMIT 1";
    if let Some(run) = tx.row(busy, [id], |row| row.get(0))? {
        return Ok(SessionReceipt::Busy(run));
    }
    let mut statement = tx.conn.prepare_cached("SELECT id FROM runs WHERE session = ?1")?;
    let runs: Vec<String> = statement.query_map([id], |row| row.get(0))?.collect::<Result<_, _>>()?;
    runs.iter().try_for_each(|run| prune::forget_run(tx, run))?;
    if tx.execute("DELETE FROM sessions WHERE id = ?1", [id])? == 0 && runs.is_empty() {
        return Ok(SessionReceipt::Unknown);
    }
    Ok(SessionReceipt::Deleted(runs.len() as u64))
}

fn session_record(row: &Row<'_>) -> rusqlite::Result<SessionRecord> {
    Ok(SessionRecord {
        id: row.get(0)?,
        version: row.get::<_, i64>(1)?.cast_unsigned(),
        name: row.get(2)?,
        user: row.get(3)?,
        created_at: row.get(4)?,
        updated_at: row.get(5)?,
        state: row.get(6)?,
    })
}
