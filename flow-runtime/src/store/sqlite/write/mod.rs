//! The operations that write, as SQL. Each runs inside a transaction it neither opens nor commits.
//!
//! What one of them has written when it refuses is undone by its caller.

mod state;

use rusqlite::{Connection, OptionalExtension, params, types::Value};

use super::{
    super::{
        Beginning, Binding, Checkpoint, Claim, Created, LOOK_AGAIN, NewPause, NewRun, NewUndo, PauseRecord, RunStatus,
        SessionWrite, StoreError,
    },
    driver::Driver,
    events,
    fault::Fault,
    history, read, sessions,
};
pub(super) use state::{answer, begin_undo, cancel, expire, finish, park, remind, reopen, undone};
use state::{mark_expired, withdraw, write_answer};

use crate::clock::now_ms;

/// An open write transaction.
pub(super) struct Tx<'c> {
    pub(super) conn: &'c Connection,
    /// The driver for which it writes.
    pub(super) driver: &'c Driver,
}

impl Tx<'_> {
    pub(super) fn execute(&self, sql: &str, params: impl rusqlite::Params) -> Result<usize, Fault> {
        Ok(self.conn.prepare_cached(sql)?.execute(params)?)
    }

    /// The single row of a query, `None` if it has none.
    pub(super) fn row<T>(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        read: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, Fault> {
        Ok(self.conn.prepare_cached(sql)?.query_row(params, read).optional()?)
    }

    /// Lets only the run's present driver go on.
    pub(super) fn check(&self, run: &str, fence: u64) -> Result<(), Fault> {
        let held = self.row(
            "SELECT fence = ?2 AND driver IS NOT NULL FROM runs WHERE id = ?1",
            params![run, fence.cast_signed()],
            |row| row.get(0),
        )?;
        match held {
            Some(true) => Ok(()),
            Some(false) => Err(StoreError::Fenced { run: run.to_owned() }.into()),
            None => Err(unknown_run(run)),
        }
    }

    pub(super) fn status(&self, run: &str) -> Result<RunStatus, Fault> {
        let status = self.row("SELECT status FROM runs WHERE id = ?1", [run], |row| read::status(row, 0))?;
        status.ok_or_else(|| unknown_run(run))
    }
}

fn insert(tx: &Tx<'_>, run: &NewRun) -> Result<u64, Fault> {
    const FIRST_FENCE: u64 = 1;
    let driver = tx.driver.hold()?;
    let inserted = tx.execute(
        "INSERT INTO runs (id, status, fence, driver, workflow, fingerprint, session, user, created_at, updated_at,
             metadata, input, deadline, wake, priority, key)
         VALUES (?1, 'running', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9, ?10, ?11, ?11, ?12, ?13)
         ON CONFLICT (id) DO NOTHING",
        params![
            run.id,
            FIRST_FENCE.cast_signed(),
            driver,
            run.workflow,
            run.fingerprint,
            run.session,
            run.user,
            run.created_at,
            run.metadata,
            run.input,
            run.deadline,
            run.priority,
            run.key
        ],
    )?;
    if inserted == 0 {
        return Err(StoreError::AlreadyExists { run: run.id.clone() }.into());
    }
    Ok(FIRST_FENCE)
}

pub(super) fn create(tx: &Tx<'_>, run: &NewRun, beginning: &Beginning) -> Result<Created, Fault> {
    let Beginning { frames, pauses, effects } = beginning;
    if let Some(key) = &run.key {
        let sql = "SELECT id FROM runs WHERE workflow = ?1 AND key = ?2";
        if let Some(existing) = tx.row(sql, [&run.workflow, key], |row| row.get(0))? {
            return Ok(Created::Existing(existing));
        }
    }
    let fence = insert(tx, run)?;
    let id = &run.id;
    if let Some(session) = &effects.session {
        sessions::write(tx, session)?;
    }
    if let Some(session) = &run.session {
        let (id, user) = (session.clone(), run.user.clone());
        sessions::make(tx, &SessionWrite { id, user, at: run.created_at, ..SessionWrite::default() })?;
    }
    for (seq, frame) in (1..).zip(frames) {
        tx.execute(
            "INSERT INTO frames (run, path, at, pause, wake, trying, moves) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![id, frame.path, frame.at, frame.pause, frame.wake, frame.trying, frame.moves.cast_signed()],
        )?;
        bind(tx, id, &frame.path, &frame.bindings)?;
        if let Some(wake) = frame.wake {
            wake_by(tx, id, wake)?;
        }
        history::begin(tx, id, seq, frame, run.created_at)?;
    }
    for PauseRecord { pause, answer, expired_at, .. } in pauses {
        ask(tx, id, pause, true)?;
        if let Some(answer) = answer {
            write_answer(tx, id, &pause.id, answer)?;
        }
        if let Some(at) = expired_at {
            mark_expired(tx, id, &pause.id, *at)?;
        }
    }
    events::tell(tx, id, &effects.events)?;
    Ok(Created::Created(fence))
}

