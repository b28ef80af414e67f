//! What changes a run: one statement each.
//!
//! Every such statement begins with the run's row, so that it waits there for any other that is under way. Under READ COMMITTED
//! that row is then looked at as it is by now, but all other rows still as they were when the statement began. So a statement
//! that decides by other rows takes effect only if the run's last write is the one it saw when it began ([`fresh`]), and is made
//! again if not.
//!
//! Each write has a number, kept with the run among the last few. A connection that is cut leaves it open whether a statement
//! was committed: it is made again, and does nothing if its number is there.

pub(crate) mod answer;
pub(crate) mod checkpoint;
pub(crate) mod claim;
pub(crate) mod create;
pub(crate) mod finish;
pub(crate) mod undo;

use flow_runtime::store::SessionWrite;

use crate::sql::{Param, Sql};

/// How long a claimed run with a timer is left alone, in milliseconds: should its driver be killed, the run is due so long
/// after it was claimed.
pub(crate) const LOOK_AGAIN: i64 = 60_000;

/// That nothing was written of the run since the statement began. What is in brackets is read once, as it was then.
pub(crate) fn fresh(run: Param) -> String {
    format!(" AND r.ops[1] = (SELECT seen.ops[1] FROM flow.runs seen WHERE seen.id = {run})")
}

/// How many writes before the last are kept.
const OPS: usize = 31;

/// Milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The places of what every write of a driver has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    pub(crate) run: Param,
    pub(crate) op: Param,
    pub(crate) fence: Param,
}

impl Head {
    pub(crate) fn new<'a>(sql: &mut Sql<'a>, run: &'a str, op: i64, fence: u64) -> Self {
        Head { run: sql.text(run), op: sql.int(op), fence: sql.number(fence) }
    }

    /// Whether the write counts.
    pub(crate) fn gate(&self) -> String {
        let Head { run, op, fence } = self;
        format!("r.id = {run} AND r.fence = {fence} AND r.driver IS NOT NULL AND {op} <> ALL (r.ops)")
    }
}

/// How a write is noted in the run's row.
pub(crate) fn noted(op: Param) -> String {
    format!("ops = array_prepend({op}, r.ops[1:{OPS}])")
}

/// Adds to `sets` that these events are counted, and returns the part that writes them, to follow on `u`, which has to return
/// `r.events`. `only` is a condition on `u`.
pub(crate) fn events<'a>(sql: &mut Sql<'a>, run: Param, events: &'a [String], sets: &mut String, only: &str) -> String {
    if events.is_empty() {
        return String::new();
    }
    let (count, texts) = (sql.number(events.len() as u64), sql.texts(events.iter().map(String::as_str)));
    let counted = match only {
        "" => format!(", events = r.events + {count}"),
        only => format!(", events = r.events + CASE WHEN {only} THEN {count} ELSE 0 END"),
    };
    sets.push_str(&counted);
    let only = if only.is_empty() { "true" } else { only };
    format!(
        ", e AS (INSERT INTO flow.events (run, seq, event)
           SELECT {run}, u.events - {count} + x.n, x.event FROM u, unnest({texts}) WITH ORDINALITY AS x (event, n)
           WHERE {only})"
    )
}

/// The part `s` that writes a session, for each row of `from` (one or none). It has a row if the version was right.
pub(crate) fn session<'a>(sql: &mut Sql<'a>, op: Param, write: &'a SessionWrite, from: &str) -> String {
    let SessionWrite { id, base, state, name, user, at } = write;
    let (id, at) = (sql.text(&**id), sql.int(*at));
    let (state, name) = (sql.text(state.as_deref()), sql.text(name.as_deref()));
    if *base == 0 {
        let user = sql.text(user.as_deref());
        return format!(
            "s AS (INSERT INTO flow.sessions (id, version, ops, created_at, updated_at, \"user\", name, state)
               SELECT {id}, 1, ARRAY[{op}], {at}, {at}, {user}, {name}, coalesce({state}, 'null') FROM {from}
               ON CONFLICT DO NOTHING RETURNING 1)"
        );
    }
    let base = sql.number(*base);
    format!(
        "s AS (UPDATE flow.sessions s SET version = s.version + 1, ops = array_prepend({op}, s.ops[1:{OPS}]), updated_at = {at},
             state = coalesce({state}, s.state), name = coalesce({name}, s.name)
           FROM {from} WHERE s.id = {id} AND s.version = {base} RETURNING 1)"
    )
}

/// The beginning of a driver's write: the part `u`, with a row if the write counts, after a session if there is one.
pub(crate) fn driver<'a>(
    sql: &mut Sql<'a>,
    head: Head,
    write: Option<&'a SessionWrite>,
    sets: &str,
    condition: &str,
) -> String {
    const BACK: &str = "RETURNING r.id, r.seq, r.events, r.status";
    let (gate, noted) = (head.gate(), noted(head.op));
    match write {
        None => format!("WITH u AS (UPDATE flow.runs r SET {noted}{sets} WHERE {gate}{condition} {BACK})"),
        // The run is locked before the session, and the session is written before the run: all of it or nothing.
        Some(write) => {
            let session = session(sql, head.op, write, "l");
            format!(
                "WITH l AS (SELECT r.id FROM flow.runs r WHERE {gate}{condition} FOR UPDATE), {session},
                 u AS (UPDATE flow.runs r SET {noted}{sets} FROM s WHERE r.id = {} {BACK})",
                head.run
            )
        }
    }
}
