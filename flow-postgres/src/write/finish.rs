//! The end of a run: by itself, or because somebody cancels it.

use flow_runtime::store::{CancelReceipt, Effects, Finish, RunStatus};

use super::{Head, claim::is_over, driver, events, fresh, noted, now_ms};
use crate::{
    client::{Refused, Shared, Turns, unknown_run},
    fault::Fault,
    notify,
    read::status,
    sql::Sql,
};

/// The parts that take the frames of a run with them, for each row of `u` that `only` lets through.
pub(crate) fn drop_frames(only: &str) -> String {
    format!(
        ", df AS (DELETE FROM flow.frames d USING u WHERE d.run = u.id AND {only}),
         db AS (DELETE FROM flow.bindings d USING u WHERE d.run = u.id AND {only})"
    )
}

pub(crate) async fn finish(
    shared: &Shared,
    run: &str,
    fence: u64,
    finish: &Finish,
    effects: &Effects,
) -> Result<(), Fault> {
    let (status, output, failure) = match finish {
        Finish::Completed(output) => (RunStatus::Completed, Some(&**output), None),
        Finish::Failed(failure) => (RunStatus::Failed, None, Some(&**failure)),
        Finish::Cancelled => (RunStatus::Cancelled, None, None),
    };
    let mut sql = Sql::new();
    let op = shared.op();
    let head = Head::new(&mut sql, run, op, fence);
    let (now, ends) = (sql.int(now_ms()), sql.text(status.as_str()));
    let (output, failure) = (sql.text(output), sql.text(failure));
    let mut sets = format!(
        ", driver = NULL, status = {ends}, updated_at = {now}, output = {output}, failure = {failure}, wake = NULL"
    );
    let events = events(&mut sql, head.run, &effects.events, &mut sets, "");
    let u = driver(&mut sql, head, effects.session.as_ref(), &sets, &fresh(head.run));
    let drops = if status == RunStatus::Failed { String::new() } else { drop_frames("true") };
    let tell = notify::tell(&mut sql, shared.told(), run, false);
    sql.text = format!("{u}{events}{drops} SELECT {tell} FROM u");
    let turns = Turns::default();
    loop {
        if !shared.run_on(run, &turns, &sql).await?.is_empty() {
            return Ok(());
        }
        match shared.refused(run, fence, op).await? {
            Refused::Done(_) => return Ok(()),
            Refused::Holds => shared.check_session(effects.session.as_ref()).await?,
        }
    }
}

pub(crate) async fn cancel(shared: &Shared, run: &str, at: i64, told: &[String]) -> Result<CancelReceipt, Fault> {
    let mut sql = Sql::new();
    let (id, op) = (sql.text(run), sql.int(shared.op()));
    let (at, now, noted) = (sql.int(at), sql.int(now_ms()), noted(op));
    let mut sets = String::new();
    let events = events(&mut sql, id, told, &mut sets, "");
    let drops = drop_frames("u.status = 'cancelled'");
    let tell = notify::tell(&mut sql, shared.told(), run, true);
    sql.text = format!(
        "WITH look AS (SELECT r.ops[1] AS seen, r.status, {op} = ANY (r.ops) AS done,
               EXISTS (SELECT 1 FROM flow.undos o WHERE o.run = r.id AND o.done_at IS NULL) AS undo
           FROM flow.runs r WHERE r.id = {id}),
         u AS (UPDATE flow.runs r SET {noted}, fence = r.fence + 1, driver = NULL, updated_at = {now},
               wake = CASE WHEN look.undo THEN {at} END,
               status = CASE WHEN look.undo THEN 'undoing' ELSE 'cancelled' END{sets}
           FROM look WHERE r.id = {id} AND r.ops[1] = look.seen AND NOT look.done AND look.status IN ('running', 'paused')
           RETURNING r.id, r.status, r.events){events}{drops}
         SELECT look.status, look.done, (SELECT u.status FROM u), (SELECT {tell} FROM u) FROM look"
    );
    let turns = Turns::default();
    loop {
        let rows = shared.run_on(run, &turns, &sql).await?;
        let Some(row) = rows.first() else { return Err(unknown_run(run)) };
        let (before, done) = (status(row.try_get(0)?)?, row.try_get::<_, bool>(1)?);
        let now = row.try_get::<_, Option<&str>>(2)?.map(status).transpose()?;
        match now.or(done.then_some(before)) {
            Some(RunStatus::Undoing) => return Ok(CancelReceipt::Undoing),
            Some(RunStatus::Cancelled) => return Ok(CancelReceipt::Cancelled),
            // An attempt before has cancelled it, and since then it was undone: a run without anything to undo stays cancelled.
            _ if done => return Ok(CancelReceipt::Undoing),
            _ if is_over(before) => return Ok(CancelReceipt::Ended(before)),
            _ => {}
        }
    }
}
