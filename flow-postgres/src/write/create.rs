//! A new run, with all it begins with.

use flow_runtime::{
    StoreError,
    store::{Beginning, Created, FrameRecord, NewRun, PauseRecord},
};

use super::{now_ms, session};
use crate::{
    client::Shared,
    fault::Fault,
    labels::labels,
    sql::{Param, Sql},
};

/// How often something may be in the way of a new run that is gone a moment later.
const DUPLICATES: u32 = 3;

pub(crate) async fn create(shared: &Shared, run: &NewRun, beginning: &Beginning) -> Result<Created, Fault> {
    let op = shared.op();
    let mut duplicates = 0;
    loop {
        let token = shared.hold().await?;
        let sql = statement(run, beginning, op, token);
        let duplicate = match shared.run(&sql).await {
            Ok(rows) if !rows.is_empty() => return Ok(Created::Created(1)),
            Ok(_) => None,
            // Somebody else was faster: what is there now, the next look shows.
            Err(fault) if fault.is_duplicate() => Some(fault),
            Err(fault) => return Err(fault),
        };
        if let Some(created) = there(shared, run, op).await? {
            return Ok(created);
        }
        // Whoever was faster may be gone by now. When that happens again and again, it is the beginning itself that says
        // something twice.
        if let Some(fault) = duplicate {
            duplicates += 1;
            if duplicates == DUPLICATES {
                return Err(fault);
            }
        }
        shared.check_session(beginning.effects.session.as_ref()).await?;
    }
}

/// The run that is in the way of a new one, be it this very one, written by an attempt before.
async fn there(shared: &Shared, run: &NewRun, op: i64) -> Result<Option<Created>, Fault> {
    let mut sql = Sql::new();
    let (id, op, workflow) = (sql.text(&*run.id), sql.int(op), sql.text(&*run.workflow));
    let key = sql.text(run.key.as_deref());
    sql.text = format!(
        "SELECT id, id = {id} AND {op} = ANY (ops), coalesce(workflow = {workflow} AND key = {key}, false) AS keyed
         FROM flow.runs WHERE id = {id} OR (workflow = {workflow} AND key = {key}) ORDER BY keyed DESC"
    );
    let rows = shared.run(&sql).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let (found, own, keyed): (String, bool, bool) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    match (own, keyed) {
        (true, _) => Ok(Some(Created::Created(1))),
        (false, true) => Ok(Some(Created::Existing(found))),
        (false, false) => Err(StoreError::AlreadyExists { run: run.id.clone() }.into()),
    }
}

fn statement<'a>(run: &'a NewRun, beginning: &'a Beginning, op: i64, token: &'a str) -> Sql<'a> {
    let mut sql = Sql::new();
    let (id, op) = (sql.text(&*run.id), sql.int(op));
    let Beginning { frames, pauses, effects } = beginning;
    let (workflow, key, kept) =
        (sql.text(&*run.workflow), sql.text(run.key.as_deref()), sql.text(run.session.as_deref()));
    let (user, at) = (sql.text(run.user.as_deref()), sql.int(run.created_at));
    // The session's row is held while the run comes to it, so that nobody deletes it without seeing the run.
    let mut text = format!(
        "WITH k AS (SELECT 1 FROM flow.sessions WHERE id = {kept} FOR KEY SHARE),
         l AS (SELECT (SELECT count(*) FROM k) AS held WHERE NOT EXISTS (
             SELECT 1 FROM flow.runs WHERE id = {id} UNION ALL SELECT 1 FROM flow.runs WHERE workflow = {workflow} AND key = {key}))"
    );
    let from = match &effects.session {
        Some(write) => {
            text = format!("{text}, {}", session(&mut sql, op, write, "l"));
            "s"
        }
        None => "l",
    };
    if effects.session.as_ref().map(|write| &write.id) != run.session.as_ref() {
        text.push_str(&format!(
            ", m AS (INSERT INTO flow.sessions (id, version, ops, created_at, updated_at, \"user\", state)
               SELECT {kept}, 1, ARRAY[{op}], {at}, {at}, {user}, 'null' FROM {from} AS x, l
               WHERE {kept} IS NOT NULL AND l.held = 0 ON CONFLICT DO NOTHING)"
        ));
    }
    let (fingerprint, input) = (sql.text(&*run.fingerprint), sql.text(&*run.input));
    let (metadata, labels) = (sql.text(run.metadata.as_deref()), labels(run.metadata.as_deref()));
    let labels = match labels {
        Some(labels) => format!("{}::jsonb", sql.owned(labels)),
        None => "NULL".to_owned(),
    };
    let (deadline, priority, token) = (sql.int(run.deadline), sql.int(i64::from(run.priority)), sql.text(token));
    let wake = frames.iter().filter_map(|frame| frame.wake).chain(run.deadline).min();
    let (wake, seq, told) = (sql.int(wake), sql.number(frames.len() as u64), sql.number(effects.events.len() as u64));
    text.push_str(&format!(
        ", u AS (INSERT INTO flow.runs (id, status, fence, driver, seq, events, ops, wake, deadline, created_at, updated_at,
               priority, workflow, fingerprint, key, session, \"user\", metadata, labels, input)
           SELECT {id}, 'running', 1, {token}, {seq}, {told}, ARRAY[{op}], {wake}, {deadline}, {at}, {at}, {priority}::integer,
               {workflow}, {fingerprint}, {key}, {kept}, {user}, {metadata}, {labels}, {input} FROM {from} RETURNING 1)"
    ));
    if !effects.events.is_empty() {
        let events = sql.texts(effects.events.iter().map(String::as_str));
        text.push_str(&format!(
            ", e AS (INSERT INTO flow.events (run, seq, event)
               SELECT {id}, x.n, x.event FROM u, unnest({events}) WITH ORDINALITY AS x (event, n))"
        ));
    }
    stands(&mut sql, &mut text, id, frames);
    asked(&mut sql, &mut text, id, pauses);
    sql.text = text + " SELECT 1 FROM u";
    sql
}

