//! The history of a run, and how its frames were at any time of it.

use std::borrow::Cow;

use flow_runtime::store::{Binding, CheckpointRecord, FrameRecord, Frames, Move};
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
    let mut sql = Sql::new();
    let id = sql.text(run);
    let seq = i64::try_from(seq).unwrap_or(i64::MAX);
    let wanted = sql.int(seq);
    sql.text = format!(
        "SELECT {wanted} BETWEEN r.base AND r.seq, h.*
         FROM flow.runs r LEFT JOIN LATERAL ({MOVES}) h ON h.seq <= {wanted} WHERE r.id = {id} ORDER BY h.seq"
    );
    let mut frames = Frames::default();
    let mut kept = false;
    for row in of_run(shared, run, &sql).await? {
        kept = true;
        if row.try_get::<_, Option<i64>>(1)?.is_some() {
            frames.apply(&read(&row, 2)?);
        }
    }
    Ok(kept.then(|| frames.into_records()))
}

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