pub(super) fn claim(tx: &Tx<'_>, run: &str) -> Result<Claim, Fault> {
    let before: Option<(RunStatus, i64, Option<String>)> =
        tx.row("SELECT status, fence, driver FROM runs WHERE id = ?1", [run], |row| {
            Ok((read::status(row, 0)?, row.get(1)?, row.get(2)?))
        })?;
    let Some((status, fence, driver)) = before else {
        return Err(unknown_run(run));
    };
    if status.has_ended() {
        return Ok(Claim::Ended);
    }
    if let Some(driver) = driver
        && (tx.driver.is_own(&driver) || tx.driver.is_alive(&driver)?)
    {
        return Ok(Claim::Busy);
    }
    let (fence, now) = (fence + 1, now_ms());
    tx.execute(
        "UPDATE runs SET fence = ?2, driver = ?3, wake = iif(wake IS NULL, NULL, ?4),
             status = iif(status = 'undoing', status, 'running'), updated_at = iif(status = 'undoing', updated_at, ?5)
         WHERE id = ?1",
        params![run, fence, tx.driver.hold()?, now + LOOK_AGAIN, now],
    )?;
    Ok(Claim::Claimed(fence.cast_unsigned()))
}

pub(super) fn release(tx: &Tx<'_>, run: &str, fence: u64) -> Result<(), Fault> {
    match tx.check(run, fence) {
        Ok(()) => {
            tx.execute("UPDATE runs SET driver = NULL WHERE id = ?1", [run])?;
            Ok(())
        }
        Err(Fault::Refused(StoreError::Fenced { .. })) => Ok(()),
        Err(fault) => Err(fault),
    }
}

pub(super) fn checkpoint(tx: &Tx<'_>, run: &str, fence: u64, checkpoint: &Checkpoint) -> Result<(), Fault> {
    tx.check(run, fence)?;
    if let Some(session) = &checkpoint.effects.session {
        sessions::write(tx, session)?;
    }
    let (path, asked) = (&*checkpoint.path, checkpoint.asked.as_ref());
    let frame = params![run, path, checkpoint.at, asked.map(|pause| &pause.id), checkpoint.wake, checkpoint.trying];
    if checkpoint.mark {
        tx.execute(
            "INSERT INTO frames (run, path, at, pause, wake, trying, moves) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)
             ON CONFLICT (run, path) DO UPDATE SET pause = excluded.pause, wake = excluded.wake,
                 trying = excluded.trying",
            frame,
        )?;
    } else {
        if let Some(prefix) = &checkpoint.forget {
            forget(tx, run, prefix)?;
        }
        tx.execute(
            "INSERT INTO frames (run, path, at, pause, wake, trying, moves) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1)
             ON CONFLICT (run, path) DO UPDATE SET at = excluded.at, pause = excluded.pause, wake = excluded.wake,
                 trying = excluded.trying, moves = moves + 1",
            frame,
        )?;
        bind(tx, run, path, &checkpoint.bindings)?;
        if let Some(names) = checkpoint.keep {
            keep(tx, run, path, names)?;
        }
        history::write(tx, run, checkpoint, now_ms())?;
    }
    if let Some(pause) = asked {
        ask(tx, run, pause, false)?;
    }
    withdraw(tx, run, &checkpoint.withdrawn)?;
    if let Some(wake) = checkpoint.wake {
        wake_by(tx, run, wake)?;
    }
    note_undos(tx, run, u64::from(checkpoint.mark), &checkpoint.undo)?;
    events::tell(tx, run, &checkpoint.effects.events)
}

/// Writes events and nothing else.
pub(super) fn emit(tx: &Tx<'_>, run: &str, fence: u64, events: &[String]) -> Result<(), Fault> {
    tx.check(run, fence)?;
    events::tell(tx, run, events)
}

fn bind(tx: &Tx<'_>, run: &str, path: &str, bindings: &[Binding]) -> Result<(), Fault> {
    for binding in bindings {
        tx.execute(
            "INSERT INTO bindings (run, path, name, value) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (run, path, name) DO UPDATE SET value = excluded.value",
            params![run, path, binding.name, binding.value],
        )?;
    }
    Ok(())
}

