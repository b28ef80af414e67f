//! What of the past is kept, and what becomes of what is not.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use flow_runtime::{
    ControlError, Memory, Retention, Store,
    prelude::*,
    store::{RunFilter, RunStatus},
};
use tokio::sync::Semaphore;

type Result<T> = std::result::Result<T, String>;

/// Lets rounds through.
struct Rounds {
    allowed: Semaphore,
    made: AtomicU32,
    undone: AtomicU32,
}

#[step]
async fn next(rounds: &Rounds, n: u32) -> Result<u32> {
    rounds.allowed.acquire().await.unwrap().forget();
    rounds.made.fetch_add(1, Ordering::SeqCst);
    Ok(n + 1)
}

#[step(undo = put_back)]
async fn take(_rounds: &Rounds, n: u32) -> Result<u32> {
    Ok(n)
}

#[step]
async fn put_back(rounds: &Rounds, _n: u32, _taken: u32) -> Result<()> {
    rounds.undone.fetch_add(1, Ordering::SeqCst);
    Ok(())
}

workflow! {
    async fn heartbeat(rounds: &Rounds, start: u32) -> Result<u32> {
        let mut n = start;
        #[forever]
        loop {
            n = next(rounds, n).await?;
        }
    }
}

workflow! {
    async fn takes_first(rounds: &Rounds, times: u32) -> Result<u32> {
        let taken = take(rounds, 7).await?;
        let mut n = taken;
        #[max(1000)]
        while n < taken + times {
            n = next(rounds, n).await?;
        }
        Ok(n)
    }
}

fn rounds(allowed: usize) -> Arc<Rounds> {
    Arc::new(Rounds { allowed: Semaphore::new(allowed), made: AtomicU32::new(0), undone: AtomicU32::new(0) })
}

fn app(store: impl Store, rounds: &Arc<Rounds>, retention: Option<Retention>) -> App {
    let builder =
        App::builder().store(store).register::<Heartbeat>(rounds.clone()).register::<TakesFirst>(rounds.clone());
    retention.into_iter().fold(builder, |builder, retention| builder.retention(retention)).build().unwrap()
}

/// Waits until something is so.
async fn until(is_so: impl AsyncFn() -> bool) {
    let wait = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(600), wait).await.expect("it never came to that");
}

async fn a_run_that_goes_on_for_ever_stays_bounded(store: impl Store) {
    let rounds = rounds(0);
    let app = app(store, &rounds, None);
    let run = app.start::<Heartbeat>(0).await.unwrap();
    let keep = Retention::default().checkpoints(10);
    for hundreds in 1..=3 {
        rounds.allowed.add_permits(100);
        until(async || rounds.made.load(Ordering::SeqCst) == hundreds * 100).await;
        until(async || run.checkpoints().await.unwrap().last().unwrap().seq >= u64::from(hundreds) * 100).await;
        let pruned = app.prune(&keep).await.unwrap();
        assert!((90..=120).contains(&pruned.checkpoints), "{pruned:?}");
        let kept = run.checkpoints().await.unwrap();
        assert_eq!(kept.len(), 10);
        assert_eq!(app.prune(&keep).await.unwrap().checkpoints, 0);
    }
    // What is kept can be gone back to, and nothing else.
    let kept = run.checkpoints().await.unwrap();
    let (oldest, newest) = (kept[0].seq, kept[9].seq);
    run.fork(newest).await.unwrap().cancel().await.unwrap();
    run.fork(oldest).await.unwrap().cancel().await.unwrap();
    let error = run.fork(0).await.unwrap_err();
    assert!(matches!(error, ControlError::Pruned { checkpoint: 0, .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        format!(
            "checkpoint 0 of run `{}` is not kept any more; the oldest that is kept is {oldest}: \
             the retention of the App says how many are",
            run.id()
        )
    );
    let unknown = run.fork(newest + 5).await.unwrap_err();
    assert!(matches!(unknown, ControlError::UnknownCheckpoint { .. }), "{unknown:?}");
    // And the run itself goes on.
    rounds.allowed.add_permits(5);
    until(async || rounds.made.load(Ordering::SeqCst) == 305).await;
    run.cancel().await.unwrap();
}

#[tokio::test]
async fn a_run_that_goes_on_for_ever_stays_bounded_in_memory() {
    a_run_that_goes_on_for_ever_stays_bounded(Memory::new()).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_run_that_goes_on_for_ever_stays_bounded_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    a_run_that_goes_on_for_ever_stays_bounded(flow_runtime::Sqlite::open(folder.path().join("flow.db")).unwrap()).await;
}

#[tokio::test(start_paused = true)]
async fn an_app_forgets_by_itself() {
    let rounds = rounds(300);
    let retention = Retention::default().ended(Duration::from_secs(3600)).checkpoints(10);
    let store = Memory::new();
    let app = app(store.reopen(), &rounds, Some(retention));
    let forever = app.start::<Heartbeat>(0).await.unwrap();
    until(async || rounds.made.load(Ordering::SeqCst) == 300).await;
    until(async || forever.checkpoints().await.unwrap().len() <= 10).await;
    assert!(forever.checkpoints().await.unwrap().last().unwrap().seq >= 300);

    let mut ended = Vec::new();
    for _ in 0..200 {
        ended.push(app.start::<TakesFirst>(0).await.unwrap());
    }
    for run in &ended {
        run.wait().await.unwrap();
    }
    let completed = RunFilter::new().status(RunStatus::Completed).limit(1000);
    assert_eq!(app.runs(&completed).await.unwrap().len(), 200);
    tokio::time::sleep(Duration::from_secs(1800)).await;
    assert_eq!(app.runs(&completed).await.unwrap().len(), 200, "half an hour is not long enough");
    tokio::time::sleep(Duration::from_secs(1800)).await;
    until(async || app.runs(&RunFilter::new().status(RunStatus::Completed)).await.unwrap().is_empty()).await;
    assert_eq!(forever.status().await.unwrap(), RunStatus::Running, "what has not ended stays");
}

#[tokio::test]
async fn what_is_needed_to_undo_stays() {
    let rounds = rounds(50);
    let app = app(Memory::new(), &rounds, None);
    let run = app.start::<TakesFirst>(100).await.unwrap();
    until(async || run.checkpoints().await.unwrap().len() >= 50).await;
    app.prune(&Retention::default().checkpoints(1)).await.unwrap();
    run.cancel().await.unwrap();
    let error = run.wait().await.unwrap_err();
    assert!(matches!(error, flow_runtime::RunError::Cancelled { .. }), "{error:?}");
    assert_eq!(rounds.undone.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn nothing_said_nothing_forgotten() {
    let rounds = rounds(50);
    let app = app(Memory::new(), &rounds, None);
    let run = app.start::<TakesFirst>(20).await.unwrap();
    run.wait().await.unwrap();
    assert_eq!(app.prune(&Retention::default()).await.unwrap(), flow_runtime::store::Pruned::default());
    assert!(run.checkpoints().await.unwrap().len() >= 20);
    let all = app.prune(&Retention::default().ended(Duration::ZERO)).await;
    assert!(all.unwrap().runs <= 1);
}
