//! Every store, with writes that go wrong at random, by seed: refused, written and not heard of, with the process killed before or
//! after. Each process has a clock of its own that is wrong. At the end every run has the result of an undisturbed one, every
//! acknowledged answer counts once, and the events tell each thing once.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

#[path = "../src/errand.rs"]
mod errand;
#[path = "../src/verdict.rs"]
mod verdict;

use std::{sync::Arc, time::Duration};

use errand::Errand;
use flow_postgres::Postgres;
use flow_runtime::{
    AnyRun, App, Memory, Sqlite, Store,
    store::{RunFilter, RunStatus, Synchronous},
    testing::{Fault, Faults, Hooked, VirtualClock},
};
use serde_json::json;
use verdict::Told;

/// How many writes go wrong on each store, at least.
const FAULTS: usize = 200;
/// How many runs there are at once.
const RUNS: u64 = 12;
/// One write in so many goes wrong.
const ONE_IN: u64 = 25;
/// By how much the clocks of two processes are apart, in milliseconds.
const APART: i64 = 150;

/// Runs all errands on a store, in as many processes as it takes. `begin` opens the store as a new process would. Returns how
/// many writes went wrong.
async fn survive(seed: u64, begin: impl AsyncFn() -> Arc<dyn Store>) -> usize {
    let (mut told, mut faults) = (Told::default(), 0);
    for process in 0_u64.. {
        let plan = Faults::random(seed << 16 | process, ONE_IN, &Fault::ALL);
        let store = plan.around(begin().await);
        let clock = VirtualClock::ahead_by(if process.is_multiple_of(2) { APART } else { -APART });
        let app = App::builder().store(store.clone()).clock(&clock).register::<Errand>(()).build().unwrap();
        let done = work(&app, &store, seed * 1_000 + process, &mut told).await;
        faults += plan.happened().len();
        // Whatever is left of the process ends.
        store.kill();
        app.shutdown_within(Duration::ZERO).await;
        drop((app, store));
        if done {
            break;
        }
        assert!(process < 1_000, "it does not get on");
    }
    let store = begin().await;
    let found = verdict::judge(store, RUNS, &told).await;
    found.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    faults
}

/// What one process does. Returns whether all is done; if not, the process has died.
async fn work(app: &App, store: &Hooked<Faults>, seed: u64, told: &mut Told) -> bool {
    let mut given = 0;
    for n in 0..RUNS {
        // One that is started already is only named again.
        while app.start::<Errand>(n).key(format!("errand-{n}")).await.is_err() {
            if store.is_dead() {
                return false;
            }
        }
    }
    loop {
        if store.is_dead() {
            return false;
        }
        if verdict::left(store).await.is_ok_and(|left| left == 0) {
            return true;
        }
        // What has lost its driver to a fault is not to wait for the next look.
        let _ = app.recover().await;
        let paused = app.runs(&RunFilter::new().status(RunStatus::Paused)).await.unwrap_or_default();
        for record in paused {
            let Ok(run) = app.any_run(&record.run.id).await else { continue };
            answer(&run, seed, &mut given, told).await;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn answer(run: &AnyRun, seed: u64, given: &mut u64, told: &mut Told) {
    for pause in run.pauses().await.unwrap_or_default() {
        *given += 1;
        let (value, key) = (seed * 10_000 + *given, (run.id().to_owned(), pause.id().to_owned()));
        told.tried.entry(key.clone()).or_default().insert(value);
        if run.answer_json(pause.id(), json!(value)).await.is_ok() {
            told.acknowledged.entry(key).or_default().push(value);
        }
    }
}

/// So many faults, on places made anew for each seed.
async fn survives(name: &str, place: impl AsyncFn(u64) -> usize) {
    let (mut faults, mut seed) = (0, 1);
    while faults < FAULTS {
        faults += place(seed).await;
        seed += 1;
    }
    println!("{name}: {faults} faults in {} runs", (seed - 1) * RUNS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory() {
    survives("memory", async |seed| {
        let memory = Memory::new();
        survive(seed, async || Arc::new(memory.reopen()) as Arc<dyn Store>).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite() {
    survives("sqlite", async |seed| {
        let folder = tempfile::tempdir().unwrap();
        let synchronous = if seed % 2 == 0 { Synchronous::Full } else { Synchronous::Normal };
        let options = Sqlite::options().synchronous(synchronous);
        survive(seed, async || Arc::new(options.clone().open(folder.path().join("flow.db")).unwrap()) as Arc<dyn Store>)
            .await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres() {
    let url = flow_test_server::url();
    survives("postgres", async |seed| {
        let schema = format!("faults_{}_{seed}", std::process::id());
        survive(seed, async || {
            let options = Postgres::options(&url).schema(&schema).connections(4).lease(Duration::from_secs(1));
            Arc::new(options.open().await.unwrap()) as Arc<dyn Store>
        })
        .await
    })
    .await;
}
