//! A checkpoint: the statement that nearly all of a run's time in the database goes into.

use std::collections::BTreeMap;

use flow_runtime::{
    StoreError,
    store::{Binding, Checkpoint, NewPause, NewUndo},
};

use super::{Head, driver, events, fresh, now_ms};
use crate::{
    client::{Refused, Shared, Turns},
    fault::Fault,
    sql::{Param, Sql},
};

pub(crate) async fn checkpoint(shared: &Shared, run: &str, fence: u64, checkpoint: &Checkpoint) -> Result<(), Fault> {
    let sql = statement(run, shared.op(), fence, checkpoint);
    let turns = Turns::default();
    loop {
        let rows = shared.run_on(run, &turns, &sql.0).await.map_err(|fault| asked_before(fault, checkpoint))?;
        if !rows.is_empty() {
            return Ok(());
        }
        match shared.refused(run, fence, sql.1).await? {
            Refused::Done(_) => return Ok(()),
            Refused::Holds => shared.check_session(checkpoint.effects.session.as_ref()).await?,
        }
    }
}

/// A pause of an id that was used before is the one thing a checkpoint may find there already.
pub(crate) fn asked_before(fault: Fault, checkpoint: &Checkpoint) -> Fault {
    match &checkpoint.asked {
        Some(asked) if fault.is_duplicate() => {
            let doing = format!("ask pause `{}`", asked.id);
            StoreError::backend(doing, "a pause of this id was asked before").into()
        }
        _ => fault,
    }
}

/// The statement of a checkpoint, with only the parts that it needs; and its number. It has a row if it took effect.
pub(crate) fn statement<'a>(run: &'a str, op: i64, fence: u64, checkpoint: &'a Checkpoint) -> (Sql<'a>, i64) {
    let mut sql = Sql::new();
    let head = Head::new(&mut sql, run, op, fence);
    let mut sets = String::new();
    if !checkpoint.mark {
        sets.push_str(", seq = r.seq + 1");
    }
    if let Some(wake) = checkpoint.wake {
        sets = format!("{sets}, wake = least(r.wake, {})", sql.int(wake));
    }
    let events = events(&mut sql, head.run, &checkpoint.effects.events, &mut sets, "");
    // What looks at other rows than those it writes has to see them as they are.
    let looks = !checkpoint.mark && (checkpoint.forget.is_some() || checkpoint.keep.is_some());
    let fresh = if looks || !checkpoint.undo.is_empty() { fresh(head.run) } else { String::new() };
    let mut text = driver(&mut sql, head, checkpoint.effects.session.as_ref(), &sets, &fresh);
    text.push_str(&frame(&mut sql, head.run, checkpoint));
    if let Some(pause) = &checkpoint.asked {
        text.push_str(&asked(&mut sql, head.run, pause));
    }
    text.push_str(&withdrawn(&mut sql, head.run, &checkpoint.withdrawn));
    text.push_str(&undos(&mut sql, head.run, u64::from(checkpoint.mark), &checkpoint.undo));
    sql.text = format!("{text}{events} SELECT 1 FROM u");
    (sql, op)
}

/// The parts that write the frame, its bindings, and the history.
fn frame<'a>(sql: &mut Sql<'a>, run: Param, checkpoint: &'a Checkpoint) -> String {
    let (path, at) = (sql.text(&*checkpoint.path), sql.text(&*checkpoint.at));
    let pause = sql.text(checkpoint.asked.as_ref().map(|pause| &*pause.id));
    let (wake, trying) = (sql.int(checkpoint.wake), sql.text(checkpoint.trying.as_deref()));
    if checkpoint.mark {
        return format!(
            ", f AS (INSERT INTO flow.frames (run, path, at, pause, wake, trying, moves)
               SELECT {run}, {path}, {at}, {pause}, {wake}, {trying}, 0 FROM u
               ON CONFLICT (run, path) DO UPDATE SET pause = excluded.pause, wake = excluded.wake,
                   trying = excluded.trying)"
        );
    }
    let forget = sql.text(checkpoint.forget.as_deref());
    let keep = checkpoint.keep.map(|names| sql.texts(names.iter().copied()));
    let own = Own { run, path, names: None, values: None };
    let own = own.with(sql, &checkpoint.bindings);
    let mut text = String::new();
    // A frame that is forgotten and comes again is changed into a new one, because no row may be written twice in a statement.
    let forgotten = checkpoint.forget.as_deref().is_some_and(|prefix| checkpoint.path.starts_with(prefix));
    let moves = if forgotten { "1" } else { "f.moves + 1" };
    text.push_str(&format!(
        ", f AS (INSERT INTO flow.frames AS f (run, path, at, pause, wake, trying, moves)
           SELECT {run}, {path}, {at}, {pause}, {wake}, {trying}, 1 FROM u
           ON CONFLICT (run, path) DO UPDATE SET at = excluded.at, pause = excluded.pause, wake = excluded.wake,
               trying = excluded.trying, moves = {moves})"
    ));
    text.push_str(&own.bind(sql, checkpoint));
    if checkpoint.forget.is_some() {
        // Except what is written anew.
        let kept = match (own.names, keep) {
            (None, _) => "true".to_owned(),
            (Some(names), None) => format!("NOT (d.path = {path} AND d.name = ANY ({names}))"),
            (Some(names), Some(keep)) => {
                format!("NOT (d.path = {path} AND d.name = ANY ({names}) AND d.name = ANY ({keep}))")
            }
        };
        text.push_str(&format!(
            ", df AS (DELETE FROM flow.frames d USING u
               WHERE d.run = {run} AND d.path >= {forget} AND starts_with(d.path, {forget}) AND d.path <> {path}),
             db AS (DELETE FROM flow.bindings d USING u
               WHERE d.run = {run} AND d.path >= {forget} AND starts_with(d.path, {forget}) AND {kept})"
        ));
    }
    if let Some(keep) = keep.filter(|_| !forgotten) {
        text.push_str(&format!(
            ", dk AS (DELETE FROM flow.bindings d USING u
               WHERE d.run = {run} AND d.path = {path} AND d.name <> ALL ({keep}))"
        ));
    }
    let time = sql.int(now_ms());
    let or_null = |param: Option<Param>| param.map_or_else(|| "NULL".to_owned(), |param| param.to_string());
    let (keep, names, values) = (or_null(keep), or_null(own.names), or_null(own.values));
    text.push_str(&format!(
        ", h AS (INSERT INTO flow.history (run, seq, time, path, at, pause, wake, forget, keep, names, texts)
           SELECT {run}, u.seq, {time}, {path}, {at}, {pause}, {wake}, {forget}, {keep}, {names}, {values} FROM u)"
    ));
    text
}

