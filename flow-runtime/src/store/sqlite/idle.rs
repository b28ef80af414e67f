//! Which runs somebody has to see to: those whose timer is due, and those whose driver is gone.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::{super::Due, fault::Fault, write::Tx};

/// Those that are due, and the first that is not.
const DUE: &str = "SELECT wake, id, driver, workflow FROM runs WHERE wake IS NOT NULL ORDER BY wake, id";
const NEXT: &str = "SELECT min(wake) FROM runs WHERE wake > ?1";

macro_rules! at_work {
    ($select:literal, $where:literal) => {
        concat!($select, " FROM runs WHERE status IN ('running', 'undoing') AND workflow = ?1 AND ", $where)
    };
}

/// From one driver to the next: there are few, however many runs they have.
const DRIVERS: &str = at_work!("SELECT min(driver)", "driver > ?2");
const OF_DRIVER: &str = at_work!("SELECT created_at, id", "driver = ?2 ORDER BY created_at, id LIMIT ?3");
const OF_NOBODY: &str = at_work!("SELECT created_at, id", "driver IS NULL ORDER BY created_at, id LIMIT ?2");

/// The runs that want to be woken. `is_driven` says whether a driver is at work, or `None` if that cannot be told here; so
/// does this function then.
pub(super) fn due(
    conn: &Connection,
    workflows: &[&str],
    now: i64,
    limit: u32,
    mut is_driven: impl FnMut(&str) -> Result<Option<bool>, Fault>,
) -> Result<Option<Due>, Fault> {
    let (mut runs, mut next) = (Vec::new(), None);
    let mut statement = conn.prepare_cached(DUE)?;
    let mut rows = statement.query([])?;
    while runs.len() < limit as usize
        && let Some(row) = rows.next()?
    {
        let wake: i64 = row.get(0)?;
        if wake > now {
            next = Some(wake);
            break;
        }
        if !workflows.contains(&row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?) {
            continue;
        }
        let is_driven = match row.get_ref(2)?.as_str_or_null().map_err(rusqlite::Error::from)? {
            Some(driver) => is_driven(driver)?,
            None => Some(false),
        };
        match is_driven {
            Some(true) => {}
            Some(false) => runs.push(row.get(1)?),
            None => return Ok(None),
        }
    }
    drop(rows);
    if runs.len() >= limit as usize {
        let mut statement = conn.prepare_cached(NEXT)?;
        next = statement.query_row([now], |row| row.get(0))?;
    }
    Ok(Some(Due { runs, next }))
}

/// The runs that nobody drives and somebody should: one that is given back between two of these looks is found by the next.
/// `is_driven` and the result are as with [`due`].
pub(super) fn abandoned(
    conn: &Connection,
    workflows: &[&str],
    limit: u32,
    mut is_driven: impl FnMut(&str) -> Result<Option<bool>, Fault>,
) -> Result<Option<Vec<String>>, Fault> {
    let mut found: Vec<(i64, String)> = Vec::new();
    for workflow in workflows {
        let mut statement = conn.prepare_cached(OF_NOBODY)?;
        let runs = statement.query_map(params![workflow, limit], |row| Ok((row.get(0)?, row.get(1)?)))?;
        found.extend(runs.collect::<Result<Vec<_>, _>>()?);
        let mut drivers = conn.prepare_cached(DRIVERS)?;
        let mut last = String::new();
        while let Some(driver) =
            drivers.query_row([*workflow, &last], |row| row.get::<_, Option<String>>(0)).optional()?.flatten()
        {
            match is_driven(&driver)? {
                Some(true) => {}
                Some(false) => {
                    let mut statement = conn.prepare_cached(OF_DRIVER)?;
                    let values = params![workflow, driver, limit];
                    let runs = statement.query_map(values, |row| Ok((row.get(0)?, row.get(1)?)))?;
                    found.extend(runs.collect::<Result<Vec<_>, _>>()?);
                }
                None => return Ok(None),
            }
            last = driver;
        }
    }
    found.sort();
    found.truncate(limit as usize);
    Ok(Some(found.into_iter().map(|(_, id)| id).collect()))
}

/// Tells inside a write transaction which drivers are alive; many runs have one.
pub(super) fn look<'t>(tx: &'t Tx<'_>) -> impl FnMut(&str) -> Result<Option<bool>, Fault> + 't {
    let mut known = BTreeMap::new();
    move |driver| {
        if let Some(is_alive) = known.get(driver) {
            return Ok(Some(*is_alive));
        }
        let is_alive = tx.driver.is_own(driver) || tx.driver.is_alive(driver)?;
        known.insert(driver.to_owned(), is_alive);
        Ok(Some(is_alive))
    }
}

#[cfg(test)]
pub(super) mod tests {
    /// The searches and what SQLite says about how it carries them out.
    pub(in super::super) const PLANS: [(&str, &str); 5] = [
        (super::DUE, "SEARCH runs USING INDEX runs_by_wake (wake>?)"),
        (super::NEXT, "SEARCH runs USING COVERING INDEX runs_by_wake (wake>?)"),
        (super::DRIVERS, "SEARCH runs USING INDEX runs_at_work (workflow=? AND driver>?)"),
        (super::OF_DRIVER, "SEARCH runs USING INDEX runs_at_work (workflow=? AND driver=?)"),
        (super::OF_NOBODY, "SEARCH runs USING INDEX runs_at_work (workflow=? AND driver=?)"),
    ];
}
