//! Answers, questions that nobody has answered in time, and reminders of them.

use flow_runtime::{
    StoreError,
    store::{Answer, AnswerReceipt},
};

use super::{Head, events, noted};
use crate::{
    client::{Shared, Turns, unknown_run},
    fault::Fault,
    notify,
    sql::Sql,
};

pub(crate) async fn answer(
    shared: &Shared,
    run: &str,
    pause: &str,
    answer: &Answer,
    told: &[String],
) -> Result<AnswerReceipt, Fault> {
    let mut sql = Sql::new();
    let (id, op, pause_id) = (sql.text(run), sql.int(shared.op()), sql.text(pause));
    let (value, by, at) = (sql.text(&*answer.value), sql.text(answer.by.as_deref()), sql.int(answer.at));
    let comment = sql.text(answer.comment.as_deref());
    let (mut sets, noted) = (String::new(), noted(op));
    let accepted = "look.outcome = 'accepted'";
    let events = events(&mut sql, id, told, &mut sets, accepted).replace(accepted, "u.outcome = 'accepted'");
    let tell = notify::tell(&mut sql, shared.told(), run, true);
    sql.text = format!(
        "WITH look AS (SELECT r.ops[1] AS seen, {op} = ANY (r.ops) AS done, p.answer, p.answered_by, p.answered_at, p.comment,
               CASE WHEN p.id IS NULL THEN 'unknown'
                    WHEN p.answer IS NOT NULL THEN 'answered'
                    WHEN r.status NOT IN ('running', 'paused') THEN 'not_waiting'
                    WHEN p.expired_at IS NOT NULL THEN 'expired'
                    WHEN NOT EXISTS (SELECT 1 FROM flow.frames f WHERE f.run = r.id AND f.path = p.path AND f.pause = p.id)
                        THEN 'not_waiting'
                    WHEN p.deadline <= {at} THEN 'expired'
                    ELSE 'accepted' END AS outcome
           FROM flow.runs r LEFT JOIN flow.pauses p ON p.run = r.id AND p.id = {pause_id} WHERE r.id = {id}),
         u AS (UPDATE flow.runs r SET {noted}, wake = CASE WHEN {accepted} THEN least(r.wake, {at}) ELSE r.wake END{sets}
           FROM look WHERE r.id = {id} AND r.ops[1] = look.seen AND NOT look.done AND look.outcome = 'accepted'
           RETURNING look.outcome, r.events),
         a AS (UPDATE flow.pauses p SET answer = {value}, answered_by = {by}, answered_at = {at}, comment = {comment}
           FROM u WHERE p.run = {id} AND p.id = {pause_id} AND u.outcome = 'accepted'){events}
         SELECT look.outcome, look.done, look.answer, look.answered_by, look.answered_at, EXISTS (SELECT 1 FROM u),
             (SELECT {tell} FROM u WHERE u.outcome = 'accepted'), look.comment
         FROM look"
    );
    let turns = Turns::default();
    loop {
        let rows = shared.run_on(run, &turns, &sql).await?;
        let Some(row) = rows.first() else { return Err(unknown_run(run)) };
        let (outcome, done, made): (&str, bool, bool) = (row.try_get(0)?, row.try_get(1)?, row.try_get(5)?);
        return Ok(match outcome {
            "unknown" => return Err(unknown_pause(run, pause)),
            "answered" if done => AnswerReceipt::Accepted,
            "answered" => {
                let (value, by, at) = (row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
                AnswerReceipt::AlreadyAnswered(Answer { value, by, at, comment: row.try_get(7)? })
            }
            "not_waiting" => AnswerReceipt::NotWaiting,
            "expired" => AnswerReceipt::Expired,
            "accepted" if made => AnswerReceipt::Accepted,
            // The run has changed since it was looked at.
            _ => continue,
        });
    }
}

