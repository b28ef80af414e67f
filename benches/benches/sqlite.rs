//! The store in SQLite under load: many runs at once, a file that is opened cold, large values, and very many runs that wait.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{alloc::System, fs, path::Path, time::Instant};

use cap::Cap;
use flow_benches::{Bare, Table, judged, min_and_median, record};
use flow_runtime::{
    Sqlite, Store,
    prelude::*,
    store::{Beginning, Created, NewRun, RunFilter, RunStatus, Synchronous},
};
use tokio::runtime::{Builder, Runtime};

#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

const RUNS: usize = 64;
const STEPS: u64 = 100;
const WAITING: u64 = 100_000;

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
        Ok(text)
    }
}

workflow! {
    async fn asks(count: u64) -> Result<String, String> {
        let mut text = String::new();
        for round in 0..count {
            text = extend(&text, round).await?;
        }
        if pause(approve(&text)).await { Ok(text) } else { Err(text) }
    }
}

#[step]
async fn large(bytes: usize) -> Result<String, String> {
    Ok("x".repeat(bytes))
}

workflow! {
    async fn carries(bytes: usize, count: u64) -> Result<usize, String> {
        let value = large(bytes).await?;
        let mut text = String::new();
        for round in 0..count {
            text = extend(&text, round).await?;
        }
        Ok(value.len() + text.len())
    }
}

fn app(store: Sqlite) -> App {
    let app = App::builder().store(store).register::<Rounds>(()).register::<Asks>(());
    app.register::<Carries>(()).build().unwrap()
}

fn open(path: &Path, synchronous: Synchronous) -> Sqlite {
    Sqlite::options().synchronous(synchronous).open(path).unwrap()
}

fn main() {
    // `cargo test --benches` builds this, and there is nothing to test.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let one = Builder::new_current_thread().enable_all().build().unwrap();
    let many = Builder::new_multi_thread().enable_all().build().unwrap();
    at_once([("one thread", &one), ("a thread per core", &many)]);
    cold(&one);
    large_values(&one);
    waiting(&one);
}

/// Checkpoints per second of many runs, against common commits of the same rows with nothing around them.
fn at_once(runtimes: [(&str, &Runtime); 2]) {
    let written = record::<Rounds>(STEPS);
    let mut table = Table::new(
        &format!("{RUNS} runs at once, FULL, checkpoints per second"),
        &["runtime", "the rows alone", "runs", "ratio", "aim"],
    );
    for (name, runtime) in runtimes {
        let folder = tempfile::tempdir().unwrap();
        let bare = Bare::open(&folder.path().join("bare.db"), Synchronous::Full);
        let app = app(open(&folder.path().join("flow.db"), Synchronous::Full));
        let (mut rows, mut runs) = (Vec::new(), Vec::new());
        for _ in 0..8 {
            rows.push(rate(|| bare.write_together(&written, RUNS)));
            runs.push(rate(|| {
                runtime.block_on(async {
                    let all = (0..RUNS).map(|_| {
                        let app = app.clone();
                        tokio::spawn(async move {
                            let run = app.start::<Rounds>(STEPS).await.unwrap();
                            assert!(matches!(run.wait().await.unwrap(), Outcome::Done(_)));
                        })
                    });
                    for run in all.collect::<Vec<_>>() {
                        run.await.unwrap();
                    }
                });
            }));
        }
        let best = |rates: &[f64]| rates.iter().copied().fold(0.0, f64::max);
        let (rows, runs) = (best(&rows), best(&runs));
        let ratio = runs / rows;
        table.row([
            name.to_owned(),
            format!("{rows:.0}"),
            format!("{runs:.0} {}", if runs >= 40_000.0 { "✓" } else { "✗" }),
            format!("{ratio:.2} {}", if ratio >= 0.5 { "✓" } else { "✗" }),
            "≥ 0.5, ≥ 40000/s".to_owned(),
        ]);
    }
    table.print();
}

fn rate(write: impl FnOnce()) -> f64 {
    let start = Instant::now();
    write();
    RUNS as f64 * STEPS as f64 / start.elapsed().as_secs_f64()
}

