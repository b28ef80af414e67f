//! Finding runs.

use flow_runtime::store::{Due, RunCount, RunFilter, RunRecord};
use tokio_postgres::Row;

use super::{RUN, run, status};
use crate::{client::Shared, fault::Fault, labels::searched, sql::Sql, write::claim::DRIVEN};

pub(crate) async fn list(shared: &Shared, filter: &RunFilter) -> Result<Vec<RunRecord>, Fault> {
    let mut sql = Sql::new();
    let Some(conditions) = conditions(&mut sql, filter) else { return Ok(Vec::new()) };
    let limit = sql.int(i64::from(filter.limit));
    sql.text =
        format!("SELECT {RUN} FROM flow.runs r WHERE {conditions} ORDER BY r.created_at DESC, r.id DESC LIMIT {limit}");
    shared.run(&sql).await?.iter().map(run).collect()
}

pub(crate) async fn stats(shared: &Shared, filter: &RunFilter) -> Result<Vec<RunCount>, Fault> {
    let mut sql = Sql::new();
    let Some(conditions) = conditions(&mut sql, filter) else { return Ok(Vec::new()) };
    sql.text = format!(
        "SELECT r.workflow, r.status, count(*), min(r.created_at),
             least(sum(greatest(r.updated_at - r.created_at, 0)), 9223372036854775807)::bigint,
             max(greatest(r.updated_at - r.created_at, 0))
         FROM flow.runs r WHERE {conditions} GROUP BY r.workflow, r.status ORDER BY r.workflow, r.status"
    );
    let count = |row: &Row| {
        Ok(RunCount {
            workflow: row.try_get(0)?,
            status: status(row.try_get(1)?)?,
            runs: row.try_get::<_, i64>(2)?.cast_unsigned(),
            oldest: row.try_get(3)?,
            total_ms: row.try_get::<_, i64>(4)?.cast_unsigned(),
            longest_ms: row.try_get::<_, i64>(5)?.cast_unsigned(),
        })
    };
    shared.run(&sql).await?.iter().map(count).collect()
}

/// The condition of a filter; `None` if no run can meet it.
fn conditions<'a>(sql: &mut Sql<'a>, filter: &'a RunFilter) -> Option<String> {
    let RunFilter { workflow, status, session, user, key, created_from, created_before, metadata, after, limit: _ } =
        filter;
    let mut all = vec!["true".to_owned()];
    for (column, wanted) in [("workflow", workflow), ("session", session), ("\"user\"", user), ("key", key)] {
        if let Some(wanted) = wanted {
            all.push(format!("r.{column} = {}", sql.text(&**wanted)));
        }
    }
    if !status.is_empty() {
        all.push(format!("r.status = ANY ({})", sql.texts(status.iter().map(|status| status.as_str()))));
    }
    if let Some(from) = created_from {
        all.push(format!("r.created_at >= {}", sql.int(*from)));
    }
    if let Some(before) = created_before {
        all.push(format!("r.created_at < {}", sql.int(*before)));
    }
    for (key, value) in metadata {
        // What is no JSON is the value of nothing.
        let value = searched(serde_json::from_str(value).ok()?);
        let key = searched(serde_json::Value::from(key.as_str()));
        let pair = sql.owned(format!("{{{key}:{value}}}"));
        let (key, value) = (sql.owned(key.as_str().unwrap_or_default().to_owned()), sql.owned(value.to_string()));
        // The first condition uses the index, and lets through a little too much.
        all.push(format!("r.labels @> {pair}::jsonb AND r.labels -> {key} = {value}::jsonb"));
    }
    if let Some((at, id)) = after {
        all.push(format!("(r.created_at, r.id) < ({}, {})", sql.int(*at), sql.text(&**id)));
    }
    Some(all.join(" AND "))
}

pub(crate) async fn abandoned(shared: &Shared, workflows: &[&str], limit: u32) -> Result<Vec<String>, Fault> {
    let mut sql = Sql::new();
    let (workflows, limit) = (sql.texts(workflows.iter().copied()), sql.int(i64::from(limit)));
    sql.text = format!(
        "SELECT r.id FROM flow.runs r
         WHERE r.status IN ('running', 'undoing') AND r.workflow = ANY ({workflows}) AND NOT {DRIVEN}
         ORDER BY r.created_at, r.id LIMIT {limit}"
    );
    shared.run(&sql).await?.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

pub(crate) async fn due(shared: &Shared, workflows: &[&str], now: i64, limit: u32) -> Result<Due, Fault> {
    let mut sql = Sql::new();
    let (workflows, limit) = (sql.texts(workflows.iter().copied()), sql.int(i64::from(limit)));
    let now = sql.int(now);
    sql.text = format!(
        "SELECT ARRAY (SELECT r.id FROM flow.runs r
                WHERE r.wake <= {now} AND r.workflow = ANY ({workflows}) AND NOT {DRIVEN}
                ORDER BY r.wake, r.id LIMIT {limit}),
             (SELECT min(r.wake) FROM flow.runs r WHERE r.wake > {now})"
    );
    let rows = shared.run(&sql).await?;
    let Some(row) = rows.first() else { return Ok(Due::default()) };
    Ok(Due { runs: row.try_get(0)?, next: row.try_get(1)? })
}
