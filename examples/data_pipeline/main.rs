//! Loads a CSV file into an SQLite table: finds out the columns' types, and asks what to do about rows that do not fit.
//!
//! ```sh
//! cargo run --example data_pipeline -- run data-pipeline --csv orders.csv --into warehouse.db
//! ```

mod columns;
mod warehouse;

use std::{error::Error, fs::File, io, path::PathBuf};

use columns::{Column, Problem, Tally};
use flow_cli::Cli;
use flow_examples::{data_file, readable};
use flow_runtime::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use warehouse::Warehouse;

/// How many problems a person is shown.
const SHOWN: usize = 50;

/// What to load, and where to.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Job {
    /// Tells the rows of this job from those of others while they wait in the database.
    #[serde(default = "id")]
    #[schemars(skip)]
    id: String,
    /// The CSV file, with a header line: the orders that come along, if none is given.
    #[serde(default)]
    csv: PathBuf,
    /// The SQLite file to load it into.
    #[serde(default = "into")]
    into: PathBuf,
    /// The table, replaced if it is there: the name of the CSV file, if none is given.
    #[serde(default)]
    table: String,
}

fn id() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}

fn into() -> PathBuf {
    PathBuf::from("warehouse.db")
}

/// What is known of the rows after all of them have been looked at.
#[derive(Debug, Serialize, Deserialize)]
struct Survey {
    columns: Vec<Column>,
    good_rows: usize,
    bad_rows: usize,
    /// The first of them.
    problems: Vec<Problem>,
}

/// How it ended.
#[derive(Debug, Serialize, Deserialize)]
enum Loaded {
    /// The good rows are in the table.
    Table { table: String, database: PathBuf, columns: Vec<Column>, rows: usize, left_out: usize },
    /// Nothing was loaded, because somebody said so.
    Nothing { bad_rows: usize },
}

#[derive(Debug, thiserror::Error)]
enum PipelineError {
    #[error("`{}` cannot be read", .file.display())]
    Open { file: PathBuf, source: io::Error },
    #[error("`{}` is not the CSV it should be", .file.display())]
    Csv { file: PathBuf, source: csv::Error },
    #[error("`{}` has no header line", .file.display())]
    Empty { file: PathBuf },
    #[error("the database could not {doing}")]
    Database { doing: &'static str, source: rusqlite::Error },
}

type Result<T> = std::result::Result<T, PipelineError>;

workflow! {
    /// Loads a CSV file into an SQLite table; asks first if there are rows that do not fit.
    async fn data_pipeline(job: Job) -> Result<Loaded> {
        let header = extract(&job).await?;
        let survey = transform(&job, &header).await?;
        if survey.bad_rows > 0 {
            match pause(settle(&job.table, survey.good_rows, survey.bad_rows, &survey.problems)).await {
                Decision::LoadGood => {}
                Decision::Stop => {
                    clean_up(&job).await?;
                    return Ok(Loaded::Nothing { bad_rows: survey.bad_rows });
                }
            }
        }
        let rows = load(&job, &survey.columns).await?;
        clean_up(&job).await?;
        Ok(Loaded::Table {
            table: job.table,
            database: job.into,
            columns: survey.columns,
            rows,
            left_out: survey.bad_rows,
        })
    }
}

/// Some rows do not fit. Load the others, or stop?
#[pause]
fn settle(table: &str, good_rows: usize, bad_rows: usize, problems: &[Problem]) -> Decision;

/// What to do about bad rows.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
enum Decision {
    /// Load the good rows, leave the bad ones out.
    LoadGood,
    /// Load nothing.
    Stop,
}

/// Copies the rows as they are into a table of their own, so that it does not matter if the file changes while somebody
/// thinks. Returns the header.
#[step]
async fn extract(job: &Job) -> Result<Vec<String>> {
    let csv_error = |source| PipelineError::Csv { file: job.csv.clone(), source };
    let file = || File::open(&job.csv).map_err(|source| PipelineError::Open { file: job.csv.clone(), source });
    let delimiter =
        columns::delimiter(file()?).map_err(|source| PipelineError::Open { file: job.csv.clone(), source })?;
    // Flexible, because a row of the wrong length is to be shown, not to end the program.
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(file()?);
    let header: Vec<String> = reader.headers().map_err(csv_error)?.iter().map(str::to_owned).collect();
    if header.iter().all(String::is_empty) {
        return Err(PipelineError::Empty { file: job.csv.clone() });
    }
    let rows = reader.records().map(|record| {
        let record = record.map_err(csv_error)?;
        let line = record.position().map_or(0, csv::Position::line).try_into().unwrap_or(u32::MAX);
        Ok((line, record.iter().map(str::to_owned).collect()))
    });
    Warehouse::open(&job.into)?.stage(&job.id, rows)?;
    Ok(header)
}

/// Decides on names and types of the columns, and finds the rows that do not fit them.
#[step]
async fn transform(job: &Job, header: &[String]) -> Result<Survey> {
    let warehouse = Warehouse::open(&job.into)?;
    let mut tally = Tally::new(header);
    warehouse.each_staged(&job.id, |_, fields| tally.count(fields))?;
    let mut survey = Survey { columns: tally.columns(), good_rows: 0, bad_rows: 0, problems: Vec::new() };
    warehouse.each_staged(&job.id, |line, fields| {
        let problems = columns::problems(&survey.columns, line, fields);
        *if problems.is_empty() { &mut survey.good_rows } else { &mut survey.bad_rows } += 1;
        let room = SHOWN - survey.problems.len();
        survey.problems.extend(problems.into_iter().take(room));
    })?;
    Ok(survey)
}

/// Replaces the table by the good rows, in one transaction: all of them are there or none, and a second attempt after a crash
/// comes to the same table.
#[step]
async fn load(job: &Job, columns: &[Column]) -> Result<usize> {
    Warehouse::open(&job.into)?.replace(&job.table, columns, &job.id)
}

/// Removes the copy that `extract` has made.
#[step]
async fn clean_up(job: &Job) -> Result<()> {
    Warehouse::open(&job.into)?.unstage(&job.id)
}

/// The job a run starts with: with whole paths, because the answer may come from a process in another folder.
fn prepare(job: Job) -> std::result::Result<Job, Box<dyn Error + Send + Sync>> {
    let csv = if job.csv.as_os_str().is_empty() { data_file("orders.csv") } else { job.csv };
    let table = match job.table.as_str() {
        "" => csv.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        table => table.to_owned(),
    };
    let table = columns::identifier(&table, "data");
    Ok(Job { id: job.id, csv: readable(&csv)?, into: std::path::absolute(job.into)?, table })
}

/// What was loaded, in words.
fn tell(loaded: &Loaded) -> String {
    match loaded {
        Loaded::Nothing { bad_rows } => format!("Nothing was loaded: {bad_rows} rows do not fit.\n"),
        Loaded::Table { table, database, columns, rows, left_out } => {
            let columns: Vec<String> = columns.iter().map(|column| format!("  {column}\n")).collect();
            let (columns, file) = (columns.concat(), database.display());
            format!(
                "Rows in table {table}: {rows}, left out: {left_out}. Columns:\n{columns}\nsqlite3 {file} 'SELECT * FROM {table}'\n"
            )
        }
    }
}

flow_cli::main!(
    Cli::new(App::builder().register::<DataPipeline>(())).prepare::<DataPipeline>(prepare).output::<DataPipeline>(tell)
);
