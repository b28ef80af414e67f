//! The rows of the events: one per write that brought some, so that a checkpoint costs one row more and not one per event.

use rusqlite::{Connection, params};
use serde_json::value::RawValue;

use super::{
    super::{EventRecord, texts::time_of},
    fault::{Fault, malformed},
    read::of_run,
    write::Tx,
};

/// The next number is told by the last entry of the very leaf into which the row goes.
const NEXT: &str = "
    INSERT INTO events (run, seq, events)
    VALUES (?1, coalesce((SELECT max(seq) FROM events WHERE run = ?1), 0) + ?2, ?3)";

/// Writes events with the next numbers of the run.
pub(super) fn tell(tx: &Tx<'_>, run: &str, events: &[String]) -> Result<(), Fault> {
    if !events.is_empty() {
        tx.execute(NEXT, params![run, count(events), as_json(events)])?;
    }
    Ok(())
}

fn count<T>(events: &[T]) -> i64 {
    i64::try_from(events.len()).unwrap_or(i64::MAX)
}

fn as_json(events: &[impl AsRef<str>]) -> String {
    let mut json = String::with_capacity(events.iter().map(|event| event.as_ref().len() + 1).sum::<usize>() + 1);
    for event in events {
        json.push(if json.is_empty() { '[' } else { ',' });
        json.push_str(event.as_ref());
    }
    json.push(']');
    json
}

pub(super) fn list(conn: &Connection, run: &str, from: u64, limit: u32) -> Result<Vec<EventRecord>, Fault> {
    // No number is beyond this one.
    let first = i64::try_from(from).unwrap_or(i64::MAX);
    of_run(conn, run, || {
        let mut found = Vec::new();
        let mut statement =
            conn.prepare_cached("SELECT seq, events FROM events WHERE run = ?1 AND seq >= ?2 ORDER BY seq")?;
        let mut rows = statement.query(params![run, first])?;
        while found.len() < limit as usize
            && let Some(row) = rows.next()?
        {
            let events: Vec<&RawValue> = parse(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?)?;
            let numbered = (row.get::<_, i64>(0)? - count(&events) + 1..).zip(events);
            let wanted = numbered.filter(|(seq, _)| *seq >= first).take(limit as usize - found.len());
            found.extend(
                wanted.map(|(seq, event)| EventRecord { seq: seq.cast_unsigned(), event: event.get().to_owned() }),
            );
        }
        Ok(found)
    })
}

fn parse(events: &str) -> Result<Vec<&RawValue>, Fault> {
    Ok(serde_json::from_str(events).map_err(|error| malformed(1, error))?)
}

/// Forgets the events of a run from before a time, but not the last: the next number is told by it.
pub(super) fn prune(tx: &Tx<'_>, run: &str, before: i64) -> Result<(), Fault> {
    loop {
        let sql = "SELECT seq, events, seq = (SELECT max(seq) FROM events WHERE run = ?1)
                   FROM events WHERE run = ?1 ORDER BY seq LIMIT 1";
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let first: Option<(i64, String, bool)> = tx.row(sql, [run], row)?;
        let Some((seq, text, is_last)) = first else { return Ok(()) };
        let events = parse(&text)?;
        let mut gone = events.iter().take_while(|event| time_of(event.get()) < before).count();
        if gone == events.len() && !is_last {
            tx.execute("DELETE FROM events WHERE run = ?1 AND seq = ?2", params![run, seq])?;
            continue;
        }
        gone = gone.min(events.len().saturating_sub(1));
        if gone > 0 {
            let rest: Vec<&str> = events.iter().skip(gone).map(|event| event.get()).collect();
            let sql = "UPDATE events SET events = ?3 WHERE run = ?1 AND seq = ?2";
            tx.execute(sql, params![run, seq, as_json(&rest)])?;
        }
        return Ok(());
    }
}
