//! Forgetting what need not be kept.

use deadpool_postgres::Transaction;
use flow_runtime::store::{Frames, Prune, Pruned};

use crate::{
    client::{Patience, Shared},
    fault::Fault,
    read::history::{MOVES, read},
    schema,
    sessions::remove,
    sql::Sql,
};

pub(crate) async fn prune(shared: &Shared, prune: &Prune) -> Result<Pruned, Fault> {
    let mut pruned = Pruned::default();
    if let Some(before) = prune.ended_before {
        ended(shared, before, prune.limit, &mut pruned).await?;
    }
    if let Some(keep) = prune.checkpoints {
        long(shared, keep, prune.limit, &mut pruned).await?;
    }
    Ok(pruned)
}

/// Removes runs that ended before a time.
async fn ended(shared: &Shared, time: i64, limit: u32, pruned: &mut Pruned) -> Result<(), Fault> {
    let mut sql = Sql::new();
    let (before, limit) = (sql.int(time), sql.int(i64::from(limit)));
    let ended = format!("status IN ('completed', 'failed', 'cancelled') AND updated_at < {before}");
    // Those that somebody reopens at this moment stay.
    let condition = format!(
        "id = ANY (ARRAY (SELECT o.id FROM flow.runs o WHERE {ended} ORDER BY o.updated_at, o.id LIMIT {limit}
             FOR UPDATE SKIP LOCKED)) AND {ended}"
    );
    sql.text = remove(&condition);
    pruned.runs = shared.run(&sql).await?.len() as u64;
    let mut more = Sql::new();
    let before = more.int(time);
    more.text = format!(
        "SELECT 1 FROM flow.runs WHERE status IN ('completed', 'failed', 'cancelled') AND updated_at < {before} LIMIT 1"
    );
    pruned.more = !shared.run(&more).await?.is_empty();
    Ok(())
}

/// Cuts the histories that are longest.
async fn long(shared: &Shared, keep: u64, limit: u32, pruned: &mut Pruned) -> Result<(), Fault> {
    let mut sql = Sql::new();
    let keep = sql.int(i64::try_from(keep).unwrap_or(i64::MAX));
    let one_more = sql.int(i64::from(limit) + 1);
    // What is needed to undo a run stays while it can be undone.
    sql.text = format!(
        "SELECT r.id, x.until FROM flow.runs r, LATERAL (SELECT least(r.seq - {keep},
             (SELECT min(greatest(o.seq - 1, 0)) FROM flow.undos o WHERE o.run = r.id AND o.done_at IS NULL
                  AND r.status NOT IN ('completed', 'cancelled'))) AS until) x
         WHERE r.seq - r.base > {keep} AND x.until > r.base ORDER BY x.until - r.base DESC, r.id LIMIT {one_more}"
    );
    let rows = shared.run(&sql).await?;
    pruned.more |= rows.len() > limit as usize;
    for row in rows.iter().take(limit as usize) {
        let (run, until): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
        let mut patience = Patience::new(shared.patience);
        pruned.checkpoints += loop {
            match cut(shared, &run, until).await {
                Ok(gone) => break gone,
                Err(fault) => patience.wait(fault).await?,
            }
        };
    }
    Ok(())
}