pub(crate) async fn expire(
    shared: &Shared,
    (run, fence): (&str, u64),
    pause: &str,
    at: i64,
    told: &[String],
) -> Result<bool, Fault> {
    let mut sql = Sql::new();
    let head = Head::new(&mut sql, run, shared.op(), fence);
    let (pause_id, at) = (sql.text(pause), sql.int(at));
    let (mut sets, noted, gate) = (String::new(), noted(head.op), head.gate());
    let events = events(&mut sql, head.run, told, &mut sets, "");
    let Head { run: id, fence, .. } = head;
    sql.text = format!(
        "WITH look AS (SELECT r.ops[1] AS seen, r.fence = {fence} AND r.driver IS NOT NULL AS holds, p.id IS NOT NULL AS known,
               p.answer IS NOT NULL AS answered, p.expired_at IS NOT NULL AS expired
           FROM flow.runs r LEFT JOIN flow.pauses p ON p.run = r.id AND p.id = {pause_id} WHERE r.id = {id}),
         u AS (UPDATE flow.runs r SET {noted}{sets}
           FROM look WHERE {gate} AND r.ops[1] = look.seen AND look.known AND NOT look.answered AND NOT look.expired
           RETURNING r.events),
         x AS (UPDATE flow.pauses p SET expired_at = {at} FROM u WHERE p.run = {id} AND p.id = {pause_id}){events}
         SELECT look.holds, look.known, look.answered, look.expired, EXISTS (SELECT 1 FROM u) FROM look"
    );
    let turns = Turns::default();
    loop {
        let rows = shared.run_on(run, &turns, &sql).await?;
        let Some(row) = rows.first() else { return Err(unknown_run(run)) };
        if !row.try_get::<_, bool>(0)? {
            return Err(StoreError::Fenced { run: run.to_owned() }.into());
        }
        if !row.try_get::<_, bool>(1)? {
            return Err(unknown_pause(run, pause));
        }
        let (answered, expired, made): (bool, bool, bool) = (row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
        if answered || expired || made {
            return Ok(expired || made);
        }
    }
}

pub(crate) async fn remind(
    shared: &Shared,
    (run, fence): (&str, u64),
    pause: &str,
    wake: i64,
    told: &[String],
) -> Result<bool, Fault> {
    let mut sql = Sql::new();
    let head = Head::new(&mut sql, run, shared.op(), fence);
    let (pause_id, wake) = (sql.text(pause), sql.int(wake));
    let (mut sets, noted, gate) = (format!(", wake = least(r.wake, {wake})"), noted(head.op), head.gate());
    let events = events(&mut sql, head.run, told, &mut sets, "");
    let Head { run: id, fence, op } = head;
    sql.text = format!(
        "WITH look AS (SELECT r.ops[1] AS seen, r.fence = {fence} AND r.driver IS NOT NULL AS holds, {op} = ANY (r.ops) AS done,
               p.id IS NOT NULL AS known, p.answer IS NOT NULL OR p.expired_at IS NOT NULL AS over
           FROM flow.runs r LEFT JOIN flow.pauses p ON p.run = r.id AND p.id = {pause_id} WHERE r.id = {id}),
         u AS (UPDATE flow.runs r SET {noted}{sets}
           FROM look WHERE {gate} AND r.ops[1] = look.seen AND look.known AND NOT look.over RETURNING r.events),
         x AS (UPDATE flow.pauses p SET reminded = p.reminded + 1 FROM u WHERE p.run = {id} AND p.id = {pause_id}),
         f AS (UPDATE flow.frames f SET wake = {wake} FROM u WHERE f.run = {id} AND f.pause = {pause_id}){events}
         SELECT look.holds, look.known, look.done, look.over, EXISTS (SELECT 1 FROM u) FROM look"
    );
    let turns = Turns::default();
    loop {
        let rows = shared.run_on(run, &turns, &sql).await?;
        let Some(row) = rows.first() else { return Err(unknown_run(run)) };
        if !row.try_get::<_, bool>(0)? {
            return Err(StoreError::Fenced { run: run.to_owned() }.into());
        }
        if !row.try_get::<_, bool>(1)? {
            return Err(unknown_pause(run, pause));
        }
        let (done, over, made): (bool, bool, bool) = (row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
        if done || over || made {
            return Ok(done || made);
        }
    }
}

fn unknown_pause(run: &str, pause: &str) -> Fault {
    StoreError::UnknownPause { run: run.to_owned(), pause: pause.to_owned() }.into()
}
