//! What is read of runs: one statement each.

pub(crate) mod history;
pub(crate) mod search;

use std::borrow::Cow;

use flow_runtime::{
    StoreError,
    store::{
        Answer, Binding, EventRecord, FrameRecord, NewPause, NewRun, PauseRecord, RunRecord, RunStatus, UndoRecord,
    },
};
use tokio_postgres::Row;

use crate::{
    client::{Shared, unknown_run},
    fault::Fault,
    sql::Sql,
};

/// The columns of a run, as [`run`] reads them.
pub(crate) const RUN: &str =
    "r.id, r.workflow, r.fingerprint, r.input, r.session, r.\"user\", r.metadata, r.created_at,
    r.deadline, r.priority, r.key, r.status, r.output, r.failure, r.wake, r.updated_at";

/// The status of a stored name.
pub(crate) fn status(name: &str) -> Result<RunStatus, Fault> {
    RunStatus::parse(name).ok_or_else(|| {
        StoreError::backend("read a run", format!("its status is `{name}`, which this version does not know")).into()
    })
}

pub(crate) fn run(row: &Row) -> Result<RunRecord, Fault> {
    let run = NewRun {
        id: row.try_get(0)?,
        workflow: row.try_get(1)?,
        fingerprint: row.try_get(2)?,
        input: row.try_get(3)?,
        session: row.try_get(4)?,
        user: row.try_get(5)?,
        metadata: row.try_get(6)?,
        created_at: row.try_get(7)?,
        deadline: row.try_get(8)?,
        priority: row.try_get(9)?,
        key: row.try_get(10)?,
    };
    Ok(RunRecord {
        run,
        status: status(row.try_get(11)?)?,
        output: row.try_get(12)?,
        failure: row.try_get(13)?,
        wake: row.try_get(14)?,
        updated_at: row.try_get(15)?,
    })
}

pub(crate) async fn find(shared: &Shared, id: &str) -> Result<Option<RunRecord>, Fault> {
    let mut sql = Sql::new();
    let id = sql.text(id);
    sql.text = format!("SELECT {RUN} FROM flow.runs r WHERE r.id = {id}");
    shared.run(&sql).await?.first().map(run).transpose()
}

/// Rows of a run, of which the first column says whether there is one at all; an unknown run has none.
async fn of_run<'a>(shared: &Shared, run: &str, sql: &Sql<'a>) -> Result<impl Iterator<Item = Row> + use<>, Fault> {
    let rows = shared.run(sql).await?;
    if rows.is_empty() {
        return Err(unknown_run(run));
    }
    let mut present = Vec::with_capacity(rows.len());
    for row in rows {
        if row.try_get(0)? {
            present.push(row);
        }
    }
    Ok(present.into_iter())
}

pub(crate) async fn frames(shared: &Shared, run: &str, path: Option<&str>) -> Result<Vec<FrameRecord>, Fault> {
    let mut sql = Sql::new();
    let id = sql.text(run);
    let only = path.map(|path| format!("AND f.path = {}", sql.text(path))).unwrap_or_default();
    sql.text = format!(
        "SELECT f.path IS NOT NULL, f.path, f.at, f.pause, f.wake, f.trying, f.moves, b.name, b.value
         FROM flow.runs r LEFT JOIN flow.frames f ON f.run = r.id {only}
             LEFT JOIN flow.bindings b ON b.run = f.run AND b.path = f.path
         WHERE r.id = {id} ORDER BY f.path, b.name"
    );
    let mut frames: Vec<FrameRecord> = Vec::new();
    for row in of_run(shared, run, &sql).await? {
        let path: &str = row.try_get(1)?;
        if frames.last().is_none_or(|last| last.path != path) {
            frames.push(FrameRecord {
                path: path.to_owned(),
                at: row.try_get(2)?,
                pause: row.try_get(3)?,
                wake: row.try_get(4)?,
                trying: row.try_get(5)?,
                moves: row.try_get::<_, i64>(6)?.cast_unsigned(),
                bindings: Vec::new(),
            });
        }
        let binding: (Option<String>, Option<String>) = (row.try_get(7)?, row.try_get(8)?);
        if let (Some(frame), (Some(name), Some(value))) = (frames.last_mut(), binding) {
            frame.bindings.push(Binding { name: Cow::Owned(name), value });
        }
    }
    Ok(frames)
}

