//! What it costs to take a stored run up, by the number of steps it has behind it: it must not matter.
//!
//! Every measurement is a fresh App on a fresh connection: open the run, look at what it asks, answer, wait for the end.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use flow_benches::{Table, judged, min_and_median};
use flow_runtime::{Sqlite, prelude::*, store::Synchronous};
use tokio::runtime::Runtime;

/// How many times the time of the shortest history the longest may take.
const AIM: f64 = 1.5;
const HISTORIES: [u64; 3] = [10, 1_000, 100_000];
const TURNS: usize = 60;

#[step]
async fn extend(text: &str, round: u64) -> Result<String, String> {
    Ok(format!("{} {round}", text.get(..40).unwrap_or(text)))
}

/// Good?
#[pause]
fn approve(text: &String) -> bool;

workflow! {
    async fn rounds(count: u64) -> Result<String, String> {
        let mut text = String::new();
        for round in 0..count {
            text = extend(&text, round).await?;
        }
        if pause(approve(&text)).await { Ok(text) } else { Err(text) }
    }
}

fn main() {
    // `cargo test --benches` builds this, and there is nothing to test.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let histories = HISTORIES.map(|steps| (steps, history(&runtime, folder.path(), steps)));
    let mut opening = HISTORIES.map(|_| Vec::new());
    let mut answering = HISTORIES.map(|_| Vec::new());
    for _ in 0..TURNS {
        for (index, (steps, (database, run))) in histories.iter().enumerate() {
            let copy = folder.path().join("copy.db");
            fs::copy(database, &copy).unwrap();
            let [opened, done] = resume(&runtime, &copy, run, *steps);
            opening[index].push(opened);
            answering[index].push(done);
            for rest in ["copy.db", "copy.db-wal", "copy.db-shm"] {
                let _ = fs::remove_file(folder.path().join(rest));
            }
        }
    }

    let mut table = Table::new(
        "taking a stored run up in a fresh App, in µs (min / median)",
        &["steps of history", "open, see what it asks", "ratio", "answer, wait for the end", "ratio", "aim"],
    );
    let ratios = |samples: &[Vec<f64>; 3], index: usize| {
        let ((first, _), (min, median)) = (min_and_median(&samples[0]), min_and_median(&samples[index]));
        [format!("{min:.0} / {median:.0}"), judged(min / first, AIM)]
    };
    for (index, steps) in HISTORIES.iter().enumerate() {
        let ([opened, opened_ratio], [done, done_ratio]) = (ratios(&opening, index), ratios(&answering, index));
        table.row([steps.to_string(), opened, opened_ratio, done, done_ratio, format!("≤ {AIM}")]);
    }
    table.print();
}

fn app(database: &Path) -> App {
    let store = Sqlite::options().synchronous(Synchronous::Normal).open(database).unwrap();
    App::builder().store(store).register::<Rounds>(()).build().unwrap()
}

/// A database with one run that waits after this many steps.
fn history(runtime: &Runtime, folder: &Path, steps: u64) -> (PathBuf, String) {
    let database = folder.join(format!("{steps}.db"));
    let app = app(&database);
    let id = runtime.block_on(async {
        let run = app.start::<Rounds>(steps).await.unwrap();
        assert!(matches!(run.wait().await.unwrap(), Outcome::Paused(_)));
        run.id().to_owned()
    });
    (database, id)
}

/// Microseconds until the run has said what it asks, and from there until it is done.
fn resume(runtime: &Runtime, database: &Path, run: &str, steps: u64) -> [f64; 2] {
    runtime.block_on(async {
        let app = app(database);
        let start = Instant::now();
        let run = app.run::<Rounds>(run).await.unwrap();
        let Outcome::Paused(pauses) = run.wait().await.unwrap() else { unreachable!("the run waits") };
        assert_eq!(pauses.len(), 1);
        let opened = start.elapsed();
        let start = Instant::now();
        run.answer::<Approve>(true).await.unwrap();
        let Outcome::Done(text) = run.wait().await.unwrap() else { unreachable!("nothing else is asked") };
        let done = start.elapsed();
        assert!(text.ends_with(&(steps - 1).to_string()));
        [opened, done].map(|time| time.as_secs_f64() * 1e6)
    })
}
