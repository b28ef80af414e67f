//! Stored definitions.

use flow_runtime::store::{DefinitionRecord, NewDefinition, Stage};
use tokio_postgres::Row;

use crate::{
    client::{Patience, Shared},
    fault::Fault,
    schema,
    sql::Sql,
};

const DEFINITION: &str = "workflow, version, stage, label, saved_at, fingerprint, definition";

fn record(row: &Row) -> Result<DefinitionRecord, Fault> {
    let stage: &str = row.try_get(2)?;
    let Some(stage) = Stage::parse(stage) else {
        return Err(Fault::other(format!("a definition has the stage `{stage}`, which this version does not know")));
    };
    let definition = NewDefinition {
        workflow: row.try_get(0)?,
        fingerprint: row.try_get(5)?,
        definition: row.try_get(6)?,
        stage,
        label: row.try_get(3)?,
        saved_at: row.try_get(4)?,
    };
    let version = u32::try_from(row.try_get::<_, i64>(1)?).map_err(Fault::other)?;
    Ok(DefinitionRecord { version, definition })
}

pub(crate) async fn list(shared: &Shared, workflow: Option<&str>) -> Result<Vec<DefinitionRecord>, Fault> {
    let mut sql = Sql::new();
    let only = workflow.map(|workflow| format!("WHERE workflow = {}", sql.text(workflow))).unwrap_or_default();
    sql.text = format!("SELECT {DEFINITION} FROM flow.definitions {only} ORDER BY workflow, version DESC");
    shared.run(&sql).await?.iter().map(record).collect()
}

/// Saving the same twice leaves what saving it once leaves, so it can be made again.
pub(crate) async fn save(shared: &Shared, definition: &NewDefinition) -> Result<DefinitionRecord, Fault> {
    let mut patience = Patience::new(shared.patience);
    loop {
        match save_once(shared, definition).await {
            Ok(saved) => return Ok(saved),
            Err(fault) => patience.wait(fault).await?,
        }
    }
}

async fn save_once(shared: &Shared, new: &NewDefinition) -> Result<DefinitionRecord, Fault> {
    let mut client = shared.pool.get().await?;
    let tx = client.transaction().await?;
    let text = |sql: &str| schema::in_schema(sql, &shared.prefix);
    // One at a time of a workflow, the first one as well.
    let key = format!("{} {}", shared.channel, new.workflow);
    tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))", &[&key]).await?;
    let last = text(&format!(
        "SELECT {DEFINITION} FROM flow.definitions WHERE workflow = $1::text ORDER BY version DESC LIMIT 1"
    ));
    let last = tx.query_opt(&last, &[&new.workflow]).await?.as_ref().map(record).transpose()?;
    let mut saved = DefinitionRecord { version: 1, definition: new.clone() };
    if let Some(DefinitionRecord { version, definition: before }) = last {
        let same = before.stage == new.stage && before.definition == new.definition;
        if same || before.stage == Stage::Draft {
            saved.version = version;
            saved.definition.label = new.label.clone().or(before.label);
            if same {
                saved.definition.saved_at = before.saved_at;
            }
        } else {
            saved.version = version + 1;
        }
    }
    if new.label.is_some() {
        let taken = text("UPDATE flow.definitions SET label = NULL WHERE workflow = $1::text AND label = $2::text");
        tx.execute(&taken, &[&new.workflow, &new.label]).await?;
    }
    let NewDefinition { workflow, fingerprint, definition, stage, label, saved_at } = &saved.definition;
    let write = text(
        "INSERT INTO flow.definitions (workflow, version, stage, label, saved_at, fingerprint, definition)
         VALUES ($1::text, $2::bigint, $3::text, $4::text, $5::bigint, $6::text, $7::text)
         ON CONFLICT (workflow, version) DO UPDATE SET stage = excluded.stage, label = excluded.label,
             saved_at = excluded.saved_at, fingerprint = excluded.fingerprint, definition = excluded.definition",
    );
    let version = i64::from(saved.version);
    tx.execute(&write, &[workflow, &version, &stage.as_str(), label, saved_at, fingerprint, definition]).await?;
    tx.commit().await?;
    Ok(saved)
}
