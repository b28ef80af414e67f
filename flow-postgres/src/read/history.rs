//! The history of a run, and how its frames were at any time of it.

use std::{borrow::Cow, sync::PoisonError};

use flow_runtime::store::{Binding, CheckpointRecord, Folds, FrameRecord, Frames, Move};
use tokio_postgres::Row;

use super::of_run;
use crate::{client::Shared, fault::Fault, sql::Sql};

pub(crate) async fn list(shared: &Shared, run: &str) -> Result<Vec<CheckpointRecord>, Fault> {
    let mut sql = Sql::new();
    let id = sql.text(run);
    sql.text = format!(
        "SELECT h.seq IS NOT NULL, h.seq, h.path, h.at, h.time
         FROM flow.runs r LEFT JOIN flow.history h ON h.run = r.id WHERE r.id = {id} ORDER BY h.seq"
    );
    let read = |row: Row| {
        let seq = row.try_get::<_, i64>(1)?.cast_unsigned();
        Ok(CheckpointRecord { seq, path: row.try_get(2)?, at: row.try_get(3)?, time: row.try_get(4)? })
    };
    of_run(shared, run, &sql).await?.map(read).collect()
}

/// The columns of a move, from the third on: of the frames with which what is kept begins, which have the number 0, and of the
/// history.
pub(crate) const MOVES: &str =
    "SELECT 0::bigint AS seq, path, at, pause, wake, NULL AS forget, NULL::text[] AS keep, names, texts, moves, 0::bigint AS time
     FROM flow.base_frames WHERE run = r.id
     UNION ALL SELECT seq, path, at, pause, wake, forget, keep, names, texts, moves, time FROM flow.history WHERE run = r.id";

pub(crate) async fn frames_at(shared: &Shared, run: &str, seq: u64) -> Result<Option<Vec<FrameRecord>>, Fault> {
    let Ok(wanted) = i64::try_from(seq) else { return Ok(None) };
    // Who asks at the same time does without.
    let mut folds = std::mem::take(&mut *shared.folds.lock().unwrap_or_else(PoisonError::into_inner));
    let known = folds.known(run, 0, wanted);
    let mut frames = None;
    if let Some(known) = known {
        frames = told(shared, &mut folds, run, wanted, Some(known)).await?;
    }
    if frames.is_none() {
        folds.clear();
        frames = told(shared, &mut folds, run, wanted, None).await?;
    }
    *shared.folds.lock().unwrap_or_else(PoisonError::into_inner) = folds;
    Ok(frames.map(Frames::into_records))
}

/// The frames after a checkpoint, told from those that are known after the one of this number and time, or from the beginning.
/// `None` if one of the two is not there.
async fn told(
    shared: &Shared,
    folds: &mut Folds,
    run: &str,
    wanted: i64,
    known: Option<(i64, i64)>,
) -> Result<Option<Frames>, Fault> {
    let mut sql = Sql::new();
    let (id, until) = (sql.text(run), sql.int(wanted));
    let from = sql.int(known.map_or(0, |(seq, _)| seq));
    sql.text = format!(
        "SELECT {until} BETWEEN r.base AND r.seq, h.*, r.base
         FROM flow.runs r LEFT JOIN LATERAL ({MOVES}) h ON h.seq BETWEEN {from} AND {until} WHERE r.id = {id} ORDER BY h.seq"
    );
    let rows: Vec<Row> = of_run(shared, run, &sql).await?.collect();
    let Some(row) = rows.first() else { return Ok(None) };
    let mut rows = rows.iter();
    let (mut base, mut begin) = (row.try_get(BASE)?, Frames::default());
    if let Some((seq, time)) = known {
        // The checkpoint itself comes first: it has to be that of the very run that is there.
        let first: (Option<i64>, Option<i64>) = (row.try_get(1)?, row.try_get(BASE - 1)?);
        if first != (Some(seq), Some(time)) {
            return Ok(None);
        }
        base = seq;
        rows.next();
    }
    let mut moves = Vec::with_capacity(rows.len());
    for row in rows {
        match row.try_get::<_, Option<i64>>(1)? {
            Some(0) => begin.apply(&read(row, 2)?),
            Some(seq) => moves.push((seq, read(row, 2)?)),
            None => {}
        }
    }
    let mut way = folds.way(base, begin);
    moves.iter().for_each(|(seq, made)| way.go(*seq, made));
    Ok(way.end())
}

/// The column that follows on those of a move, the last of which is its time.
const BASE: usize = 12;

/// Reads a move from its column `path` on.
pub(crate) fn read(row: &Row, first: usize) -> Result<Move, Fault> {
    let keep: Option<Vec<String>> = row.try_get(first + 5)?;
    let names: Option<Vec<String>> = row.try_get(first + 6)?;
    let texts: Option<Vec<String>> = row.try_get(first + 7)?;
    let bindings = names.unwrap_or_default().into_iter().zip(texts.unwrap_or_default());
    Ok(Move {
        path: row.try_get(first)?,
        at: Cow::Owned(row.try_get(first + 1)?),
        pause: row.try_get(first + 2)?,
        wake: row.try_get(first + 3)?,
        forget: row.try_get(first + 4)?,
        keep: keep.map(|names| names.into_iter().map(Cow::Owned).collect()),
        bindings: bindings.map(|(name, value)| Binding { name: Cow::Owned(name), value }).collect(),
        moves: row.try_get::<_, Option<i64>>(first + 8)?.map(i64::cast_unsigned),
        time: row.try_get(first + 9)?,
    })
}
