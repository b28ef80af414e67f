//! The frames of long ago, told from the rows of the history.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    super::{fold::Folds, frames::Frames},
    fault::Fault,
    history::{base, read},
};

/// The frames after a checkpoint, if it is kept.
pub(super) fn frames_at(conn: &Connection, folds: &mut Folds, run: &str, seq: u64) -> Result<Option<Frames>, Fault> {
    let Ok(wanted) = i64::try_from(seq) else { return Ok(None) };
    let (first, begin) = base(conn, run)?;
    if wanted < first {
        return Ok(None);
    }
    if let Some((seq, time)) = folds.known(run, first, wanted)
        && !is_there(conn, run, seq, time)?
    {
        folds.clear();
    }
    let mut way = folds.way(first, begin);
    let mut statement = conn.prepare_cached(
        "SELECT seq, path, at, pause, wake, forget, keep, bindings, moves, time FROM history
         WHERE run = ?1 AND seq > ?2 AND seq <= ?3 ORDER BY seq",
    )?;
    let mut rows = statement.query(params![run, way.reached(), wanted])?;
    while let Some(row) = rows.next()? {
        way.go(row.get(0)?, &read(row)?);
    }
    Ok(way.end())
}

/// Whether a checkpoint is of the very run that is there: one that was removed may have been made anew.
fn is_there(conn: &Connection, run: &str, seq: i64, time: i64) -> Result<bool, Fault> {
    let mut statement = conn.prepare_cached("SELECT time FROM history WHERE run = ?1 AND seq = ?2")?;
    let there = statement.query_row(params![run, seq], |row| row.get::<_, i64>(0)).optional()?;
    Ok(there == Some(time))
}

#[cfg(test)]
mod tests {
    use super::{super::schema, *};

    #[test]
    fn going_back_gives_what_each_checkpoint_gives() -> Result<(), Box<dyn std::error::Error>> {
        const LAST: u64 = 3_000;
        let (_folder, conn) = schema::tests::open()?;
        for run in ["a", "b"] {
            conn.execute_batch("BEGIN")?;
            for seq in 1..=LAST {
                let sql = "INSERT INTO history (run, seq, time, path, at, bindings) VALUES (?1, ?2, ?2, '', ?3, ?4)";
                let (at, bindings) = (format!("{run}{seq}"), format!("{{\"b{}\":{seq}}}", seq % 7));
                conn.prepare_cached(sql)?.execute(params![run, seq.cast_signed(), at, bindings])?;
            }
            conn.execute_batch("COMMIT")?;
        }
        let told = |folds: &mut Folds, run: &str, seq: u64| {
            let told = frames_at(&conn, folds, run, seq).map(|frames| frames.map(Frames::into_records));
            told.map_err(|fault| fault.doing(|| "tell".to_owned()))
        };
        let mut folds = Folds::default();
        let mut most = 0;
        let ways = [("a", LAST), ("a", 2_000), ("b", 2_500), ("a", 1_999), ("a", 2_600)].into_iter();
        for (run, seq) in ways.chain((0..LAST).rev().map(|seq| ("b", seq))) {
            let frames = told(&mut folds, run, seq)?;
            if seq % 37 == 0 || run == "a" {
                assert_eq!(frames, told(&mut Folds::default(), run, seq)?, "{run}, {seq}");
            }
            assert_eq!(frames.and_then(|mut frames| frames.pop()).map_or(0, |frame| frame.moves), seq);
            most = most.max(folds.len());
        }
        assert!((3..10).contains(&most), "{most}");
        assert_eq!(folds.len(), 0, "nothing is held in the end");
        assert_eq!(told(&mut folds, "b", LAST + 1)?, None);
        // The run was removed, and there is one of the same name.
        told(&mut folds, "a", 2_000)?;
        told(&mut folds, "a", 1_900)?;
        conn.execute_batch("UPDATE history SET time = time + 1, at = 'new' WHERE run = 'a'")?;
        let frames = told(&mut folds, "a", 1_800)?.unwrap_or_default();
        assert_eq!(frames.first().map(|frame| frame.at.as_str()), Some("new"));
        Ok(())
    }
}