pub(crate) async fn pauses(shared: &Shared, run: &str) -> Result<Vec<PauseRecord>, Fault> {
    let mut sql = Sql::new();
    let id = sql.text(run);
    sql.text = format!(
        "SELECT p.id IS NOT NULL, p.id, p.number, p.name, p.path, p.question, p.prompt, p.schema, p.asked_at, p.deadline,
             p.answer, p.answered_by, p.answered_at, p.expired_at, p.point, p.allowed, p.remind_ms, p.asked_before, p.comment,
             p.reminded, p.withdrawn_at
         FROM flow.runs r LEFT JOIN flow.pauses p ON p.run = r.id WHERE r.id = {id} ORDER BY p.ord"
    );
    of_run(shared, run, &sql).await?.map(|row| pause(&row)).collect()
}

fn pause(row: &Row) -> Result<PauseRecord, Fault> {
    let pause = NewPause {
        id: row.try_get(1)?,
        number: row.try_get::<_, i64>(2)?.cast_unsigned(),
        name: row.try_get(3)?,
        path: row.try_get(4)?,
        question: row.try_get(5)?,
        prompt: row.try_get(6)?,
        schema: row.try_get(7)?,
        asked_at: row.try_get(8)?,
        deadline: row.try_get(9)?,
        point: row.try_get(14)?,
        allowed: row.try_get(15)?,
        remind_ms: row.try_get(16)?,
        asked_before: count(row, 17)?,
    };
    let answer = match row.try_get::<_, Option<String>>(10)? {
        Some(value) => Some(Answer { value, by: row.try_get(11)?, at: row.try_get(12)?, comment: row.try_get(18)? }),
        None => None,
    };
    let (expired_at, reminded, withdrawn_at) = (row.try_get(13)?, count(row, 19)?, row.try_get(20)?);
    Ok(PauseRecord { pause, answer, expired_at, reminded, withdrawn_at })
}

/// A number that is small.
fn count(row: &Row, column: usize) -> Result<u32, Fault> {
    Ok(u32::try_from(row.try_get::<_, i64>(column)?).unwrap_or(u32::MAX))
}

pub(crate) async fn undos(shared: &Shared, run: &str) -> Result<Vec<UndoRecord>, Fault> {
    let mut sql = Sql::new();
    let id = sql.text(run);
    sql.text = format!(
        "SELECT o.seq IS NOT NULL, o.seq, o.n, o.path, o.step, o.output, o.done_at, o.failure
         FROM flow.runs r LEFT JOIN flow.undos o ON o.run = r.id WHERE r.id = {id} ORDER BY o.seq, o.n"
    );
    let read = |row: Row| {
        Ok(UndoRecord {
            seq: row.try_get::<_, i64>(1)?.cast_unsigned(),
            n: u32::try_from(row.try_get::<_, i64>(2)?).unwrap_or(u32::MAX),
            path: row.try_get(3)?,
            step: row.try_get(4)?,
            output: row.try_get(5)?,
            done_at: row.try_get(6)?,
            failure: row.try_get(7)?,
        })
    };
    of_run(shared, run, &sql).await?.map(read).collect()
}

pub(crate) async fn events(shared: &Shared, run: &str, from: u64, limit: u32) -> Result<Vec<EventRecord>, Fault> {
    let mut sql = Sql::new();
    let (id, limit) = (sql.text(run), sql.int(i64::from(limit)));
    let from = sql.int(i64::try_from(from).unwrap_or(i64::MAX));
    sql.text = format!(
        "SELECT e.seq IS NOT NULL, e.seq, e.event
         FROM flow.runs r LEFT JOIN LATERAL
             (SELECT seq, event FROM flow.events WHERE run = {id} AND seq >= {from} ORDER BY seq LIMIT {limit}) e ON true
         WHERE r.id = {id} ORDER BY e.seq"
    );
    let read = |row: Row| Ok(EventRecord { seq: row.try_get::<_, i64>(1)?.cast_unsigned(), event: row.try_get(2)? });
    of_run(shared, run, &sql).await?.map(read).collect()
}
