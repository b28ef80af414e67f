//! The operations that write, as SQL. Each runs inside a transaction it neither opens nor commits.
//!
//! All of them look first and write then, so that a refusal leaves nothing behind even where no savepoint protects it.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params, types::Value};

use super::{
    super::{
        Answer, AnswerReceipt, Beginning, Binding, CancelReceipt, Checkpoint, Claim, Created, Due, Finish, FrameMark,
        LOOK_AGAIN, NewPause, NewRun, NewUndo, PauseRecord, ReopenReceipt, RunStatus, StoreError,
    },
    driver::Driver,
    fault::Fault,
    history, read,
};
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
    fn check(&self, run: &str, fence: u64) -> Result<(), Fault> {
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

    fn status(&self, run: &str) -> Result<RunStatus, Fault> {
        let status = self.row("SELECT status FROM runs WHERE id = ?1", [run], |row| read::status(row, 0))?;
        status.ok_or_else(|| unknown_run(run))
    }
}

fn insert(tx: &Tx<'_>, run: &NewRun) -> Result<u64, Fault> {
    const FIRST_FENCE: u64 = 1;
    let driver = tx.driver.hold()?;
    let inserted = tx.execute(
        "INSERT INTO runs (id, status, fence, driver, workflow, fingerprint, session, user, created_at, updated_at,
             metadata, input, deadline, wake)
         VALUES (?1, 'running', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9, ?10, ?11, ?11)
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
            run.deadline
        ],
    )?;
    if inserted == 0 {
        return Err(StoreError::AlreadyExists { run: run.id.clone() }.into());
    }
    Ok(FIRST_FENCE)
}

pub(super) fn create(tx: &Tx<'_>, run: &NewRun, beginning: &Beginning) -> Result<Created, Fault> {
    let Beginning { frames, pauses, .. } = beginning;
    let fence = insert(tx, run)?;
    let id = &run.id;
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
    for PauseRecord { pause, answer, expired_at } in pauses {
        ask(tx, id, pause)?;
        if let Some(answer) = answer {
            write_answer(tx, id, &pause.id, answer)?;
        }
        if let Some(at) = expired_at {
            mark_expired(tx, id, &pause.id, *at)?;
        }
    }
    Ok(Created::Created(fence))
}

