//! Undoing what a run has done, and going on with one that failed.

use flow_runtime::{
    StoreError,
    store::{FrameMark, NewUndo, ReopenReceipt, RunStatus},
};

use super::{Head, LOOK_AGAIN, checkpoint::undos, driver, events, finish::drop_frames, fresh, noted, now_ms};
use crate::{
    client::{Refused, Shared, Turns, unknown_run},
    fault::Fault,
    notify,
    read::status,
    sql::Sql,
};

pub(crate) async fn begin_undo(
    shared: &Shared,
    (run, fence): (&str, u64),
    failure: Option<&str>,
    undo: &[NewUndo],
    told: &[String],
) -> Result<bool, Fault> {
    let mut sql = Sql::new();
    let op = shared.op();
    let head = Head::new(&mut sql, run, op, fence);
    let (id, now, again) = (head.run, sql.int(now_ms()), sql.int(now_ms().saturating_add(LOOK_AGAIN)));
    let reason = sql.text(failure);
    let left = match undo.is_empty() {
        true => format!("EXISTS (SELECT 1 FROM flow.undos o WHERE o.run = {id} AND o.done_at IS NULL)"),
        false => "true".to_owned(),
    };
    let ends = if failure.is_some() { "failed" } else { "cancelled" };
    let mut sets = format!(
        ", failure = {reason}, updated_at = {now},
         status = CASE WHEN {left} THEN 'undoing' ELSE '{ends}' END,
         wake = CASE WHEN {left} THEN {again} END,
         driver = CASE WHEN {left} THEN r.driver END,
         output = CASE WHEN {left} THEN r.output END"
    );
    let events = events(&mut sql, id, told, &mut sets, "");
    let u = driver(&mut sql, head, None, &sets, &fresh(id));
    let undos = undos(&mut sql, id, 1, undo);
    let drops = drop_frames("u.status = 'cancelled'");
    let tell = notify::tell(&mut sql, shared.told(), run, false);
    sql.text = format!(
        "{u}{undos}{drops}{events} SELECT u.status = 'undoing', CASE WHEN u.status <> 'undoing' THEN {tell} END FROM u"
    );
    let turns = Turns::default();
    loop {
        let rows = shared.run_on(run, &turns, &sql).await?;
        if let Some(row) = rows.first() {
            return Ok(row.try_get(0)?);
        }
        if let Refused::Done(now) = shared.refused(run, fence, op).await? {
            return Ok(status(&now)? == RunStatus::Undoing);
        }
    }
}

pub(crate) async fn undone(
    shared: &Shared,
    (run, fence): (&str, u64),
    (seq, n): (u64, u32),
    failure: Option<&str>,
    at: i64,
    told: &[String],
) -> Result<(), Fault> {
    let mut sql = Sql::new();
    let op = shared.op();
    let head = Head::new(&mut sql, run, op, fence);
    let (id, at_seq, at_n) = (head.run, sql.number(seq), sql.int(i64::from(n)));
    let (reason, done_at) = (sql.text(failure), sql.int(failure.is_none().then_some(at)));
    let mut sets = String::new();
    let events = events(&mut sql, id, told, &mut sets, "");
    let of = format!("o.run = {id} AND o.seq = {at_seq} AND o.n = {at_n}");
    let known = format!("EXISTS (SELECT 1 FROM flow.undos o WHERE {of})");
    let u = driver(&mut sql, head, None, &sets, &format!("{} AND {known}", fresh(id)));
    sql.text = format!(
        "{u}, x AS (UPDATE flow.undos o SET failure = {reason}, done_at = {done_at} FROM u WHERE {of}){events} SELECT 1 FROM u"
    );
    let turns = Turns::default();
    loop {
        if !shared.run_on(run, &turns, &sql).await?.is_empty() {
            return Ok(());
        }
        if let Refused::Done(_) = shared.refused(run, fence, op).await? {
            return Ok(());
        }
        let mut look = Sql::new();
        let (id, seq_there, n_there) = (look.text(run), look.number(seq), look.int(i64::from(n)));
        look.text = format!("SELECT 1 FROM flow.undos WHERE run = {id} AND seq = {seq_there} AND n = {n_there}");
        if shared.run(&look).await?.is_empty() {
            let doing = format!("note what was undone of run `{run}`");
            return Err(StoreError::backend(doing, format!("it has nothing to undo {seq}.{n}")).into());
        }
    }
}

pub(crate) async fn reopen(
    shared: &Shared,
    run: &str,
    at: i64,
    frames: &[FrameMark],
    told: &[String],
) -> Result<ReopenReceipt, Fault> {
    let mut sql = Sql::new();
    let (id, op) = (sql.text(run), sql.int(shared.op()));
    let (at, now, noted) = (sql.int(at), sql.int(now_ms()), noted(op));
    let mut sets = String::new();
    let events = events(&mut sql, id, told, &mut sets, "");
    let paths = sql.texts(frames.iter().map(|mark| mark.path.as_str()));
    let pauses = sql.texts(frames.iter().map(|mark| mark.pause.as_deref()));
    let wakes = sql.ints(frames.iter().map(|mark| mark.wake));
    let tried = sql.texts(frames.iter().map(|mark| mark.trying.as_deref()));
    let tell = notify::tell(&mut sql, shared.told(), run, true);
    sql.text = format!(
        "WITH look AS (SELECT r.ops[1] AS seen, r.status, {op} = ANY (r.ops) AS done,
               EXISTS (SELECT 1 FROM flow.undos o WHERE o.run = r.id AND o.done_at IS NULL AND o.failure IS NOT NULL) AS stuck,
               EXISTS (SELECT 1 FROM flow.undos o WHERE o.run = r.id AND o.done_at IS NOT NULL) AS undone
           FROM flow.runs r WHERE r.id = {id}),
         u AS (UPDATE flow.runs r SET {noted}, wake = {at}, updated_at = {now},
               status = CASE WHEN look.stuck THEN 'undoing' ELSE 'paused' END,
               failure = CASE WHEN look.stuck THEN r.failure END,
               deadline = CASE WHEN look.stuck THEN r.deadline END{sets}
           FROM look WHERE r.id = {id} AND r.ops[1] = look.seen AND NOT look.done AND look.status = 'failed'
               AND (look.stuck OR NOT look.undone)
           RETURNING look.stuck, r.events),
         o AS (UPDATE flow.undos o SET failure = NULL
           FROM u WHERE u.stuck AND o.run = {id} AND o.done_at IS NULL AND o.failure IS NOT NULL),
         f AS (UPDATE flow.frames f SET pause = x.pause, wake = x.wake, trying = x.trying
           FROM u, unnest({paths}, {pauses}, {wakes}, {tried}) AS x (path, pause, wake, trying)
           WHERE NOT u.stuck AND f.run = {id} AND f.path = x.path){events}
         SELECT look.status, look.done, look.stuck, look.undone, EXISTS (SELECT 1 FROM u), (SELECT {tell} FROM u) FROM look"
    );
    let turns = Turns::default();
    loop {
        let rows = shared.run_on(run, &turns, &sql).await?;
        let Some(row) = rows.first() else { return Err(unknown_run(run)) };
        let (before, done, made) = (status(row.try_get(0)?)?, row.try_get(1)?, row.try_get(4)?);
        if done || made {
            return Ok(ReopenReceipt::Reopened);
        }
        if before != RunStatus::Failed {
            return Ok(ReopenReceipt::NotFailed(before));
        }
        let (stuck, undone): (bool, bool) = (row.try_get(2)?, row.try_get(3)?);
        if undone && !stuck {
            return Ok(ReopenReceipt::Undone);
        }
    }
}