/// Adds the parts that write where a run stands already, and the beginning of its history.
fn stands<'a>(sql: &mut Sql<'a>, text: &mut String, run: Param, frames: &'a [FrameRecord]) {
    if frames.is_empty() {
        return;
    }
    let paths = sql.texts(frames.iter().map(|frame| frame.path.as_str()));
    let points = sql.texts(frames.iter().map(|frame| frame.at.as_str()));
    let pauses = sql.texts(frames.iter().map(|frame| frame.pause.as_deref()));
    let wakes = sql.ints(frames.iter().map(|frame| frame.wake));
    let moves = sql.ints(frames.iter().map(|frame| frame.moves.cast_signed()));
    let tried = sql.texts(frames.iter().map(|frame| frame.trying.as_deref()));
    let bindings = || frames.iter().flat_map(|frame| frame.bindings.iter().map(move |binding| (&*frame.path, binding)));
    let of = sql.texts(bindings().map(|(path, _)| path));
    let names = sql.texts(bindings().map(|(_, binding)| &*binding.name));
    let values = sql.texts(bindings().map(|(_, binding)| binding.value.as_str()));
    let time = sql.int(now_ms());
    text.push_str(&format!(
        ", f AS (INSERT INTO flow.frames (run, path, at, pause, wake, moves, trying)
           SELECT {run}, x.* FROM u, unnest({paths}, {points}, {pauses}, {wakes}, {moves}, {tried}) AS x),
         b AS (INSERT INTO flow.bindings (run, path, name, value)
           SELECT {run}, x.* FROM u, unnest({of}, {names}, {values}) AS x),
         h AS (INSERT INTO flow.history (run, seq, time, path, at, pause, wake, moves, names, texts)
           SELECT {run}, x.n, {time}, x.path, x.at, x.pause, x.wake, x.moves,
               (SELECT array_agg(y.name ORDER BY y.n) FROM unnest({of}, {names}) WITH ORDINALITY AS y (path, name, n)
                WHERE y.path = x.path),
               (SELECT array_agg(y.value ORDER BY y.n) FROM unnest({of}, {values}) WITH ORDINALITY AS y (path, value, n)
                WHERE y.path = x.path)
           FROM u, unnest({paths}, {points}, {pauses}, {wakes}, {moves})
               WITH ORDINALITY AS x (path, at, pause, wake, moves, n))"
    ));
}

/// Adds the part that writes what a run has asked already.
fn asked<'a>(sql: &mut Sql<'a>, text: &mut String, run: Param, pauses: &'a [PauseRecord]) {
    if pauses.is_empty() {
        return;
    }
    let asked = || pauses.iter().map(|pause| &pause.pause);
    let answers = || pauses.iter().map(|pause| pause.answer.as_ref());
    let columns = [
        sql.texts(asked().map(|pause| pause.id.as_str())),
        sql.ints(asked().map(|pause| pause.number.cast_signed())),
        sql.texts(asked().map(|pause| pause.name.as_str())),
        sql.texts(asked().map(|pause| pause.path.as_str())),
        sql.texts(asked().map(|pause| pause.question.as_str())),
        sql.texts(asked().map(|pause| pause.prompt.as_str())),
        sql.texts(asked().map(|pause| pause.schema.as_str())),
        sql.ints(asked().map(|pause| pause.asked_at)),
        sql.ints(asked().map(|pause| pause.deadline)),
        sql.texts(answers().map(|answer| answer.map(|answer| answer.value.as_str()))),
        sql.texts(answers().map(|answer| answer.and_then(|answer| answer.by.as_deref()))),
        sql.ints(answers().map(|answer| answer.map(|answer| answer.at))),
        sql.ints(pauses.iter().map(|pause| pause.expired_at)),
        sql.texts(asked().map(|pause| pause.point.as_str())),
        sql.texts(asked().map(|pause| pause.allowed.as_deref())),
        sql.ints(asked().map(|pause| pause.remind_ms)),
        sql.ints(asked().map(|pause| i64::from(pause.asked_before))),
        sql.texts(answers().map(|answer| answer.and_then(|answer| answer.comment.as_deref()))),
    ];
    let columns = columns.map(|column| column.to_string()).join(", ");
    text.push_str(&format!(
        ", p AS (INSERT INTO flow.pauses (run, id, number, name, path, question, prompt, schema, asked_at, deadline, answer,
               answered_by, answered_at, expired_at, point, allowed, remind_ms, asked_before, comment)
           SELECT {run}, x.* FROM u, unnest({columns}) AS x)"
    ));
}
