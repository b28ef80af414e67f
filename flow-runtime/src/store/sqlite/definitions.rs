//! Stored definitions of workflows.

use rusqlite::{Connection, Row, params, types::Type};

use super::{
    super::{DefinitionRecord, NewDefinition, Stage},
    fault::Fault,
    write::Tx,
};

macro_rules! definition_columns {
    () => {
        "SELECT workflow, version, stage, label, fingerprint, saved_at, definition FROM definitions"
    };
}

pub(super) fn save(tx: &Tx<'_>, new: &NewDefinition) -> Result<DefinitionRecord, Fault> {
    let sql = concat!(definition_columns!(), " WHERE workflow = ?1 ORDER BY version DESC LIMIT 1");
    let last = tx.row(sql, [&new.workflow], definition_record)?;
    let same =
        |last: &DefinitionRecord| (last.definition.stage, &last.definition.definition) == (new.stage, &new.definition);
    let mut saved = DefinitionRecord { version: 1, definition: new.clone() };
    match last {
        Some(last) if last.definition.stage == Stage::Draft || same(&last) => {
            saved.version = last.version;
            if same(&last) {
                saved.definition.saved_at = last.definition.saved_at;
            }
            saved.definition.label = new.label.clone().or(last.definition.label);
        }
        Some(last) => saved.version = last.version + 1,
        None => {}
    }
    if new.label.is_some() {
        let sql = "UPDATE definitions SET label = NULL WHERE workflow = ?1 AND label = ?2";
        tx.execute(sql, params![new.workflow, new.label])?;
    }
    let NewDefinition { workflow, fingerprint, definition, stage, label, saved_at } = &saved.definition;
    tx.execute(
        "INSERT OR REPLACE INTO definitions (workflow, version, stage, label, fingerprint, saved_at, definition)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![workflow, saved.version, stage.as_str(), label, fingerprint, saved_at, definition],
    )?;
    Ok(saved)
}

pub(super) fn list(conn: &Connection, workflow: Option<&str>) -> Result<Vec<DefinitionRecord>, Fault> {
    const OF_ONE: &str = concat!(definition_columns!(), " WHERE workflow = ?1 ORDER BY version DESC");
    const ALL: &str = concat!(definition_columns!(), " ORDER BY workflow, version DESC");
    let mut statement = conn.prepare_cached(if workflow.is_some() { OF_ONE } else { ALL })?;
    let values = rusqlite::params_from_iter(workflow);
    Ok(statement.query_map(values, definition_record)?.collect::<Result<_, _>>()?)
}

fn definition_record(row: &Row<'_>) -> rusqlite::Result<DefinitionRecord> {
    const STAGE: usize = 2;
    let stage: String = row.get(STAGE)?;
    let unknown = || format!("no definition has the stage `{stage}`");
    let stage = Stage::parse(&stage)
        .ok_or_else(|| rusqlite::Error::FromSqlConversionFailure(STAGE, Type::Text, unknown().into()))?;
    Ok(DefinitionRecord {
        version: row.get(1)?,
        definition: NewDefinition {
            workflow: row.get(0)?,
            fingerprint: row.get(4)?,
            definition: row.get(6)?,
            stage,
            label: row.get(3)?,
            saved_at: row.get(5)?,
        },
    })
}