/// Cuts the history of one run after a checkpoint. Returns how many are gone.
async fn cut(shared: &Shared, run: &str, until: i64) -> Result<u64, Fault> {
    let mut client = shared.pool.get().await?;
    let tx = client.transaction().await?;
    let text = |sql: &str| schema::in_schema(sql, &shared.prefix);
    let lock = text("SELECT base, seq FROM flow.runs WHERE id = $1::text FOR UPDATE");
    let Some(row) = tx.query_opt(&lock, &[&run]).await? else { return Ok(0) };
    let (base, seq): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    if until <= base || until > seq {
        return Ok(0);
    }
    let moves = text(&format!(
        "SELECT h.* FROM flow.runs r, LATERAL ({MOVES}) h WHERE r.id = $1::text AND h.seq <= $2::bigint ORDER BY h.seq"
    ));
    let mut frames = Frames::default();
    let mut oldest: i64 = 0;
    for row in tx.query(&moves, &[&run, &until]).await? {
        let made = read(&row, 1)?;
        oldest = made.time;
        frames.apply(&made);
    }
    tx.execute(&text("DELETE FROM flow.base_frames WHERE run = $1::text"), &[&run]).await?;
    let write = text(
        "INSERT INTO flow.base_frames (run, path, at, pause, wake, moves, names, texts)
         VALUES ($1::text, $2::text, $3::text, $4::text, $5::bigint, $6::bigint, $7::text[], $8::text[])",
    );
    let write = tx.prepare_cached(&write).await?;
    for frame in frames.into_records() {
        let names: Vec<&str> = frame.bindings.iter().map(|binding| &*binding.name).collect();
        let texts: Vec<&str> = frame.bindings.iter().map(|binding| binding.value.as_str()).collect();
        let moves = frame.moves.cast_signed();
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 8] =
            [&run, &frame.path, &frame.at, &frame.pause, &frame.wake, &moves, &names, &texts];
        tx.execute(&write, &values).await?;
    }
    let gone = tx
        .execute(&text("DELETE FROM flow.history WHERE run = $1::text AND seq <= $2::bigint"), &[&run, &until])
        .await?;
    tx.execute(&text("UPDATE flow.runs SET base = $2::bigint WHERE id = $1::text"), &[&run, &until]).await?;
    // From before the oldest that is still kept, or the last there was.
    let first = text("SELECT time FROM flow.history WHERE run = $1::text ORDER BY seq LIMIT 1");
    let oldest = tx.query_opt(&first, &[&run]).await?.map(|row| row.try_get(0)).transpose()?.unwrap_or(oldest);
    tx.execute(&text(PAUSES), &[&run, &oldest]).await?;
    forget_events(&tx, shared, run, oldest).await?;
    tx.commit().await?;
    Ok(gone)
}

/// Pauses that were answered or let go before a time, except what a frame stands at, now or where the history begins, and the
/// last. What the engine notes of a frame is JSON, in which an id stands in quotes.
const PAUSES: &str = "
    DELETE FROM flow.pauses p WHERE p.run = $1::text AND coalesce(p.answered_at, p.expired_at, p.withdrawn_at) < $2::bigint
        AND p.ord < (SELECT max(l.ord) FROM flow.pauses l WHERE l.run = $1::text)
        AND NOT EXISTS (SELECT 1 FROM flow.frames f WHERE f.run = $1::text
            AND (f.pause = p.id OR strpos(f.trying, '\"' || p.id || '\"') > 0))
        AND NOT EXISTS (SELECT 1 FROM flow.base_frames b WHERE b.run = $1::text AND b.pause = p.id)";

/// Forgets the events before the first that was not before a time, except the last.
async fn forget_events(tx: &Transaction<'_>, shared: &Shared, run: &str, oldest: i64) -> Result<(), Fault> {
    /// What every event says. Not asked of PostgreSQL, which reads no JSON with a NUL in it.
    #[derive(serde::Deserialize)]
    struct Timed {
        time: i64,
    }

    let text = |sql: &str| schema::in_schema(sql, &shared.prefix);
    let page = tx
        .prepare_cached(&text(
            "SELECT seq, event FROM flow.events WHERE run = $1::text AND seq > $2::bigint ORDER BY seq LIMIT 500",
        ))
        .await?;
    let (mut seen, mut stays) = (0_i64, None);
    while stays.is_none() {
        let rows = tx.query(&page, &[&run, &seen]).await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            seen = row.try_get(0)?;
            let time = serde_json::from_str(row.try_get(1)?).map_or(0, |Timed { time }| time);
            if time >= oldest {
                stays = Some(seen);
                break;
            }
        }
    }
    let delete = text("DELETE FROM flow.events WHERE run = $1::text AND seq < $2::bigint");
    tx.execute(&delete, &[&run, &stays.unwrap_or(seen)]).await?;
    Ok(())
}