/// A file is opened, one of its runs is answered, and goes on to its next checkpoints and its end.
fn cold(runtime: &Runtime) {
    const AIM: f64 = 150.0;
    let folder = tempfile::tempdir().unwrap();
    let mut table = Table::new(
        "cold: open the file, load a run, answer it, to its end; NORMAL, in µs (min / median)",
        &["steps of history", "open the store", "the run", "of the shortest", "aim"],
    );
    let mut shortest = None;
    for steps in [10, 1_000, 100_000] {
        let golden = folder.path().join(format!("{steps}.db"));
        let id = runtime.block_on(async {
            let app = app(open(&golden, Synchronous::Normal));
            let run = app.start::<Asks>(steps).await.unwrap();
            assert!(matches!(run.wait().await.unwrap(), Outcome::Paused(_)));
            run.id().to_owned()
        });
        let (mut opened, mut done) = (Vec::new(), Vec::new());
        for turn in 0..20 {
            let copy = folder.path().join(format!("{steps}-{turn}.db"));
            fs::copy(&golden, &copy).unwrap();
            runtime.block_on(async {
                let start = Instant::now();
                let store = open(&copy, Synchronous::Normal);
                opened.push(start.elapsed().as_secs_f64() * 1e6);
                let app = app(store);
                let start = Instant::now();
                let run = app.run::<Asks>(&id).await.unwrap();
                run.answer::<Approve>(true).await.unwrap();
                assert!(matches!(run.wait().await.unwrap(), Outcome::Done(_)));
                done.push(start.elapsed().as_secs_f64() * 1e6);
            });
            fs::remove_file(copy).unwrap();
        }
        let ((open, open_median), (run, run_median)) = (min_and_median(&opened), min_and_median(&done));
        let first = *shortest.get_or_insert(run);
        table.row([
            steps.to_string(),
            format!("{open:.0} / {open_median:.0}"),
            format!("{run:.0} / {run_median:.0} {}", if run <= AIM { "✓" } else { "✗" }),
            judged(run / first, 1.5),
            format!("≤ {AIM}, ≤ 1.5"),
        ]);
    }
    table.print();
}

fn large_values(runtime: &Runtime) {
    const AIM: f64 = 3.0;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flow.db");
    runtime.block_on(async {
        let app = app(open(&path, Synchronous::Normal));
        let run = app.start::<Carries>((1 << 20, 1_000)).await.unwrap();
        assert!(matches!(run.wait().await.unwrap(), Outcome::Done(_)));
    });
    let size = fs::metadata(&path).unwrap().len() as f64 / f64::from(1 << 20);
    let mut table = Table::new("a value of 1 MB in a run of 1,000 steps", &["the file, in MB", "aim"]);
    table.row([judged(size, AIM), format!("≤ {AIM}")]);
    table.print();
}

fn waiting(runtime: &Runtime) {
    const AIM: f64 = 10.0;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flow.db");
    park(runtime, &path);
    let (mut times, mut heaps) = (Vec::new(), Vec::new());
    let filters = [
        RunFilter::default(),
        RunFilter { status: vec![RunStatus::Paused], ..RunFilter::default() },
        RunFilter { workflow: Some("asks".to_owned()), ..RunFilter::default() },
    ];
    for turn in 0..15 {
        let before = HEAP.allocated();
        let start = Instant::now();
        let store = open(&path, Synchronous::Full);
        let page = runtime.block_on(store.list(&filters[turn % filters.len()])).unwrap();
        times.push(start.elapsed().as_secs_f64() * 1e3);
        assert_eq!(page.len(), 100);
        heaps.push(HEAP.allocated().saturating_sub(before) as f64 / 1024.0);
        let start = Instant::now();
        assert!(runtime.block_on(store.abandoned(&["asks"], 100)).unwrap().is_empty());
        assert!(start.elapsed().as_secs_f64() * 1e3 < AIM, "abandoned runs are found in time");
    }
    let ((min, median), (heap, _)) = (min_and_median(&times), min_and_median(&heaps));
    let mut table = Table::new(
        &format!("{WAITING} runs that wait: open the file and list the first page"),
        &["in ms, min", "median", "aim", "held in memory, in KB"],
    );
    table.row([judged(min, AIM), judged(median, AIM), format!("≤ {AIM}"), format!("{heap:.0}")]);
    table.print();
}

/// A file with many parked runs.
fn park(runtime: &Runtime, path: &Path) {
    let store = open(path, Synchronous::Normal);
    runtime.block_on(async {
        for n in 0..WAITING {
            let run = NewRun {
                id: format!("{n:036}"),
                workflow: "asks".to_owned(),
                fingerprint: "f00d".to_owned(),
                input: "1".to_owned(),
                created_at: n as i64,
                ..NewRun::default()
            };
            let created = store.create(&run, &Beginning::default()).await.unwrap();
            let Created::Created(fence) = created else { unreachable!("it has no key") };
            assert!(store.park(&run.id, fence, &[]).await.unwrap());
        }
    });
}
