//! The rows of the history: one per checkpoint, from which the frames of any time can be told.

use std::{borrow::Cow, fmt};

use rusqlite::{Connection, Row, params};
use serde::{
    Deserialize, Deserializer as _, Serialize,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    super::{
        Binding, Checkpoint, CheckpointRecord, FrameRecord,
        fold::Folds,
        frames::{Frames, Move},
    },
    fault::{Fault, malformed},
    fold,
    read::of_run,
    write::Tx,
};

/// The next number is the last entry of the very leaf into which the row goes; a counter in `runs` would be one more page
/// to write. Only a run without any entry may have a number to go on from elsewhere.
macro_rules! last {
    () => {
        "coalesce((SELECT max(seq) FROM history WHERE run = ?1), (SELECT seq FROM history_base WHERE run = ?1), 0)"
    };
}

const NEXT: &str = concat!(
    "INSERT INTO history (run, seq, path, at, pause, wake, forget, keep, bindings, time)
     VALUES (?1, ",
    last!(),
    " + 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
);

/// Writes a checkpoint into the history of a run.
pub(super) fn write(tx: &Tx<'_>, run: &str, checkpoint: &Checkpoint, time: i64) -> Result<(), Fault> {
    tx.execute(
        NEXT,
        params![
            run,
            &*checkpoint.path,
            checkpoint.at,
            checkpoint.asked.as_ref().map(|pause| &pause.id),
            checkpoint.wake,
            checkpoint.forget,
            checkpoint.keep.map(names_as_json),
            bindings_as_json(&checkpoint.bindings),
            time
        ],
    )?;
    Ok(())
}

/// Begins the history of a run with a frame that stands somewhere.
pub(super) fn begin(tx: &Tx<'_>, run: &str, seq: u64, frame: &FrameRecord, time: i64) -> Result<(), Fault> {
    tx.execute(
        "INSERT INTO history (run, seq, path, at, pause, wake, bindings, moves, time)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            run,
            seq.cast_signed(),
            frame.path,
            frame.at,
            frame.pause,
            frame.wake,
            bindings_as_json(&frame.bindings),
            frame.moves.cast_signed(),
            time
        ],
    )?;
    Ok(())
}

/// The number of the last checkpoint of a run.
pub(super) fn last(tx: &Tx<'_>, run: &str) -> Result<u64, Fault> {
    let last = tx.row(concat!("SELECT ", last!()), [run], |row| row.get::<_, i64>(0))?;
    Ok(last.unwrap_or(0).cast_unsigned())
}

pub(super) fn list(conn: &Connection, run: &str) -> Result<Vec<CheckpointRecord>, Fault> {
    of_run(conn, run, || {
        let mut statement =
            conn.prepare_cached("SELECT seq, path, at, time FROM history WHERE run = ?1 ORDER BY seq")?;
        let checkpoints = statement.query_map([run], |row| {
            let seq = row.get::<_, i64>(0)?.cast_unsigned();
            Ok(CheckpointRecord { seq, path: row.get(1)?, at: row.get(2)?, time: row.get(3)? })
        })?;
        Ok(checkpoints.collect::<Result<_, _>>()?)
    })
}

pub(super) fn frames_at(
    conn: &Connection,
    folds: &mut Folds,
    run: &str,
    seq: u64,
) -> Result<Option<Vec<FrameRecord>>, Fault> {
    let snapshot = conn.unchecked_transaction()?;
    let mut frames = None;
    of_run(conn, run, || {
        frames = fold::frames_at(conn, folds, run, seq)?;
        Ok(Vec::<()>::new())
    })?;
    snapshot.commit()?;
    Ok(frames.map(Frames::into_records))
}

/// A frame at the begin of a history of which the first checkpoints are not kept.
#[derive(Serialize, Deserialize)]
struct BaseFrame {
    path: String,
    at: String,
    pause: Option<String>,
    wake: Option<i64>,
    moves: u64,
    bindings: Option<Box<RawValue>>,
}

/// The last checkpoint that is not kept, and where it led.
pub(super) fn base(conn: &Connection, run: &str) -> Result<(i64, Frames), Fault> {
    const FRAMES: usize = 1;
    let mut statement = conn.prepare_cached("SELECT seq, frames FROM history_base WHERE run = ?1")?;
    let mut rows = statement.query([run])?;
    let mut frames = Frames::default();
    let Some(row) = rows.next()? else { return Ok((0, frames)) };
    let text = row.get_ref(FRAMES)?.as_str().map_err(rusqlite::Error::from)?;
    let kept: Vec<BaseFrame> = serde_json::from_str(text).map_err(|error| malformed(FRAMES, error))?;
    for BaseFrame { path, at, pause, wake, moves, bindings } in kept {
        let bindings = bindings.map(|object| bindings_from_json(object.get())).transpose();
        let bindings = bindings.map_err(|error| malformed(FRAMES, error))?.unwrap_or_default();
        frames.insert(FrameRecord { path, at, pause, wake, trying: None, moves, bindings });
    }
    Ok((row.get(0)?, frames))
}

