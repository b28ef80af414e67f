//! The operations that read, as SQL. They run on a connection of their own and see the last commit.

use std::borrow::Cow;

use rusqlite::{Connection, OptionalExtension, Row, params, types::Type};

use super::{
    super::{
        Answer, Binding, FrameRecord, NewPause, NewRun, PauseRecord, RunRecord, RunStatus, StoreError, UndoRecord,
    },
    fault::Fault,
};

/// The columns [`run_record`] reads; a macro, so that statements can be put together at compile time.
macro_rules! run_columns {
    () => {
        "SELECT id, workflow, fingerprint, input, session, user, metadata, created_at, status, output, failure, updated_at,
             deadline, wake, priority, key
         FROM runs"
    };
}

/// The columns [`read_pauses`] reads.
macro_rules! pause_columns {
    () => {
        "SELECT answer, answered_by, answered_at, comment, id, number, name, path, point, question, prompt, schema, asked_at,
             deadline, allowed, remind_ms, asked_before, expired_at, reminded, withdrawn_at
         FROM pauses"
    };
}

pub(super) use run_columns;

pub(super) fn find(conn: &Connection, run: &str) -> Result<Option<RunRecord>, Fault> {
    let mut statement = conn.prepare_cached(concat!(run_columns!(), " WHERE id = ?1"))?;
    Ok(statement.query_row([run], run_record).optional()?)
}

/// The frames and what lives in them, all in one statement: one look, and one state of the run. A macro as above.
macro_rules! frames {
    ($of:literal) => {
        concat!(
            "SELECT f.path, f.at, f.pause, f.wake, f.trying, f.moves, b.name, b.value
             FROM frames AS f LEFT JOIN bindings AS b ON b.run = f.run AND b.path = f.path
             WHERE f.run = ?1",
            $of,
            " ORDER BY f.path, b.name"
        )
    };
}

pub(super) fn frames(conn: &Connection, run: &str) -> Result<Vec<FrameRecord>, Fault> {
    of_run(conn, run, || read_frames(conn, frames!(""), [run]))
}

pub(super) fn frame(conn: &Connection, run: &str, path: &str) -> Result<Option<FrameRecord>, Fault> {
    let found = of_run(conn, run, || read_frames(conn, frames!(" AND f.path = ?2"), [run, path]))?;
    Ok(found.into_iter().next())
}

fn read_frames(conn: &Connection, sql: &str, values: impl rusqlite::Params) -> Result<Vec<FrameRecord>, Fault> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut frames: Vec<FrameRecord> = Vec::new();
    while let Some(row) = rows.next()? {
        let path = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        if frames.last().is_none_or(|frame| frame.path != path) {
            frames.push(frame_record(row)?);
        }
        if let (Some(frame), Some(name)) = (frames.last_mut(), row.get::<_, Option<String>>(6)?) {
            frame.bindings.push(Binding { name: Cow::Owned(name), value: row.get(7)? });
        }
    }
    Ok(frames)
}

pub(super) fn holds(conn: &Connection, run: &str, fence: u64) -> Result<bool, Fault> {
    let mut statement = conn.prepare_cached("SELECT fence = ?2 AND driver IS NOT NULL FROM runs WHERE id = ?1")?;
    let held = statement.query_row(params![run, fence.cast_signed()], |row| row.get(0)).optional()?;
    held.ok_or_else(|| StoreError::UnknownRun { run: run.to_owned() }.into())
}

pub(super) fn undos(conn: &Connection, run: &str) -> Result<Vec<UndoRecord>, Fault> {
    of_run(conn, run, || {
        let mut statement = conn.prepare_cached(
            "SELECT seq, n, path, step, output, done_at, failure FROM undos WHERE run = ?1 ORDER BY seq, n",
        )?;
        let undos = statement.query_map([run], |row| {
            Ok(UndoRecord {
                seq: row.get::<_, i64>(0)?.cast_unsigned(),
                n: row.get(1)?,
                path: row.get(2)?,
                step: row.get(3)?,
                output: row.get(4)?,
                done_at: row.get(5)?,
                failure: row.get(6)?,
            })
        })?;
        Ok(undos.collect::<Result<_, _>>()?)
    })
}

pub(super) fn pauses(conn: &Connection, run: &str) -> Result<Vec<PauseRecord>, Fault> {
    read_pauses(conn, run, concat!(pause_columns!(), " WHERE run = ?1 ORDER BY seq"), [run])
}