/// Writes a question, with how often it was asked before, as it says itself or as is found here.
fn ask(tx: &Tx<'_>, run: &str, pause: &NewPause, counted: bool) -> Result<(), Fault> {
    tx.execute(
        "INSERT INTO pauses (run, id, number, name, path, point, question, prompt, schema, asked_at, deadline, allowed,
             remind_ms, asked_before)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, coalesce(?14,
             (SELECT asked_before + 1 FROM pauses WHERE run = ?1 AND path = ?5 AND point = ?6 AND name = ?4
              ORDER BY seq DESC LIMIT 1), 0))",
        params![
            run,
            pause.id,
            pause.number.cast_signed(),
            pause.name,
            pause.path,
            pause.point,
            pause.question,
            pause.prompt,
            pause.schema,
            pause.asked_at,
            pause.deadline,
            pause.allowed,
            pause.remind_ms,
            counted.then_some(pause.asked_before)
        ],
    )?;
    Ok(())
}

/// Sees to it that the run is woken no later than this.
fn wake_by(tx: &Tx<'_>, run: &str, wake: i64) -> Result<(), Fault> {
    tx.execute("UPDATE runs SET wake = ?2 WHERE id = ?1 AND (wake IS NULL OR wake > ?2)", params![run, wake])?;
    Ok(())
}

/// Writes down what can be undone from this many checkpoints after the last on.
fn note_undos(tx: &Tx<'_>, run: &str, after: u64, undos: &[NewUndo]) -> Result<(), Fault> {
    if undos.is_empty() {
        return Ok(());
    }
    let seq = (history::last(tx, run)? + after).cast_signed();
    for NewUndo { path, step, output } in undos {
        // There may be some of this number already.
        tx.execute(
            "INSERT INTO undos (run, seq, n, path, step, output)
             VALUES (?1, ?2, (SELECT count(*) FROM undos WHERE run = ?1 AND seq = ?2), ?3, ?4, ?5)",
            params![run, seq, path, step, output],
        )?;
    }
    Ok(())
}

/// Removes the frames whose path begins with `prefix`, and their bindings: a range of the primary key.
fn forget(tx: &Tx<'_>, run: &str, prefix: &str) -> Result<(), Fault> {
    let end = end_of_prefix(prefix);
    tx.execute("DELETE FROM bindings WHERE run = ?1 AND path >= ?2 AND path < ?3", params![run, prefix, end])?;
    tx.execute("DELETE FROM frames WHERE run = ?1 AND path >= ?2 AND path < ?3", params![run, prefix, end])?;
    Ok(())
}

/// Removes the bindings of a frame that are not among `names`.
fn keep(tx: &Tx<'_>, run: &str, path: &str, names: &[&str]) -> Result<(), Fault> {
    tx.execute(
        "DELETE FROM bindings WHERE run = ?1 AND path = ?2 AND name NOT IN (SELECT value FROM json_each(?3))",
        params![run, path, history::names_as_json(names)],
    )?;
    Ok(())
}

/// The first value behind all texts that begin with `prefix`. SQLite compares texts byte by byte, which for UTF-8 is the
/// order of the characters, so it is the prefix with its last character moved on by one.
fn end_of_prefix(prefix: &str) -> Value {
    let mut rest = prefix.chars();
    while let Some(last) = rest.next_back() {
        if let Some(next) = (last..=char::MAX).nth(1) {
            return Value::Text(format!("{}{next}", rest.as_str()));
        }
    }
    // Nothing to move on: every text is meant, and a blob sorts behind every text.
    Value::Blob(Vec::new())
}

fn unknown_run(run: &str) -> Fault {
    StoreError::UnknownRun { run: run.to_owned() }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prefix_is_the_next_text_that_does_not_begin_with_it() {
        let text = |text: &str| Value::Text(text.to_owned());
        assert_eq!(end_of_prefix("parallel."), text("parallel/"));
        assert_eq!(end_of_prefix("a\u{7f}"), text("a\u{80}"));
        assert_eq!(end_of_prefix("a\u{d7ff}"), text("a\u{e000}"));
        assert_eq!(end_of_prefix("a\u{10ffff}"), text("b"));
        assert_eq!(end_of_prefix("\u{10ffff}"), Value::Blob(Vec::new()));
        assert_eq!(end_of_prefix(""), Value::Blob(Vec::new()));
    }
}
