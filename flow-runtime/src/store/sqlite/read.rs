//! The operations that read, as SQL. They run on a connection of their own and see the last commit.

use std::{borrow::Cow, collections::BTreeMap};

use rusqlite::{Connection, OptionalExtension, Row, types::Type};

use super::{
    super::{Answer, Binding, FrameRecord, NewPause, NewRun, PauseRecord, RunFilter, RunRecord, RunStatus, StoreError},
    fault::Fault,
};

/// The columns [`run_record`] reads; a macro, so that statements can be put together at compile time.
macro_rules! run_columns {
    () => {
        "SELECT id, workflow, fingerprint, input, session, user, metadata, created_at, status, output, failure, updated_at
         FROM runs"
    };
}

pub(super) fn find(conn: &Connection, run: &str) -> Result<Option<RunRecord>, Fault> {
    let mut statement = conn.prepare_cached(concat!(run_columns!(), " WHERE id = ?1"))?;
    Ok(statement.query_row([run], run_record).optional()?)
}

pub(super) fn list(conn: &Connection, filter: &RunFilter) -> Result<Vec<RunRecord>, Fault> {
    // One text per set of filters, not one for all with `?1 IS NULL OR …`: each finds its index, each is cached.
    let mut sql = String::from(run_columns!());
    let mut values: Vec<&dyn rusqlite::ToSql> = Vec::new();
    let status = filter.status.map(RunStatus::as_str);
    let mut only = |condition: &str, value| {
        sql.push_str(if values.is_empty() { " WHERE " } else { " AND " });
        sql.push_str(condition);
        values.push(value);
    };
    if let Some(workflow) = &filter.workflow {
        only("workflow = ?", workflow);
    }
    if let Some(status) = &status {
        only("status = ?", status);
    }
    if let Some(session) = &filter.session {
        only("session = ?", session);
    }
    sql.push_str(" ORDER BY created_at DESC, id DESC LIMIT ?");
    values.push(&filter.limit);
    let mut statement = conn.prepare_cached(&sql)?;
    Ok(statement.query_map(&values[..], run_record)?.collect::<Result<_, _>>()?)
}

pub(super) fn frames(conn: &Connection, run: &str) -> Result<Vec<FrameRecord>, Fault> {
    of_run(conn, run, || {
        let mut statement = conn.prepare_cached("SELECT path, at, pause FROM frames WHERE run = ?1 ORDER BY path")?;
        let frames = statement.query_map([run], |row| {
            let path: String = row.get(0)?;
            let frame = FrameRecord { path: path.clone(), at: row.get(1)?, pause: row.get(2)?, bindings: Vec::new() };
            Ok((path, frame))
        })?;
        let mut frames: BTreeMap<String, FrameRecord> = frames.collect::<Result<_, _>>()?;
        let mut statement =
            conn.prepare_cached("SELECT path, name, value FROM bindings WHERE run = ?1 ORDER BY path, name")?;
        let mut rows = statement.query([run])?;
        while let Some(row) = rows.next()? {
            if let Some(frame) = frames.get_mut(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?) {
                frame.bindings.push(Binding { name: Cow::Owned(row.get(1)?), value: row.get(2)? });
            }
        }
        Ok(frames.into_values().collect())
    })
}

pub(super) fn pauses(conn: &Connection, run: &str) -> Result<Vec<PauseRecord>, Fault> {
    of_run(conn, run, || {
        let mut statement = conn.prepare_cached(
            "SELECT answer, answered_by, answered_at, id, number, name, path, question, prompt, schema, asked_at
             FROM pauses WHERE run = ?1 ORDER BY seq",
        )?;
        let pauses = statement.query_map([run], |row| {
            let pause = NewPause {
                id: row.get(3)?,
                number: row.get::<_, i64>(4)?.cast_unsigned(),
                name: row.get(5)?,
                path: row.get(6)?,
                question: row.get(7)?,
                prompt: row.get(8)?,
                schema: row.get(9)?,
                asked_at: row.get(10)?,
            };
            Ok(PauseRecord { pause, answer: answer(row)? })
        })?;
        Ok(pauses.collect::<Result<_, _>>()?)
    })
}

/// Reads what belongs to a run, in one snapshot, and tells an empty answer from a missing run.
fn of_run<T>(conn: &Connection, run: &str, read: impl FnOnce() -> Result<Vec<T>, Fault>) -> Result<Vec<T>, Fault> {
    let snapshot = conn.unchecked_transaction()?;
    let found = read()?;
    if found.is_empty() {
        let known = conn.prepare_cached("SELECT 1 FROM runs WHERE id = ?1")?.exists([run])?;
        if !known {
            return Err(StoreError::UnknownRun { run: run.to_owned() }.into());
        }
    }
    snapshot.commit()?;
    Ok(found)
}

/// Reads the columns `answer, answered_by, answered_at`, wherever they are the first three.
pub(super) fn answer(row: &Row<'_>) -> rusqlite::Result<Option<Answer>> {
    let Some(value) = row.get(0)? else { return Ok(None) };
    Ok(Some(Answer { value, by: row.get(1)?, at: row.get(2)? }))
}

fn run_record(row: &Row<'_>) -> rusqlite::Result<RunRecord> {
    const STATUS: usize = 8;
    let status: String = row.get(STATUS)?;
    let status = RunStatus::parse(&status).ok_or_else(|| {
        let unknown = format!("no run has the status `{status}`");
        rusqlite::Error::FromSqlConversionFailure(STATUS, Type::Text, unknown.into())
    })?;
    Ok(RunRecord {
        run: NewRun {
            id: row.get(0)?,
            workflow: row.get(1)?,
            fingerprint: row.get(2)?,
            input: row.get(3)?,
            session: row.get(4)?,
            user: row.get(5)?,
            metadata: row.get(6)?,
            created_at: row.get(7)?,
        },
        status,
        output: row.get(9)?,
        failure: row.get(10)?,
        updated_at: row.get(11)?,
    })
}