/// Those of these ids, and the last: found by the index over run and id, which holds the number of the row as well.
pub(super) fn pauses_of(conn: &Connection, run: &str, ids: &[String]) -> Result<Vec<PauseRecord>, Fault> {
    // Most runs wait for one answer, and this is compiled in a third of the time.
    if let [id] = ids {
        let sql = concat!(
            pause_columns!(),
            " WHERE seq IN (
             (SELECT max(seq) FROM pauses WHERE run = ?1), (SELECT seq FROM pauses WHERE run = ?1 AND id = ?2))
         ORDER BY seq"
        );
        return read_pauses(conn, run, sql, [run, id]);
    }
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    read_pauses(
        conn,
        run,
        concat!(
            pause_columns!(),
            " WHERE seq IN (
             SELECT max(seq) FROM pauses WHERE run = ?1
             UNION
             SELECT seq FROM pauses WHERE run = ?1 AND id IN (SELECT value FROM json_each(?2)))
         ORDER BY seq"
        ),
        [run, &super::history::names_as_json(&ids)],
    )
}

fn read_pauses(
    conn: &Connection,
    run: &str,
    sql: &str,
    values: impl rusqlite::Params,
) -> Result<Vec<PauseRecord>, Fault> {
    of_run(conn, run, || {
        let mut statement = conn.prepare_cached(sql)?;
        let pauses = statement.query_map(values, |row| {
            let pause = NewPause {
                id: row.get(4)?,
                number: row.get::<_, i64>(5)?.cast_unsigned(),
                name: row.get(6)?,
                path: row.get(7)?,
                point: row.get(8)?,
                question: row.get(9)?,
                prompt: row.get(10)?,
                schema: row.get(11)?,
                asked_at: row.get(12)?,
                deadline: row.get(13)?,
                allowed: row.get(14)?,
                remind_ms: row.get(15)?,
                asked_before: row.get(16)?,
            };
            Ok(PauseRecord {
                pause,
                answer: answer(row)?,
                expired_at: row.get(17)?,
                reminded: row.get(18)?,
                withdrawn_at: row.get(19)?,
            })
        })?;
        Ok(pauses.collect::<Result<_, _>>()?)
    })
}

/// Reads what belongs to a run, with one statement, and tells an empty answer from a missing run.
pub(super) fn of_run<T>(
    conn: &Connection,
    run: &str,
    read: impl FnOnce() -> Result<Vec<T>, Fault>,
) -> Result<Vec<T>, Fault> {
    let found = read()?;
    if found.is_empty() {
        let known = conn.prepare_cached("SELECT 1 FROM runs WHERE id = ?1")?.exists([run])?;
        if !known {
            return Err(StoreError::UnknownRun { run: run.to_owned() }.into());
        }
    }
    Ok(found)
}

/// Reads the columns `answer, answered_by, answered_at, comment`, wherever they are the first four.
pub(super) fn answer(row: &Row<'_>) -> rusqlite::Result<Option<Answer>> {
    let Some(value) = row.get(0)? else { return Ok(None) };
    Ok(Some(Answer { value, by: row.get(1)?, at: row.get(2)?, comment: row.get(3)? }))
}

/// Reads the name of a status.
pub(super) fn status(row: &Row<'_>, column: usize) -> rusqlite::Result<RunStatus> {
    let name: String = row.get(column)?;
    RunStatus::parse(&name).ok_or_else(|| {
        let unknown = format!("no run has the status `{name}`");
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, unknown.into())
    })
}

fn frame_record(row: &Row<'_>) -> rusqlite::Result<FrameRecord> {
    Ok(FrameRecord {
        path: row.get(0)?,
        at: row.get(1)?,
        pause: row.get(2)?,
        wake: row.get(3)?,
        trying: row.get(4)?,
        moves: row.get::<_, i64>(5)?.cast_unsigned(),
        bindings: Vec::new(),
    })
}

pub(super) fn run_record(row: &Row<'_>) -> rusqlite::Result<RunRecord> {
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
            deadline: row.get(12)?,
            priority: row.get(14)?,
            key: row.get(15)?,
        },
        status: status(row, 8)?,
        output: row.get(9)?,
        failure: row.get(10)?,
        updated_at: row.get(11)?,
        wake: row.get(13)?,
    })
}
