//! Who drives a run.

use flow_runtime::{
    StoreError,
    store::{Claim, RunStatus},
};

use super::{Head, LOOK_AGAIN, driver, events, fresh, noted, now_ms};
use crate::{
    client::{Refused, Shared, Turns, unknown_run},
    fault::Fault,
    notify,
    read::status,
    sql::Sql,
};

/// Whether the driver of `r` is alive, by the clock of the server.
pub(crate) const DRIVEN: &str =
    "EXISTS (SELECT 1 FROM flow.drivers d WHERE d.token = r.driver AND d.expires_at > clock_timestamp())";

pub(crate) async fn claim(shared: &Shared, run: &str) -> Result<Claim, Fault> {
    let token = shared.hold().await?;
    let op = shared.op();
    let mut sql = Sql::new();
    let (id, op, token) = (sql.text(run), sql.int(op), sql.text(token));
    let (now, again, noted) = (sql.int(now_ms()), sql.int(now_ms().saturating_add(LOOK_AGAIN)), noted(op));
    sql.text = format!(
        "WITH look AS (SELECT r.ops[1] AS seen, r.status, {DRIVEN} AS driven, r.fence,
               coalesce(r.claim = {op} AND r.driver = {token}, false) AS done
           FROM flow.runs r WHERE r.id = {id}),
         u AS (UPDATE flow.runs r SET {noted}, fence = r.fence + 1, driver = {token}, claim = {op},
               wake = CASE WHEN r.wake IS NOT NULL THEN {again} END,
               status = CASE r.status WHEN 'undoing' THEN r.status ELSE 'running' END,
               updated_at = CASE r.status WHEN 'undoing' THEN r.updated_at ELSE {now} END
           FROM look WHERE r.id = {id} AND r.ops[1] = look.seen AND NOT look.driven AND NOT look.done
               AND look.status IN ('running', 'paused', 'undoing')
           RETURNING r.fence)
         SELECT look.status, look.driven, look.done, look.fence, (SELECT u.fence FROM u) FROM look"
    );
    let turns = Turns::default();
    loop {
        let rows = shared.run_on(run, &turns, &sql).await?;
        let Some(row) = rows.first() else { return Err(unknown_run(run)) };
        if let Some(fence) = row.try_get::<_, Option<i64>>(4)? {
            return Ok(Claim::Claimed(fence.cast_unsigned()));
        }
        // An attempt before has made it, and nobody has claimed the run since.
        if row.try_get(2)? {
            return Ok(Claim::Claimed(row.try_get::<_, i64>(3)?.cast_unsigned()));
        }
        if status(row.try_get(0)?)?.has_ended() {
            return Ok(Claim::Ended);
        }
        if row.try_get(1)? {
            return Ok(Claim::Busy);
        }
    }
}

pub(crate) async fn release(shared: &Shared, run: &str, fence: u64) -> Result<(), Fault> {
    let mut sql = Sql::new();
    let op = shared.op();
    let head = Head::new(&mut sql, run, op, fence);
    let u = driver(&mut sql, head, None, ", driver = NULL", "");
    let tell = notify::tell(&mut sql, shared.told(), run, true);
    sql.text = format!("{u} SELECT {tell} FROM u");
    if !shared.run(&sql).await?.is_empty() {
        return Ok(());
    }
    match shared.refused(run, fence, op).await {
        Ok(Refused::Done(_) | Refused::Holds) | Err(Fault::Refused(StoreError::Fenced { .. })) => Ok(()),
        Err(fault) => Err(fault),
    }
}

pub(crate) async fn park(shared: &Shared, run: &str, fence: u64, told: &[String]) -> Result<bool, Fault> {
    const NEWS: &str = "EXISTS (SELECT 1 FROM flow.frames f JOIN flow.pauses p ON p.run = f.run AND p.id = f.pause
        WHERE f.run = r.id AND (p.answer IS NOT NULL OR p.expired_at IS NOT NULL))";
    let mut sql = Sql::new();
    let op = shared.op();
    let head = Head::new(&mut sql, run, op, fence);
    let now = sql.int(now_ms());
    let mut sets = format!(
        ", driver = NULL, wake = least(r.deadline, (SELECT min(f.wake) FROM flow.frames f WHERE f.run = {})),
         status = CASE r.status WHEN 'undoing' THEN r.status ELSE 'paused' END,
         updated_at = CASE r.status WHEN 'undoing' THEN r.updated_at ELSE {now} END",
        head.run
    );
    let events = events(&mut sql, head.run, told, &mut sets, "");
    // An answer that was committed while this statement waited for the run is not seen by it, but it was a write of the run.
    let condition = format!("{} AND NOT {NEWS}", fresh(head.run));
    let u = driver(&mut sql, head, None, &sets, &condition);
    let tell = notify::tell(&mut sql, shared.told(), run, true);
    sql.text = format!("{u}{events} SELECT {tell} FROM u");
    let turns = Turns::default();
    loop {
        if !shared.run_on(run, &turns, &sql).await?.is_empty() {
            return Ok(true);
        }
        if let Refused::Done(_) = shared.refused(run, fence, op).await? {
            return Ok(true);
        }
        let mut look = Sql::new();
        let id = look.text(run);
        look.text = format!("SELECT {NEWS} FROM flow.runs r WHERE r.id = {id}");
        let rows = shared.run(&look).await?;
        if rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or(false) {
            return Ok(false);
        }
    }
}

pub(crate) async fn holds(shared: &Shared, run: &str, fence: u64) -> Result<bool, Fault> {
    let mut sql = Sql::new();
    let (id, fence) = (sql.text(run), sql.number(fence));
    sql.text = format!("SELECT fence = {fence} AND driver IS NOT NULL FROM flow.runs WHERE id = {id}");
    let rows = shared.run(&sql).await?;
    Ok(rows.first().ok_or_else(|| unknown_run(run))?.try_get(0)?)
}

pub(crate) async fn emit(shared: &Shared, run: &str, fence: u64, told: &[String]) -> Result<(), Fault> {
    let mut sql = Sql::new();
    let op = shared.op();
    let head = Head::new(&mut sql, run, op, fence);
    let mut sets = String::new();
    let events = events(&mut sql, head.run, told, &mut sets, "");
    let u = driver(&mut sql, head, None, &sets, "");
    sql.text = format!("{u}{events} SELECT 1 FROM u");
    loop {
        if !shared.run(&sql).await?.is_empty() {
            return Ok(());
        }
        if let Refused::Done(_) = shared.refused(run, fence, op).await? {
            return Ok(());
        }
    }
}

/// Whether a run that has this status is at its end.
pub(crate) fn is_over(status: RunStatus) -> bool {
    status.has_ended() || status == RunStatus::Undoing
}
