//! The operations that write, as SQL. Each runs inside a transaction it neither opens nor commits.
//!
//! All of them look first and write then, so that a refusal leaves nothing behind even where no savepoint protects it.

use rusqlite::{Connection, OptionalExtension, params, types::Value};

use super::{
    super::{Answer, AnswerReceipt, Checkpoint, Claim, Finish, NewRun, RunStatus, StoreError},
    driver::Driver,
    fault::Fault,
};
use crate::clock::now_ms;

/// An open write transaction.
pub(super) struct Tx<'c> {
    pub(super) conn: &'c Connection,
    /// The driver for which it writes.
    pub(super) driver: &'c Driver,
}

impl Tx<'_> {
    fn execute(&self, sql: &str, params: impl rusqlite::Params) -> Result<usize, Fault> {
        Ok(self.conn.prepare_cached(sql)?.execute(params)?)
    }

    /// The single row of a query, `None` if it has none.
    fn row<T>(
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

    /// Whether the run has ended.
    fn ended(&self, run: &str) -> Result<bool, Fault> {
        let ended =
            self.row("SELECT status IN ('completed', 'failed') FROM runs WHERE id = ?1", [run], |row| row.get(0))?;
        ended.ok_or_else(|| unknown_run(run))
    }
}

pub(super) fn create(tx: &Tx<'_>, run: &NewRun) -> Result<u64, Fault> {
    const FIRST_FENCE: u64 = 1;
    let driver = tx.driver.hold()?;
    let inserted = tx.execute(
        "INSERT INTO runs (id, status, fence, driver, workflow, fingerprint, session, user, created_at, updated_at,
             metadata, input)
         VALUES (?1, 'running', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9, ?10)
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
            run.input
        ],
    )?;
    if inserted == 0 {
        return Err(StoreError::AlreadyExists { run: run.id.clone() }.into());
    }
    Ok(FIRST_FENCE)
}

pub(super) fn claim(tx: &Tx<'_>, run: &str) -> Result<Claim, Fault> {
    if tx.ended(run)? {
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
    let fence = fence + 1;
    tx.execute(
        "UPDATE runs SET fence = ?2, driver = ?3, status = 'running', updated_at = ?4 WHERE id = ?1",
        params![run, fence, tx.driver.hold()?, now_ms()],
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
    if let Some(prefix) = &checkpoint.forget {
        forget(tx, run, prefix)?;
    }
    let (path, asked) = (&*checkpoint.path, checkpoint.asked.as_ref());
    tx.execute(
        "INSERT INTO frames (run, path, at, pause) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (run, path) DO UPDATE SET at = excluded.at, pause = excluded.pause",
        params![run, path, checkpoint.at, asked.map(|pause| &pause.id)],
    )?;
    for binding in &checkpoint.bindings {
        tx.execute(
            "INSERT INTO bindings (run, path, name, value) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (run, path, name) DO UPDATE SET value = excluded.value",
            params![run, path, binding.name, binding.value],
        )?;
    }
    if let Some(names) = checkpoint.keep {
        keep(tx, run, path, names)?;
    }
    if let Some(pause) = asked {
        tx.execute(
            "INSERT INTO pauses (run, id, number, name, path, question, prompt, schema, asked_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                run,
                pause.id,
                pause.number.cast_signed(),
                pause.name,
                pause.path,
                pause.question,
                pause.prompt,
                pause.schema,
                pause.asked_at
            ],
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
    // Names of Rust bindings need no escapes in JSON.
    let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    tx.execute(
        "DELETE FROM bindings WHERE run = ?1 AND path = ?2 AND name NOT IN (SELECT value FROM json_each(?3))",
        params![run, path, format!("[{}]", names.join(","))],
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
    let unread = tx.row(
        "SELECT 1 FROM frames JOIN pauses ON pauses.run = frames.run AND pauses.id = frames.pause
         WHERE frames.run = ?1 AND pauses.answer IS NOT NULL LIMIT 1",
        [run],
        |_| Ok(()),
    )?;
    if unread.is_some() {
        return Ok(false);
    }
    end_claim(tx, run, RunStatus::Paused)?;
    Ok(true)
}

pub(super) fn finish(tx: &Tx<'_>, run: &str, fence: u64, finish: &Finish) -> Result<(), Fault> {
    tx.check(run, fence)?;
    match finish {
        Finish::Completed(output) => {
            tx.execute("UPDATE runs SET output = ?2 WHERE id = ?1", params![run, output])?;
            tx.execute("DELETE FROM bindings WHERE run = ?1", [run])?;
            tx.execute("DELETE FROM frames WHERE run = ?1", [run])?;
            end_claim(tx, run, RunStatus::Completed)
        }
        Finish::Failed(failure) => {
            tx.execute("UPDATE runs SET failure = ?2 WHERE id = ?1", params![run, failure])?;
            end_claim(tx, run, RunStatus::Failed)
        }
    }
}

fn end_claim(tx: &Tx<'_>, run: &str, status: RunStatus) -> Result<(), Fault> {
    tx.execute(
        "UPDATE runs SET driver = NULL, status = ?2, updated_at = ?3 WHERE id = ?1",
        params![run, status.as_str(), now_ms()],
    )?;
    Ok(())
}

pub(super) fn answer(tx: &Tx<'_>, run: &str, pause: &str, answer: &Answer) -> Result<AnswerReceipt, Fault> {
    let ended = tx.ended(run)?;
    let before = tx.row(
        "SELECT answer, answered_by, answered_at FROM pauses WHERE run = ?1 AND id = ?2",
        [run, pause],
        super::read::answer,
    )?;
    match before {
        None => return Err(StoreError::UnknownPause { run: run.to_owned(), pause: pause.to_owned() }.into()),
        Some(Some(before)) => return Ok(AnswerReceipt::AlreadyAnswered(before)),
        Some(None) => {}
    }
    let waiting = tx.row("SELECT 1 FROM frames WHERE run = ?1 AND pause = ?2 LIMIT 1", [run, pause], |_| Ok(()))?;
    if ended || waiting.is_none() {
        return Ok(AnswerReceipt::NotWaiting);
    }
    tx.execute(
        "UPDATE pauses SET answer = ?3, answered_by = ?4, answered_at = ?5 WHERE run = ?1 AND id = ?2",
        params![run, pause, answer.value, answer.by, answer.at],
    )?;
    Ok(AnswerReceipt::Accepted)
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