/// Forgets the checkpoints of a run up to this one, and keeps where they led. Returns the ids of the pauses these frames
/// stand at, and when the oldest checkpoint that is kept was written, or the last that is not.
pub(super) fn forget(tx: &Tx<'_>, run: &str, until: u64) -> Result<Option<(Vec<String>, i64)>, Fault> {
    let Some(frames) = fold::frames_at(tx.conn, &mut Folds::default(), run, until)? else { return Ok(None) };
    let until = until.cast_signed();
    let oldest = "SELECT time FROM history WHERE run = ?1 AND seq <= ?2 + 1 ORDER BY seq DESC LIMIT 1";
    let Some(oldest) = tx.row(oldest, params![run, until], |row| row.get(0))? else { return Ok(None) };
    let mut kept = Vec::new();
    for FrameRecord { path, at, pause, wake, moves, bindings, .. } in frames.iter() {
        let (path, at, pause) = (path.clone(), at.clone(), pause.clone());
        let bindings = bindings_as_json(bindings).map(RawValue::from_string).transpose();
        let bindings = bindings.map_err(std::io::Error::from)?;
        kept.push(BaseFrame { path, at, pause, wake: *wake, moves: *moves, bindings });
    }
    let json = serde_json::to_string(&kept).map_err(std::io::Error::from)?;
    tx.execute(
        "INSERT OR REPLACE INTO history_base (run, seq, frames) VALUES (?1, ?2, ?3)",
        params![run, until, json],
    )?;
    tx.execute("DELETE FROM history WHERE run = ?1 AND seq <= ?2", params![run, until])?;
    Ok(Some((kept.into_iter().filter_map(|frame| frame.pause).collect(), oldest)))
}

/// Reads the columns `seq, path, at, pause, wake, forget, keep, bindings, moves, time`.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Move> {
    const KEEP: usize = 6;
    const BINDINGS: usize = 7;
    let keep = match row.get_ref(KEEP)?.as_str_or_null()? {
        Some(names) => Some(serde_json::from_str::<Vec<String>>(names).map_err(|error| malformed(KEEP, error))?),
        None => None,
    };
    let bindings = match row.get_ref(BINDINGS)?.as_str_or_null()? {
        Some(object) => bindings_from_json(object).map_err(|error| malformed(BINDINGS, error))?,
        None => Vec::new(),
    };
    Ok(Move {
        path: row.get(1)?,
        at: Cow::Owned(row.get(2)?),
        pause: row.get(3)?,
        wake: row.get(4)?,
        forget: row.get(5)?,
        keep: keep.map(|names| names.into_iter().map(Cow::Owned).collect()),
        bindings,
        moves: row.get::<_, Option<i64>>(8)?.map(i64::cast_unsigned),
        time: row.get(9)?,
    })
}

/// A JSON array of names.
pub(super) fn names_as_json(names: &[&str]) -> String {
    let mut json = String::from("[");
    for name in names {
        if json.len() > 1 {
            json.push(',');
        }
        push_name(&mut json, name);
    }
    json.push(']');
    json
}

/// A JSON object of bindings, their values as they are; `None` if there are none.
fn bindings_as_json(bindings: &[Binding]) -> Option<String> {
    if bindings.is_empty() {
        return None;
    }
    let size = bindings.iter().map(|binding| binding.name.len() + binding.value.len() + 4).sum::<usize>();
    let mut json = String::with_capacity(size + 1);
    json.push('{');
    for binding in bindings {
        if json.len() > 1 {
            json.push(',');
        }
        push_name(&mut json, &binding.name);
        json.push(':');
        json.push_str(&binding.value);
    }
    json.push('}');
    Some(json)
}

/// Names of Rust bindings need no escapes in JSON. Should another store's records come here, theirs get them.
fn push_name(json: &mut String, name: &str) {
    if name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '#' | '=')) {
        json.push('"');
        json.push_str(name);
        json.push('"');
    } else {
        json.push_str(&serde_json::Value::from(name).to_string());
    }
}

fn bindings_from_json(object: &str) -> Result<Vec<Binding>, serde_json::Error> {
    /// Keeps the order, and the values as they are.
    struct InOrder;

    impl<'de> Visitor<'de> for InOrder {
        type Value = Vec<Binding>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of bindings")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<Binding>, A::Error> {
            let mut bindings = Vec::new();
            while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                bindings.push(Binding { name: Cow::Owned(name), value: Box::<str>::from(value).into_string() });
            }
            Ok(bindings)
        }
    }

    let mut json = serde_json::Deserializer::from_str(object);
    let bindings = json.deserialize_map(InOrder)?;
    json.end()?;
    Ok(bindings)
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::{super::schema, *};

    #[test]
    fn the_statement_of_every_checkpoint_is_compiled_once() -> Result<(), Box<dyn std::error::Error>> {
        let (_folder, conn) = schema::tests::open()?;
        for n in 0..10 {
            let (run, none) = (n.to_string(), None::<String>);
            let mut statement = conn.prepare_cached(NEXT)?;
            statement.execute(params![run, "", "x", none, None::<i64>, none, none, "{}", n])?;
            assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
        }
        Ok(())
    }

    #[test]
    fn bindings_come_back_as_they_were() {
        let binding = |name: &str, value: &str| Binding { name: Cow::Owned(name.to_owned()), value: value.to_owned() };
        let bindings = vec![
            binding("z", "[1, 2]"),
            binding("a#2", "123456789012345678901234567890.10"),
            binding("=result", "null"),
            binding("odd \"\\\0name", r#"{"z":1,"a":"é\u0000"}"#),
        ];
        let json = bindings_as_json(&bindings).unwrap_or_default();
        assert_eq!(bindings_from_json(&json).ok(), Some(bindings));
        assert_eq!(bindings_as_json(&[]), None);
        assert_eq!(names_as_json(&["a", "b#2", "\""]), r#"["a","b#2","\""]"#);
    }
}
