//! What changes where a run stands as a whole: it is parked, ends, is answered, cancelled, reopened or undone.

use rusqlite::params;

use super::{
    super::{
        super::{
            Answer, AnswerReceipt, CancelReceipt, Effects, Finish, FrameMark, LOOK_AGAIN, NewUndo, ReopenReceipt,
            RunStatus, StoreError,
        },
        events,
        fault::Fault,
        read, sessions,
    },
    Tx, note_undos, wake_by,
};
use crate::clock::now_ms;

pub(in super::super) fn park(tx: &Tx<'_>, run: &str, fence: u64, events: &[String]) -> Result<bool, Fault> {
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
    events::tell(tx, run, events)?;
    Ok(true)
}

pub(in super::super) fn finish(
    tx: &Tx<'_>,
    run: &str,
    fence: u64,
    finish: &Finish,
    effects: &Effects,
) -> Result<(), Fault> {
    // First, because it tells whether the run is still this driver's.
    end(tx, run, fence, finish)?;
    if let Some(session) = &effects.session {
        sessions::write(tx, session)?;
    }
    events::tell(tx, run, &effects.events)
}

fn end(tx: &Tx<'_>, run: &str, fence: u64, finish: &Finish) -> Result<(), Fault> {
    let (status, output, failure) = match finish {
        Finish::Completed(output) => (RunStatus::Completed, Some(output), None),
        Finish::Failed(failure) => (RunStatus::Failed, None, Some(failure)),
        Finish::Cancelled => (RunStatus::Cancelled, None, None),
    };
    let ended = tx.execute(
        "UPDATE runs SET driver = NULL, status = ?2, updated_at = ?3, output = ?4, failure = ?5, wake = NULL
         WHERE id = ?1 AND fence = ?6 AND driver IS NOT NULL",
        params![run, status.as_str(), now_ms(), output, failure, fence.cast_signed()],
    )?;
    if ended == 0 {
        // Says why.
        tx.check(run, fence)?;
    }
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

pub(in super::super) fn answer(
    tx: &Tx<'_>,
    run: &str,
    pause: &str,
    answer: &Answer,
    events: &[String],
) -> Result<AnswerReceipt, Fault> {
    let status = tx.status(run)?;
    let asked = tx.row(
        "SELECT answer, answered_by, answered_at, comment, path, deadline, expired_at FROM pauses WHERE run = ?1 AND id = ?2",
        [run, pause],
        |row| {
            let (path, deadline, expired): (String, Option<i64>, Option<i64>) = (row.get(4)?, row.get(5)?, row.get(6)?);
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
        return Ok(AnswerReceipt::Expired);
    }
    write_answer(tx, run, pause, answer)?;
    // Whoever gave it may be killed before the run has gone on.
    wake_by(tx, run, answer.at)?;
    events::tell(tx, run, events)?;
    Ok(AnswerReceipt::Accepted)
}

pub(super) fn write_answer(tx: &Tx<'_>, run: &str, pause: &str, answer: &Answer) -> Result<(), Fault> {
    tx.execute(
        "UPDATE pauses SET answer = ?3, answered_by = ?4, answered_at = ?5, comment = ?6 WHERE run = ?1 AND id = ?2",
        params![run, pause, answer.value, answer.by, answer.at, answer.comment],
    )?;
    Ok(())
}

pub(in super::super) fn expire(
    tx: &Tx<'_>,
    run: &str,
    fence: u64,
    pause: &str,
    at: i64,
    events: &[String],
) -> Result<bool, Fault> {
    tx.check(run, fence)?;
    let sql = "SELECT answer IS NOT NULL, expired_at IS NOT NULL FROM pauses WHERE run = ?1 AND id = ?2";
    let asked = tx.row(sql, [run, pause], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (answered, expired): (bool, bool) = asked.ok_or_else(|| unknown_pause(run, pause))?;
    if answered || expired {
        return Ok(expired);
    }
    mark_expired(tx, run, pause, at)?;
    events::tell(tx, run, events)?;
    Ok(true)
}

pub(in super::super) fn remind(
    tx: &Tx<'_>,
    run: &str,
    fence: u64,
    pause: &str,
    wake: i64,
    events: &[String],
) -> Result<bool, Fault> {
    tx.check(run, fence)?;
    let reminded = tx.row(
        "UPDATE pauses SET reminded = reminded + 1
         WHERE run = ?1 AND id = ?2 AND answer IS NULL AND expired_at IS NULL RETURNING path",
        [run, pause],
        |row| row.get::<_, String>(0),
    )?;
    let Some(path) = reminded else {
        let known = tx.row("SELECT 1 FROM pauses WHERE run = ?1 AND id = ?2", [run, pause], |_| Ok(()))?;
        return known.map(|()| false).ok_or_else(|| unknown_pause(run, pause));
    };
    tx.execute(
        "UPDATE frames SET wake = ?4 WHERE run = ?1 AND path = ?2 AND pause = ?3",
        params![run, path, pause, wake],
    )?;
    wake_by(tx, run, wake)?;
    events::tell(tx, run, events)?;
    Ok(true)
}

/// Nobody needs to answer these any more.
pub(super) fn withdraw(tx: &Tx<'_>, run: &str, pauses: &[String]) -> Result<(), Fault> {
    for pause in pauses {
        tx.execute(
            "UPDATE pauses SET withdrawn_at = ?3 WHERE run = ?1 AND id = ?2 AND answer IS NULL",
            params![run, pause, now_ms()],
        )?;
    }
    Ok(())
}

pub(super) fn mark_expired(tx: &Tx<'_>, run: &str, pause: &str, at: i64) -> Result<(), Fault> {
    tx.execute(
        "UPDATE pauses SET expired_at = ?3 WHERE run = ?1 AND id = ?2 AND expired_at IS NULL",
        params![run, pause, at],
    )?;
    Ok(())
}

pub(in super::super) fn cancel(tx: &Tx<'_>, run: &str, at: i64, events: &[String]) -> Result<CancelReceipt, Fault> {
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
    events::tell(tx, run, events)?;
    if undo.is_some() {
        return Ok(CancelReceipt::Undoing);
    }
    drop_frames(tx, run)?;
    Ok(CancelReceipt::Cancelled)
}

pub(in super::super) fn reopen(
    tx: &Tx<'_>,
    run: &str,
    at: i64,
    frames: &[FrameMark],
    events: &[String],
) -> Result<ReopenReceipt, Fault> {
    let status = tx.status(run)?;
    if status != RunStatus::Failed {
        return Ok(ReopenReceipt::NotFailed(status));
    }
    let again =
        tx.execute("UPDATE undos SET failure = NULL WHERE run = ?1 AND done_at IS NULL AND failure NOT NULL", [run])?;
    if again > 0 {
        tx.execute("UPDATE runs SET wake = ?2 WHERE id = ?1", params![run, at])?;
        set_status(tx, run, RunStatus::Undoing)?;
        events::tell(tx, run, events)?;
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
    events::tell(tx, run, events)?;
    Ok(ReopenReceipt::Reopened)
}

pub(in super::super) fn begin_undo(
    tx: &Tx<'_>,
    run: &str,
    fence: u64,
    failure: Option<&str>,
    undos: &[NewUndo],
    events: &[String],
) -> Result<bool, Fault> {
    tx.check(run, fence)?;
    events::tell(tx, run, events)?;
    note_undos(tx, run, 1, undos)?;
    let undo = tx.row("SELECT 1 FROM undos WHERE run = ?1 AND done_at IS NULL LIMIT 1", [run], |_| Ok(()))?;
    if undo.is_none() {
        end(tx, run, fence, &failure.map_or(Finish::Cancelled, |failure| Finish::Failed(failure.to_owned())))?;
        return Ok(false);
    }
    let values = params![run, failure, now_ms() + LOOK_AGAIN];
    tx.execute("UPDATE runs SET failure = ?2, wake = ?3 WHERE id = ?1", values)?;
    set_status(tx, run, RunStatus::Undoing)?;
    Ok(true)
}

pub(in super::super) fn undone(
    tx: &Tx<'_>,
    (run, fence): (&str, u64),
    (seq, n): (u64, u32),
    failure: Option<&str>,
    at: i64,
    events: &[String],
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
    events::tell(tx, run, events)
}

fn unknown_pause(run: &str, pause: &str) -> Fault {
    StoreError::UnknownPause { run: run.to_owned(), pause: pause.to_owned() }.into()
}
