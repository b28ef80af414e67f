//! Looking for runs: lists, page by page, and counts.

use rusqlite::{Connection, ToSql, functions::FunctionFlags};

use super::{
    super::{RunCount, RunFilter, RunRecord, RunStatus, texts::has_metadata},
    fault::Fault,
    read::{find, run_columns, run_record, status},
};

/// Teaches a connection to compare metadata as JSON values: the order of an object's keys does not count.
pub(super) fn teach(conn: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_DIRECTONLY;
    conn.create_scalar_function("has_metadata", 3, flags, |call| {
        let text = |argument: usize| call.get_raw(argument).as_str_or_null();
        Ok(has_metadata(text(0)?, text(1)?.unwrap_or_default(), text(2)?.unwrap_or_default()))
    })
}

/// A `WHERE` and its values. One text per set of conditions, not one for all with `?1 IS NULL OR …`: each finds its index,
/// each is cached.
#[derive(Default)]
struct Conditions<'f> {
    sql: String,
    values: Vec<Box<dyn ToSql + 'f>>,
}

/// The index in which a search finds its runs in order.
fn index(filter: &RunFilter) -> &'static str {
    match filter {
        // One run at most.
        RunFilter { workflow: Some(_), key: Some(_), .. } => "runs_by_key",
        RunFilter { session: Some(_), .. } => "runs_by_session",
        RunFilter { user: Some(_), .. } => "runs_by_user",
        RunFilter { workflow: Some(_), .. } => BY_WORKFLOW,
        RunFilter { status, .. } if !status.is_empty() => BY_STATUS,
        _ => "runs_by_time",
    }
}

const BY_WORKFLOW: &str = "runs_by_workflow";
const BY_STATUS: &str = "runs_by_status";

impl<'f> Conditions<'f> {
    fn of(filter: &'f RunFilter, statuses: &[RunStatus]) -> Self {
        let RunFilter { workflow, session, user, key, created_from, created_before, metadata, after, .. } = filter;
        let mut conditions = Conditions::default();
        if let Some(workflow) = workflow {
            conditions.add("workflow = ?", workflow);
        }
        match statuses {
            [] => {}
            [status] => conditions.add("status = ?", status.as_str()),
            [first, rest @ ..] => {
                conditions.add("status IN (?", first.as_str());
                for status in rest {
                    conditions.sql.push_str(", ?");
                    conditions.values.push(Box::new(status.as_str()));
                }
                conditions.sql.push(')');
            }
        }
        if let Some(session) = session {
            conditions.add("session = ?", session);
        }
        if let Some(user) = user {
            conditions.add("user = ?", user);
        }
        if let Some(key) = key {
            conditions.add("key = ?", key);
        }
        if let Some(from) = created_from {
            conditions.add("created_at >= ?", from);
        }
        if let Some(before) = created_before {
            conditions.add("created_at < ?", before);
        }
        if let Some((at, id)) = after {
            conditions.add("(created_at, id) < (?, ?)", at);
            conditions.values.push(Box::new(id));
        }
        for (key, value) in metadata {
            conditions.add("has_metadata(metadata, ?, ?)", key);
            conditions.values.push(Box::new(value));
        }
        conditions
    }

    fn add(&mut self, condition: &str, value: impl ToSql + 'f) {
        self.sql.push_str(if self.sql.is_empty() { " WHERE " } else { " AND " });
        self.sql.push_str(condition);
        self.values.push(Box::new(value));
    }

    fn values(&self) -> Vec<&dyn ToSql> {
        self.values.iter().map(|value| &**value).collect()
    }
}

fn search(select: &str, index: &str, conditions: &Conditions<'_>) -> String {
    format!("{select} INDEXED BY {index}{} ORDER BY created_at DESC, id DESC LIMIT ?", conditions.sql)
}

pub(super) fn list(conn: &Connection, filter: &RunFilter) -> Result<Vec<RunRecord>, Fault> {
    let index = index(filter);
    let several = if filter.status.is_empty() { &RunStatus::ALL[..] } else { &filter.status };
    if several.len() == 1 || !matches!(index, BY_WORKFLOW | BY_STATUS) {
        let mut conditions = Conditions::of(filter, &filter.status);
        conditions.values.push(Box::new(filter.limit));
        let mut statement = conn.prepare_cached(&search(run_columns!(), index, &conditions))?;
        return Ok(statement.query_map(&conditions.values()[..], run_record)?.collect::<Result<_, _>>()?);
    }
    // Each status has its place in the index, where its runs are in order.
    let snapshot = conn.unchecked_transaction()?;
    let mut ids: Vec<(i64, String)> = Vec::new();
    for status in several {
        let mut conditions = Conditions::of(filter, std::slice::from_ref(status));
        conditions.values.push(Box::new(filter.limit));
        let mut statement = conn.prepare_cached(&search("SELECT created_at, id FROM runs", index, &conditions))?;
        let found = statement.query_map(&conditions.values()[..], |row| Ok((row.get(0)?, row.get(1)?)))?;
        ids.extend(found.collect::<Result<Vec<_>, _>>()?);
    }
    ids.sort_by(|a, b| b.cmp(a));
    // A status that is asked for twice counts once.
    ids.dedup();
    ids.truncate(filter.limit as usize);
    let runs = ids.iter().filter_map(|(_, id)| find(conn, id).transpose()).collect::<Result<_, _>>()?;
    snapshot.commit()?;
    Ok(runs)
}

