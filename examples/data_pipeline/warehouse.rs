//! The SQLite file the rows end up in. Each change is one transaction and may be made twice.

use std::path::Path;

use rusqlite::{Connection, params_from_iter};

use crate::{
    PipelineError, Result,
    columns::{Column, problems},
};

/// A row as it was read: its line and fields.
type Row = (u32, Vec<String>);

pub(crate) struct Warehouse(Connection);

impl Warehouse {
    pub(crate) fn open(file: &Path) -> Result<Self> {
        let open = || {
            let connection = Connection::open(file)?;
            connection.busy_timeout(std::time::Duration::from_secs(10))?;
            Ok(Warehouse(connection))
        };
        open().map_err(database("be opened"))
    }

    /// Keeps the rows of a job as they are.
    pub(crate) fn stage(&mut self, job: &str, rows: impl Iterator<Item = Result<Row>>) -> Result<()> {
        let failed = database("keep the rows");
        let transaction = self.0.transaction().map_err(&failed)?;
        let table = staging(job);
        let create =
            format!("DROP TABLE IF EXISTS {table}; CREATE TABLE {table} (line INTEGER NOT NULL, fields TEXT NOT NULL)");
        transaction.execute_batch(&create).map_err(&failed)?;
        let mut insert = transaction.prepare(&format!("INSERT INTO {table} VALUES (?1, ?2)")).map_err(&failed)?;
        for row in rows {
            let (line, fields) = row?;
            insert.execute((line, serde_json::Value::from(fields).to_string())).map_err(&failed)?;
        }
        drop(insert);
        transaction.commit().map_err(&failed)
    }

    /// Looks at the rows of a job, one at a time.
    pub(crate) fn each_staged(&self, job: &str, look: impl FnMut(u32, &[String])) -> Result<()> {
        each_staged(&self.0, job, look).map_err(database("read the rows"))
    }

    /// Makes the table anew from the good rows of a job, and returns how many there are.
    pub(crate) fn replace(&mut self, table: &str, columns: &[Column], job: &str) -> Result<usize> {
        let replace = |connection: &mut Connection| {
            let transaction = connection.transaction()?;
            let fields: Vec<String> =
                columns.iter().map(|column| format!("\"{}\" {}", column.name, column.kind)).collect();
            let fields = fields.join(", ");
            transaction
                .execute_batch(&format!("DROP TABLE IF EXISTS \"{table}\"; CREATE TABLE \"{table}\" ({fields})"))?;
            let places = vec!["?"; columns.len()].join(", ");
            let mut insert = transaction.prepare(&format!("INSERT INTO \"{table}\" VALUES ({places})"))?;
            let (mut count, mut failed) = (0, None);
            each_staged(&transaction, job, |line, fields| {
                if failed.is_none() && problems(columns, line, fields).is_empty() {
                    let values = columns.iter().zip(fields).map(|(column, field)| column.kind.value(field));
                    match insert.execute(params_from_iter(values)) {
                        Ok(rows) => count += rows,
                        Err(error) => failed = Some(error),
                    }
                }
            })?;
            drop(insert);
            failed.map_or(Ok(()), Err)?;
            transaction.commit()?;
            Ok(count)
        };
        replace(&mut self.0).map_err(database("make the table"))
    }

    /// Forgets the rows of a job.
    pub(crate) fn unstage(&self, job: &str) -> Result<()> {
        let drop = format!("DROP TABLE IF EXISTS {}", staging(job));
        self.0.execute_batch(&drop).map_err(database("forget the rows"))
    }
}

fn each_staged(connection: &Connection, job: &str, mut look: impl FnMut(u32, &[String])) -> rusqlite::Result<()> {
    let mut select = connection.prepare(&format!("SELECT line, fields FROM {} ORDER BY rowid", staging(job)))?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let fields: String = row.get(1)?;
        // Written by `stage`, so it is a list of strings.
        look(row.get(0)?, &serde_json::from_str::<Vec<String>>(&fields).unwrap_or_default());
    }
    Ok(())
}

fn staging(job: &str) -> String {
    format!("\"staging {job}\"")
}

fn database(doing: &'static str) -> impl Fn(rusqlite::Error) -> PipelineError {
    move |source| PipelineError::Database { doing, source }
}
