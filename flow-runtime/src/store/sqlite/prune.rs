//! Forgetting what need not be kept.

use rusqlite::{Connection, params};

use super::{
    super::{Prune, Pruned, RunStatus, frames::prunable, texts::names_pause},
    events,
    fault::Fault,
    history, read,
    write::Tx,
};

/// How many runs are looked at in one go.
const SLICE: i64 = 500;

const HISTORIES: &str = "
    SELECT id, status, updated_at, (SELECT min(seq) FROM history WHERE run = id),
        (SELECT max(seq) FROM history WHERE run = id),
        (SELECT min(seq) FROM undos WHERE run = id AND done_at IS NULL)
    FROM runs WHERE id > ?1 ORDER BY id LIMIT ?2";

/// Looks through some runs after the one of this id for such as have checkpoints that need not be kept. Returns the last one
/// it has looked at, `None` if there are no more.
pub(super) fn candidates(
    conn: &Connection,
    prune: &Prune,
    after: &str,
    found: &mut Vec<String>,
) -> Result<Option<String>, Fault> {
    let Some(checkpoints) = prune.checkpoints else { return Ok(None) };
    let mut statement = conn.prepare_cached(HISTORIES)?;
    let mut rows = statement.query(params![after, SLICE])?;
    let mut last = None;
    while let Some(row) = rows.next()? {
        let id: String = row.get(0)?;
        let (status, updated_at): (_, i64) = (read::status(row, 1)?, row.get(2)?);
        let number = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(i64::cast_unsigned));
        let goes = status.has_ended() && prune.ended_before.is_some_and(|before| updated_at < before);
        if let (Some(first), Some(last), false) = (number(3)?, number(4)?, goes)
            && prunable(status, last, checkpoints, number(5)?) >= first
        {
            found.push(id.clone());
        }
        last = Some(id);
    }
    Ok(last)
}

/// Forgets runs that have ended, and what these runs need no more of their histories.
pub(super) fn prune(tx: &Tx<'_>, prune: &Prune, histories: &[String]) -> Result<Pruned, Fault> {
    let limit = prune.limit as usize;
    let mut pruned = Pruned::default();
    if let Some(before) = prune.ended_before {
        let mut statement = tx.conn.prepare_cached(ENDED)?;
        let runs = statement.query_map(params![before, i64::from(prune.limit) + 1], |row| row.get(0))?;
        let runs: Vec<String> = runs.collect::<Result<_, _>>()?;
        pruned.more = runs.len() > limit;
        for run in runs.iter().take(limit) {
            forget_run(tx, run)?;
            pruned.runs += 1;
        }
    }
    if let Some(checkpoints) = prune.checkpoints {
        pruned.more |= histories.len() > limit;
        for run in histories.iter().take(limit) {
            pruned.checkpoints += prune_run(tx, run, checkpoints)?;
        }
    }
    Ok(pruned)
}

const ENDED: &str = "
    SELECT id FROM runs INDEXED BY runs_by_end
    WHERE status IN ('completed', 'failed', 'cancelled') AND updated_at < ?1
    ORDER BY updated_at, id LIMIT ?2";

/// Forgets all but so many of the last checkpoints of a run and what is needed to undo it. Returns how many are gone.
fn prune_run(tx: &Tx<'_>, run: &str, checkpoints: u64) -> Result<u64, Fault> {
    let sql = "SELECT status, (SELECT min(seq) FROM history WHERE run = ?1),
                   (SELECT min(seq) FROM undos WHERE run = ?1 AND done_at IS NULL)
               FROM runs WHERE id = ?1";
    let found: Option<(RunStatus, Option<i64>, Option<i64>)> =
        tx.row(sql, [run], |row| Ok((read::status(row, 0)?, row.get(1)?, row.get(2)?)))?;
    // It may have gone since somebody looked.
    let Some((status, Some(first), undo)) = found else { return Ok(0) };
    let until = prunable(status, history::last(tx, run)?, checkpoints, undo.map(i64::cast_unsigned));
    if until < first.cast_unsigned() {
        return Ok(0);
    }
    let Some((stands, oldest)) = history::forget(tx, run, until)? else { return Ok(0) };
    prune_pauses(tx, run, stands, oldest)?;
    events::prune(tx, run, oldest)?;
    Ok(until + 1 - first.cast_unsigned())
}

/// Forgets what was answered or let go before a time, except what a frame stands at, now or where the history begins, and
/// the last.
fn prune_pauses(tx: &Tx<'_>, run: &str, mut stands: Vec<String>, before: i64) -> Result<(), Fault> {
    let mut statement = tx.conn.prepare_cached("SELECT pause, trying FROM frames WHERE run = ?1")?;
    let mut tries: Vec<String> = Vec::new();
    let mut rows = statement.query([run])?;
    while let Some(row) = rows.next()? {
        stands.extend(row.get::<_, Option<String>>(0)?);
        tries.extend(row.get::<_, Option<String>>(1)?);
    }
    let mut statement = tx.conn.prepare_cached(
        "SELECT seq, id FROM pauses
         WHERE run = ?1 AND coalesce(answered_at, expired_at, withdrawn_at) < ?2
             AND seq <> (SELECT max(seq) FROM pauses WHERE run = ?1)",
    )?;
    let done = statement.query_map(params![run, before], |row| Ok((row.get(0)?, row.get(1)?)))?;
    for (seq, id) in done.collect::<Result<Vec<(i64, String)>, _>>()? {
        if !stands.contains(&id) && !tries.iter().any(|trying| names_pause(trying, &id)) {
            tx.execute("DELETE FROM pauses WHERE seq = ?1", [seq])?;
        }
    }
    Ok(())
}

/// Forgets a run and all that belongs to it.
pub(super) fn forget_run(tx: &Tx<'_>, run: &str) -> Result<(), Fault> {
    for sql in [
        "DELETE FROM bindings WHERE run = ?1",
        "DELETE FROM frames WHERE run = ?1",
        "DELETE FROM pauses WHERE run = ?1",
        "DELETE FROM history WHERE run = ?1",
        "DELETE FROM history_base WHERE run = ?1",
        "DELETE FROM undos WHERE run = ?1",
        "DELETE FROM events WHERE run = ?1",
        // The session of its own, unless others were told of it.
        "DELETE FROM sessions WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM runs WHERE session = ?1)
             AND EXISTS (SELECT 1 FROM runs WHERE id = ?1 AND session IS NULL)",
        "DELETE FROM runs WHERE id = ?1",
    ] {
        tx.execute(sql, [run])?;
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    /// The search and what SQLite says about how it carries it out.
    pub(in super::super) const PLAN: (&str, &str) =
        (super::ENDED, "SEARCH runs USING INDEX runs_by_end (updated_at<?)");
}