pub(super) fn stats(conn: &Connection, filter: &RunFilter) -> Result<Vec<RunCount>, Fault> {
    let conditions = Conditions::of(filter, &filter.status);
    let sql = format!(
        "SELECT workflow, status, count(*), min(created_at), sum(took), max(took)
         FROM (SELECT workflow, status, created_at, max(updated_at - created_at, 0) AS took FROM runs{})
         GROUP BY workflow, status ORDER BY workflow, status",
        conditions.sql
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let counts = statement.query_map(&conditions.values()[..], |row| {
        let number = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
        Ok(RunCount {
            workflow: row.get(0)?,
            status: status(row, 1)?,
            runs: number(2)?,
            oldest: row.get(3)?,
            total_ms: number(4)?,
            longest_ms: number(5)?,
        })
    })?;
    Ok(counts.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{idle, prune, schema, sessions},
        *,
    };

    /// What a search for runs asks SQLite.
    fn asked(filter: &RunFilter) -> String {
        let statuses = filter.status.get(..1).unwrap_or(&[RunStatus::Paused]);
        let conditions = match index(filter) {
            BY_WORKFLOW | BY_STATUS => Conditions::of(filter, statuses),
            _ => Conditions::of(filter, &filter.status),
        };
        search(run_columns!(), index(filter), &conditions)
    }

    #[test]
    fn every_search_has_its_index() -> Result<(), Box<dyn std::error::Error>> {
        let (_folder, conn) = schema::tests::open()?;
        let text = || Some("x".to_owned());
        let all = RunFilter {
            workflow: text(),
            status: vec![RunStatus::Paused, RunStatus::Failed],
            session: text(),
            user: text(),
            key: None,
            created_from: Some(1),
            created_before: Some(2),
            metadata: vec![("a".to_owned(), "1".to_owned())],
            after: None,
            limit: 10,
        };
        let any = RunFilter::default;
        let after = Some((1, "x".to_owned()));
        let searches = [
            (any(), "SCAN runs USING INDEX runs_by_time"),
            (
                RunFilter { after: after.clone(), ..any() },
                "SEARCH runs USING INDEX runs_by_time ((created_at,id)<(?,?))",
            ),
            (RunFilter { session: text(), ..any() }, "SEARCH runs USING INDEX runs_by_session (session=?)"),
            (RunFilter { key: text(), ..all.clone() }, "SEARCH runs USING INDEX runs_by_key (workflow=? AND key=?)"),
            (all.clone(), "SEARCH runs USING INDEX runs_by_session (session=? AND created_at>? AND created_at<?)"),
            (
                RunFilter { session: None, ..all.clone() },
                "SEARCH runs USING INDEX runs_by_user (user=? AND created_at>? AND created_at<?)",
            ),
            (
                RunFilter { session: None, user: None, ..all },
                "SEARCH runs USING INDEX runs_by_workflow (workflow=? AND status=? AND created_at>? AND created_at<?)",
            ),
            (
                RunFilter { workflow: text(), after: after.clone(), ..any() },
                "SEARCH runs USING INDEX runs_by_workflow (workflow=? AND status=? AND (created_at,id)<(?,?))",
            ),
            (
                RunFilter { status: vec![RunStatus::Paused], ..any() },
                "SEARCH runs USING INDEX runs_by_status (status=?)",
            ),
        ]
        .map(|(filter, plan)| (asked(&filter), plan));
        let forget = "DELETE FROM frames WHERE run = ?1 AND path >= ?2 AND path < ?3";
        let mut others = vec![
            (forget, "SEARCH frames USING PRIMARY KEY (run=? AND path>? AND path<?)"),
            (
                "SELECT id FROM runs WHERE workflow = ?1 AND key = ?2",
                "SEARCH runs USING INDEX runs_by_key (workflow=? AND key=?)",
            ),
            (sessions::search(false, false), "SCAN sessions USING INDEX sessions_by_time"),
            (
                sessions::search(true, true),
                "SEARCH sessions USING INDEX sessions_by_user (user=? AND (updated_at,id)<(?,?))",
            ),
            prune::tests::PLAN,
        ];
        others.extend(idle::tests::PLANS);
        let searches = searches.iter().map(|(sql, plan)| (sql.as_str(), *plan)).chain(others);
        for (sql, plan) in searches {
            let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            let values = vec![rusqlite::types::Null; statement.parameter_count()];
            let steps =
                statement.query_map(rusqlite::params_from_iter(values), |row| row.get::<_, String>("detail"))?;
            assert_eq!(steps.collect::<Result<Vec<_>, _>>()?, [plan], "{sql}");
        }
        Ok(())
    }
}
