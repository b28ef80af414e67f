//! Runs that sleep: what they cost while they do, and how fast many of them are woken.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    alloc::System,
    path::Path,
    time::{Duration, Instant, SystemTime},
};

use cap::Cap;
use flow_benches::Table;
use flow_runtime::{
    Sqlite, Store as _,
    prelude::*,
    store::{RunFilter, RunStatus, Synchronous},
};
use rusqlite::Connection;

/// Bytes a sleeping run may cost.
const AIM_BYTES: f64 = 1024.0;
/// How many due timers have to fire in a second.
const AIM_FIRED: f64 = 5_000.0;
const RUNS: u32 = 10_000;

/// Counts what is allocated, but by SQLite itself, which is written in C: what that keeps does not grow with the runs.
#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

#[step]
async fn note(text: &str) -> Result<String, String> {
    Ok(text.to_uppercase())
}

workflow! {
    /// Does something, sleeps for long, and has something to say afterwards.
    async fn remind(text: String, until: SystemTime) -> Result<String, String> {
        let noted = note(&text).await?;
        sleep_until(until).await;
        Ok(noted)
    }
}

fn main() {
    // `cargo test --benches` builds this, and there is nothing to test.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let mut table = Table::new("ten thousand sleeping runs on SQLite", &["", "", "aim"]);
    let judged = |value: f64, good: bool| format!("{value:.0} {}", if good { "✓" } else { "✗" });
    let (allocated, resident) = sleeping();
    let aim = format!("< {AIM_BYTES}");
    table.row(["bytes allocated for each".to_owned(), judged(allocated, allocated < AIM_BYTES), aim.clone()]);
    if let Some(resident) = resident {
        table.row(["growth of the process by each, in bytes".to_owned(), judged(resident, resident < AIM_BYTES), aim]);
    }
    let [started, fired] = due();
    table.row(["started and asleep a second".to_owned(), format!("{started:.0}")]);
    table.row(["woken and done a second".to_owned(), judged(fired, fired >= AIM_FIRED), format!("≥ {AIM_FIRED}")]);
    table.print();
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn app(database: &Path, synchronous: Synchronous) -> (App, Sqlite) {
    let store = Sqlite::options().synchronous(synchronous).open(database).unwrap();
    (App::builder().store(store.clone()).register::<Remind>(()).build().unwrap(), store)
}

/// Starts runs that sleep for an hour, so many at once, and waits until all of them have left memory.
async fn start(app: &App, store: &Sqlite, count: u32) {
    let until = SystemTime::now() + Duration::from_secs(3600);
    for _ in 0..count / 100 {
        let starts = (0..100).map(|number| async move {
            app.start::<Remind>((format!("remember {number}"), until)).await.unwrap();
        });
        futures::future::join_all(starts).await;
    }
    let running = RunFilter { status: vec![RunStatus::Running], limit: 1, ..RunFilter::default() };
    while !store.list(&running).await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // A driver leaves memory a moment after its run has left the store's list.
    tokio::time::sleep(Duration::from_millis(20)).await;
}

/// What each sleeping run costs: bytes allocated, and by how many the process grows where that can be told.
fn sleeping() -> (f64, Option<f64>) {
    let folder = tempfile::tempdir().unwrap();
    let runtime = runtime();
    runtime.block_on(async {
        let (app, store) = app(&folder.path().join("flow.db"), Synchronous::Normal);
        // The first ones fill caches.
        start(&app, &store, RUNS / 10).await;
        let before = (ALLOCATOR.allocated(), resident());
        start(&app, &store, RUNS).await;
        let after = (ALLOCATOR.allocated(), resident());
        let each = |before: usize, after: usize| (after as f64 - before as f64) / f64::from(RUNS);
        (each(before.0, after.0), before.1.zip(after.1).map(|(before, after)| each(before, after)))
    })
}

/// Bytes of memory this process has, on Linux.
fn resident() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse::<usize>().ok().map(|kib| kib * 1024)
}

/// How many runs are started a second, and how many are woken and completed a second by an App that finds all of them due.
/// Every commit is on the disk.
fn due() -> [f64; 2] {
    let synchronous = Synchronous::Full;
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("flow.db");
    let runtime = runtime();
    let started = runtime.block_on(async {
        let (app, store) = app(&database, synchronous);
        let begun = Instant::now();
        start(&app, &store, RUNS).await;
        begun.elapsed()
    });
    // The hour is over.
    let connection = Connection::open(&database).unwrap();
    connection.execute_batch("UPDATE runs SET wake = wake - 3600000; UPDATE frames SET wake = wake - 3600000").unwrap();
    drop(connection);
    let count = |connection: &Connection| -> u32 {
        connection.query_row("SELECT count(*) FROM runs WHERE status = 'completed'", [], |row| row.get(0)).unwrap()
    };
    let fired = runtime.block_on(async {
        let begun = Instant::now();
        let (_app, _store) = app(&database, synchronous);
        let connection = Connection::open(&database).unwrap();
        let running = "SELECT 1 FROM runs WHERE status IN ('paused', 'running') LIMIT 1";
        while connection.prepare_cached(running).unwrap().exists([]).unwrap() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let time = begun.elapsed();
        assert_eq!(count(&connection), RUNS);
        time
    });
    [started, fired].map(|time| f64::from(RUNS) / time.as_secs_f64())
}
