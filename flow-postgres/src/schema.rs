//! The schema of the tables, and bringing it up to date.

use flow_runtime::StoreError;
use tokio_postgres::Client;

use crate::fault::Fault;

/// The steps from nothing to the schema of this version, in order. Only ever append: the stored version is the number of steps
/// that were made.
const MIGRATIONS: &[&str] = &[include_str!("migrations/0001_flow.sql"), include_str!("migrations/0002_asks.sql")];

/// The longest name of a schema, in bytes: PostgreSQL's own limit less what the channel of notifications adds.
const LONGEST: usize = 63 - CHANNEL.len();
const CHANNEL: &str = "flow:";

/// A name as an identifier of SQL.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The name of the channel on which the stores of a schema tell each other.
pub(crate) fn channel(schema: &str) -> String {
    format!("{CHANNEL}{schema}")
}

/// Whether a name can be that of a schema.
pub(crate) fn check(schema: &str) -> Result<(), Fault> {
    if schema.is_empty() || schema.len() > LONGEST || schema.contains('\0') || schema.starts_with("pg_") {
        return Err(Fault::other(format!(
            "`{}` cannot be the name of a schema: it has to have 1 to {LONGEST} bytes and not to begin with `pg_`",
            schema.escape_debug()
        )));
    }
    Ok(())
}

/// A statement that speaks of `flow.…`, for a schema of any name.
pub(crate) fn in_schema(sql: &str, prefix: &str) -> String {
    sql.replace("flow.", prefix)
}

/// Brings the tables up to date, or makes them. Whoever comes second waits.
pub(crate) async fn migrate(client: &mut Client, schema: &str) -> Result<(), Fault> {
    let prefix = format!("{}.", quoted(schema));
    if version(client, schema).await? == known() {
        return Ok(());
    }
    let tx = client.transaction().await?;
    tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))", &[&channel(schema)]).await?;
    let found = version(tx.client(), schema).await?;
    if found == 0 {
        // `IF NOT EXISTS` would need the right to make one also where there is one.
        if tx.query("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1::text", &[&schema]).await?.is_empty() {
            tx.batch_execute(&format!("CREATE SCHEMA {}", quoted(schema))).await?;
        }
        tx.batch_execute(&format!("CREATE TABLE IF NOT EXISTS {prefix}schema_version (version bigint NOT NULL)"))
            .await?;
    }
    for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        tx.batch_execute(&in_schema(migration, &prefix)).await?;
    }
    let made = format!("DELETE FROM {prefix}schema_version; INSERT INTO {prefix}schema_version VALUES ({})", known());
    tx.batch_execute(&made).await?;
    Ok(tx.commit().await?)
}

fn known() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// The version of the tables, 0 if there are none.
///
/// `to_regclass` would not do: within a transaction it may go by what the session knew before it waited for somebody else.
async fn version(client: &Client, schema: &str) -> Result<i64, Fault> {
    const THERE: &str = "SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $1::text AND c.relname = 'schema_version'";
    if client.query(THERE, &[&schema]).await?.is_empty() {
        return Ok(0);
    }
    let row = client.query_opt(&format!("SELECT version FROM {}.schema_version", quoted(schema)), &[]).await?;
    let found = row.map(|row| row.try_get(0)).transpose()?.unwrap_or(0);
    if found > known() {
        return Err(StoreError::NewerSchema { found, known: known() }.into());
    }
    Ok(found)
}