pub(super) fn claim(tx: &Tx<'_>, run: &str) -> Result<Claim, Fault> {
    let status = tx.status(run)?;
    if status.has_ended() {
        return Ok(Claim::Ended);
    }
    let before: Option<(i64, Option<String>)> =
        tx.row("SELECT fence, driver FROM runs WHERE id = ?1", [run], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let Some((fence, driver)) = before else {
        return Err(unknown_run(run));
    };
    if let Some(driver) = driver
        && (tx.driver.is_own(&driver) || tx.driver.is_alive(&driver)?)
    {
        return Ok(Claim::Busy);
    }
    let (fence, now) = (fence + 1, now_ms());
    tx.execute(
        "UPDATE runs SET fence = ?2, driver = ?3, wake = iif(wake IS NULL, NULL, ?4) WHERE id = ?1",
        params![run, fence, tx.driver.hold()?, now + LOOK_AGAIN],
    )?;
    if status != RunStatus::Undoing {
        tx.execute("UPDATE runs SET status = 'running', updated_at = ?2 WHERE id = ?1", params![run, now])?;
    }
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
        ask(tx, run, pause)?;
    }
    if let Some(wake) = checkpoint.wake {
        wake_by(tx, run, wake)?;
    }
    note_undos(tx, run, u64::from(checkpoint.mark), &checkpoint.undo)
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

fn ask(tx: &Tx<'_>, run: &str, pause: &NewPause) -> Result<(), Fault> {
    tx.execute(
        "INSERT INTO pauses (run, id, number, name, path, question, prompt, schema, asked_at, deadline)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            run,
            pause.id,
            pause.number.cast_signed(),
            pause.name,
            pause.path,
            pause.question,
            pause.prompt,
            pause.schema,
            pause.asked_at,
            pause.deadline
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

pub(super) fn park(tx: &Tx<'_>, run: &str, fence: u64) -> Result<bool, Fault> {
    tx.check(run, fence)?;
    let news = tx.row(
        "SELECT 1 FROM frames JOIN pauses ON pauses.run = frames.run AND pauses.id = frames.pause
         WHERE frames.run = ?1 AND (pauses.answer IS NOT NULL OR pauses.expired_at IS NOT NULL) LIMIT 1",
        [run],
        |_| Ok(()),
    )?;
    if news.is_some() {
        return Ok(false);
    }
    tx.execute(
        "UPDATE runs SET driver = NULL, wake =
             (SELECT min(wake) FROM (SELECT deadline AS wake UNION ALL SELECT wake FROM frames WHERE run = ?1))
         WHERE id = ?1",
        [run],
    )?;
    if tx.status(run)? != RunStatus::Undoing {
        set_status(tx, run, RunStatus::Paused)?;
    }
    Ok(true)
}

pub(super) fn finish(tx: &Tx<'_>, run: &str, fence: u64, finish: &Finish) -> Result<(), Fault> {
    tx.check(run, fence)?;
    let (status, output, failure) = match finish {
        Finish::Completed(output) => (RunStatus::Completed, Some(output), None),
        Finish::Failed(failure) => (RunStatus::Failed, None, Some(failure)),
        Finish::Cancelled => (RunStatus::Cancelled, None, None),
    };
    tx.execute(
        "UPDATE runs SET driver = NULL, status = ?2, updated_at = ?3, output = ?4, failure = ?5, wake = NULL
         WHERE id = ?1",
        params![run, status.as_str(), now_ms(), output, failure],
    )?;
    match status {
        RunStatus::Failed => Ok(()),
        _ => drop_frames(tx, run),
    }
}

fn drop_frames(tx: &Tx<'_>, run: &str) -> Result<(), Fault> {
    tx.execute("DELETE FROM bindings WHERE run = ?1", [run])?;
    tx.execute("DELETE FROM frames WHERE run = ?1", [run])?;
    Ok(())
}

fn set_status(tx: &Tx<'_>, run: &str, status: RunStatus) -> Result<(), Fault> {
    let values = params![run, status.as_str(), now_ms()];
    tx.execute("UPDATE runs SET status = ?2, updated_at = ?3 WHERE id = ?1", values)?;
    Ok(())
}

pub(super) fn answer(tx: &Tx<'_>, run: &str, pause: &str, answer: &Answer) -> Result<AnswerReceipt, Fault> {
    let status = tx.status(run)?;
    let asked = tx.row(
        "SELECT answer, answered_by, answered_at, path, deadline, expired_at FROM pauses WHERE run = ?1 AND id = ?2",
        [run, pause],
        |row| {
            let (path, deadline, expired): (String, Option<i64>, Option<i64>) = (row.get(3)?, row.get(4)?, row.get(5)?);
            Ok((read::answer(row)?, path, deadline, expired))
        },
    )?;
    let Some((before, path, deadline, expired)) = asked else {
        return Err(unknown_pause(run, pause));
    };
    if let Some(before) = before {
        return Ok(AnswerReceipt::AlreadyAnswered(before));
    }
    if status.has_ended() || status == RunStatus::Undoing {
        return Ok(AnswerReceipt::NotWaiting);
    }
    if expired.is_some() {
        return Ok(AnswerReceipt::Expired);
    }
    let values = [run, &path, pause];
    let waiting = tx.row("SELECT 1 FROM frames WHERE run = ?1 AND path = ?2 AND pause = ?3", values, |_| Ok(()))?;
    if waiting.is_none() {
        return Ok(AnswerReceipt::NotWaiting);
    }
    if deadline.is_some_and(|deadline| answer.at >= deadline) {
        mark_expired(tx, run, pause, answer.at)?;
        return Ok(AnswerReceipt::Expired);
    }
    write_answer(tx, run, pause, answer)?;
    // Whoever gave it may be killed before the run has gone on.
    wake_by(tx, run, answer.at)?;
    Ok(AnswerReceipt::Accepted)
}

fn write_answer(tx: &Tx<'_>, run: &str, pause: &str, answer: &Answer) -> Result<(), Fault> {
    tx.execute(
        "UPDATE pauses SET answer = ?3, answered_by = ?4, answered_at = ?5 WHERE run = ?1 AND id = ?2",
        params![run, pause, answer.value, answer.by, answer.at],
    )?;
    Ok(())
}

pub(super) fn expire(tx: &Tx<'_>, run: &str, fence: u64, pause: &str, at: i64) -> Result<bool, Fault> {
    tx.check(run, fence)?;
    let answered: bool = tx
        .row("SELECT answer IS NOT NULL FROM pauses WHERE run = ?1 AND id = ?2", [run, pause], |row| row.get(0))?
        .ok_or_else(|| unknown_pause(run, pause))?;
    if !answered {
        mark_expired(tx, run, pause, at)?;
    }
    Ok(!answered)
}

fn mark_expired(tx: &Tx<'_>, run: &str, pause: &str, at: i64) -> Result<(), Fault> {
    tx.execute(
        "UPDATE pauses SET expired_at = ?3 WHERE run = ?1 AND id = ?2 AND expired_at IS NULL",
        params![run, pause, at],
    )?;
    Ok(())
}

/// As [`read::due`], where it can be told which drivers are alive.
pub(super) fn due(tx: &Tx<'_>, workflows: &[&str], now: i64, limit: u32) -> Result<Due, Fault> {
    // Many runs have one driver.
    let mut known = BTreeMap::new();
    let due = read::due(tx.conn, workflows, now, limit, |driver| {
        if let Some(is_alive) = known.get(driver) {
            return Ok(Some(*is_alive));
        }
        let is_alive = tx.driver.is_own(driver) || tx.driver.is_alive(driver)?;
        known.insert(driver.to_owned(), is_alive);
        Ok(Some(is_alive))
    })?;
    Ok(due.unwrap_or_default())
}

pub(super) fn cancel(tx: &Tx<'_>, run: &str, at: i64) -> Result<CancelReceipt, Fault> {
    let status = tx.status(run)?;
    if status.has_ended() || status == RunStatus::Undoing {
        return Ok(CancelReceipt::Ended(status));
    }
    let undo = tx.row("SELECT 1 FROM undos WHERE run = ?1 AND done_at IS NULL LIMIT 1", [run], |_| Ok(()))?;
    let (status, wake) = match undo {
        Some(()) => (RunStatus::Undoing, Some(at)),
        None => (RunStatus::Cancelled, None),
    };
    tx.execute("UPDATE runs SET driver = NULL, fence = fence + 1, wake = ?2 WHERE id = ?1", params![run, wake])?;
    set_status(tx, run, status)?;
    if undo.is_some() {
        return Ok(CancelReceipt::Undoing);
    }
    drop_frames(tx, run)?;
    Ok(CancelReceipt::Cancelled)
}

pub(super) fn reopen(tx: &Tx<'_>, run: &str, at: i64, frames: &[FrameMark]) -> Result<ReopenReceipt, Fault> {
    let status = tx.status(run)?;
    if status != RunStatus::Failed {
        return Ok(ReopenReceipt::NotFailed(status));
    }
    let again =
        tx.execute("UPDATE undos SET failure = NULL WHERE run = ?1 AND done_at IS NULL AND failure NOT NULL", [run])?;
    if again > 0 {
        tx.execute("UPDATE runs SET wake = ?2 WHERE id = ?1", params![run, at])?;
        set_status(tx, run, RunStatus::Undoing)?;
        return Ok(ReopenReceipt::Reopened);
    }
    let done = tx.row("SELECT 1 FROM undos WHERE run = ?1 AND done_at NOT NULL LIMIT 1", [run], |_| Ok(()))?;
    if done.is_some() {
        return Ok(ReopenReceipt::Undone);
    }
    for FrameMark { path, pause, wake, trying } in frames {
        tx.execute(
            "UPDATE frames SET pause = ?3, wake = ?4, trying = ?5 WHERE run = ?1 AND path = ?2",
            params![run, path, pause, wake, trying],
        )?;
    }
    tx.execute("UPDATE runs SET failure = NULL, deadline = NULL, wake = ?2 WHERE id = ?1", params![run, at])?;
    set_status(tx, run, RunStatus::Paused)?;
    Ok(ReopenReceipt::Reopened)
}

pub(super) fn begin_undo(
    tx: &Tx<'_>,
    run: &str,
    fence: u64,
    failure: Option<&str>,
    undos: &[NewUndo],
) -> Result<bool, Fault> {
    tx.check(run, fence)?;
    note_undos(tx, run, 1, undos)?;
    let undo = tx.row("SELECT 1 FROM undos WHERE run = ?1 AND done_at IS NULL LIMIT 1", [run], |_| Ok(()))?;
    if undo.is_none() {
        let end = failure.map_or(Finish::Cancelled, |failure| Finish::Failed(failure.to_owned()));
        finish(tx, run, fence, &end)?;
        return Ok(false);
    }
    let values = params![run, failure, now_ms() + LOOK_AGAIN];
    tx.execute("UPDATE runs SET failure = ?2, wake = ?3 WHERE id = ?1", values)?;
    set_status(tx, run, RunStatus::Undoing)?;
    Ok(true)
}

pub(super) fn undone(
    tx: &Tx<'_>,
    (run, fence): (&str, u64),
    (seq, n): (u64, u32),
    failure: Option<&str>,
    at: i64,
) -> Result<(), Fault> {
    tx.check(run, fence)?;
    let done_at = failure.is_none().then_some(at);
    let changed = tx.execute(
        "UPDATE undos SET done_at = ?4, failure = ?5 WHERE run = ?1 AND seq = ?2 AND n = ?3",
        params![run, seq.cast_signed(), n, done_at, failure],
    )?;
    if changed == 0 {
        return Err(StoreError::unknown_undo(run, seq, n).into());
    }
    Ok(())
}

fn unknown_pause(run: &str, pause: &str) -> Fault {
    StoreError::UnknownPause { run: run.to_owned(), pause: pause.to_owned() }.into()
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