/// The bindings a checkpoint brings, as they came: so they go into the history.
struct Own {
    run: Param,
    path: Param,
    names: Option<Param>,
    values: Option<Param>,
}

impl Own {
    fn with<'a>(mut self, sql: &mut Sql<'a>, bindings: &'a [Binding]) -> Self {
        if !bindings.is_empty() {
            self.names = Some(sql.texts(bindings.iter().map(|binding| &*binding.name)));
            self.values = Some(sql.texts(bindings.iter().map(|binding| binding.value.as_str())));
        }
        self
    }

    /// The part that writes those that live from now on: one that is not to be kept is not written, and of two values of one
    /// binding the last counts.
    fn bind<'a>(&self, sql: &mut Sql<'a>, checkpoint: &'a Checkpoint) -> String {
        let Own { run, path, .. } = self;
        let lives = |name: &str| checkpoint.keep.is_none_or(|keep| keep.contains(&name));
        let mut living: BTreeMap<&str, &str> = BTreeMap::new();
        for Binding { name, value } in checkpoint.bindings.iter().filter(|binding| lives(&binding.name)) {
            living.insert(name, value);
        }
        let (names, values) = match (self.names, self.values) {
            _ if living.is_empty() => return String::new(),
            (Some(names), Some(values)) if living.len() == checkpoint.bindings.len() => (names, values),
            _ => (sql.texts(living.keys().copied()), sql.texts(living.values().copied())),
        };
        format!(
            ", b AS (INSERT INTO flow.bindings AS b (run, path, name, value)
               SELECT {run}, {path}, x.name, x.value FROM u, unnest({names}, {values}) AS x (name, value)
               ON CONFLICT (run, path, name) DO UPDATE SET value = excluded.value)"
        )
    }
}

/// The part that writes a question, with how often the same was asked before: by this frame, so nobody asks it at the same time.
fn asked<'a>(sql: &mut Sql<'a>, run: Param, pause: &'a NewPause) -> String {
    let NewPause { id, number, name, path, point, question, prompt, schema, asked_at, deadline, .. } = pause;
    let (id, number, name, path) = (sql.text(&**id), sql.number(*number), sql.text(&**name), sql.text(&**path));
    let (question, prompt, schema) = (sql.text(&**question), sql.text(&**prompt), sql.text(&**schema));
    let (asked_at, deadline, point) = (sql.int(*asked_at), sql.int(*deadline), sql.text(&**point));
    let (allowed, remind_ms) = (sql.text(pause.allowed.as_deref()), sql.int(pause.remind_ms));
    format!(
        ", p AS (INSERT INTO flow.pauses (run, id, number, name, path, question, prompt, schema, asked_at, deadline, point,
               allowed, remind_ms, asked_before)
           SELECT {run}, {id}, {number}, {name}, {path}, {question}, {prompt}, {schema}, {asked_at}, {deadline}, {point},
               {allowed}, {remind_ms}, coalesce((SELECT b.asked_before + 1 FROM flow.pauses b
                   WHERE b.run = {run} AND b.path = {path} AND b.point = {point} AND b.name = {name}
                   ORDER BY b.ord DESC LIMIT 1), 0)
           FROM u)"
    )
}

/// The part that notes that nobody needs to answer some pauses any more.
fn withdrawn<'a>(sql: &mut Sql<'a>, run: Param, pauses: &'a [String]) -> String {
    if pauses.is_empty() {
        return String::new();
    }
    let (ids, at) = (sql.texts(pauses.iter().map(String::as_str)), sql.int(now_ms()));
    format!(
        ", w AS (UPDATE flow.pauses p SET withdrawn_at = {at} FROM u
           WHERE p.run = {run} AND p.id = ANY ({ids}) AND p.answer IS NULL)"
    )
}

/// The part that notes what can be undone from this many checkpoints after the last on. There may be some of that already.
pub(crate) fn undos<'a>(sql: &mut Sql<'a>, run: Param, after: u64, undos: &'a [NewUndo]) -> String {
    if undos.is_empty() {
        return String::new();
    }
    let after = sql.number(after);
    let paths = sql.texts(undos.iter().map(|undo| undo.path.as_str()));
    let steps = sql.texts(undos.iter().map(|undo| undo.step.as_str()));
    let outputs = sql.texts(undos.iter().map(|undo| undo.output.as_str()));
    format!(
        ", n AS (INSERT INTO flow.undos (run, seq, n, path, step, output)
           SELECT {run}, u.seq + {after},
               x.n - 1 + (SELECT count(*) FROM flow.undos o WHERE o.run = {run} AND o.seq = u.seq + {after}),
               x.path, x.step, x.output
           FROM u, unnest({paths}, {steps}, {outputs}) WITH ORDINALITY AS x (path, step, output, n))"
    )
}
