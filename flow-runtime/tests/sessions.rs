//! What runs of one session share is changed by all of them, and nothing of it is lost.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use flow_runtime::{
    Memory, Merge, RunError, SessionError, Store, StoreError, attempt,
    prelude::*,
    store::{RunStatus, SessionFilter, SessionReceipt},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

type Result<T> = std::result::Result<T, String>;

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Counter {
    count: u32,
    #[serde(default)]
    names: Vec<String>,
}

#[step]
async fn increment(cx: &Context<Counter>, name: &str) -> Result<u32> {
    // Others get their turn in between.
    let before = cx.session().read(|counter| counter.count).await?;
    tokio::task::yield_now().await;
    let name = name.to_owned();
    let after = cx.session().update(move |counter| {
        counter.count += 1;
        if !counter.names.contains(&name) {
            counter.names.push(name.clone());
        }
        counter.count
    });
    let after = after.await?;
    assert!(after > before);
    assert!(cx.session().read(|counter| counter.count).await? > before);
    Ok(after)
}

workflow! {
    async fn many(cx: &Context<Counter>, times: u32, name: String) -> Result<u32> {
        let mut last = 0;
        for _ in 0..times {
            last = increment(cx, &name).await?;
        }
        Ok(last)
    }
}

async fn runs_side_by_side(apps: &[App]) {
    let mut runs = Vec::new();
    for number in 0..8 {
        let app = &apps[number % apps.len()];
        runs.push(app.start::<Many>((50, format!("run {number}"))).session("shared").await.unwrap());
    }
    for run in &runs {
        run.wait().await.unwrap();
    }
    let counter: Counter = apps[0].session("shared").read().await.unwrap();
    assert_eq!((counter.count, counter.names.len()), (400, 8));
    // 8 × 50 writes, and the one that made it.
    assert_eq!(apps[0].session("shared").record().await.unwrap().unwrap().version, 401);
}

fn app(store: impl Store) -> App {
    App::builder().store(store).register::<Many>(()).build().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_of_a_session_lose_nothing() {
    runs_side_by_side(&[app(Memory::new())]).await;
    let memory = Memory::new();
    runs_side_by_side(&[app(memory.reopen()), app(memory.reopen())]).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_of_a_session_lose_nothing_in_two_apps_on_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let open = || {
        let path = folder.path().join("flow.db");
        flow_runtime::Sqlite::options().synchronous(flow_runtime::store::Synchronous::Normal).open(path).unwrap()
    };
    runs_side_by_side(&[app(open()), app(open())]).await;
}

#[step(retries = 2, backoff = "1ms")]
async fn third_time(cx: &Context<Counter>) -> Result<u32> {
    let count = cx.session().update(|counter| {
        counter.count += 1;
        counter.count
    });
    let count = count.await?;
    if attempt() < 3 { Err("not yet".to_owned()) } else { Ok(count) }
}

#[step]
async fn in_vain(cx: &Context<Counter>) -> Result<u32> {
    cx.session().update(|counter| counter.count += 100).await?;
    Err("in vain".to_owned())
}

workflow! {
    async fn tries(cx: &Context<Counter>) -> Result<u32> {
        let count = third_time(cx).await?;
        let failed = match in_vain(cx).await {
            Ok(_) => 0,
            Err(_) => 1,
        };
        let (a, b) = parallel!(third_time(cx), third_time(cx))?;
        Ok(count + failed + a + b)
    }
}

#[tokio::test]
async fn attempts_that_fail_change_nothing() {
    let app = App::builder().register::<Tries>(()).build().unwrap();
    let run = app.start::<Tries>(()).await.unwrap();
    run.wait().await.unwrap();
    // A run without a session has one of its own.
    let counter: Counter = app.session(run.id()).read().await.unwrap();
    assert_eq!(counter.count, 3);
    // In memory, too.
    Tries::run(&(), ()).await.unwrap();
}

#[tokio::test]
async fn a_state_that_does_not_fit_is_named() {
    let app = app(Memory::new());
    let run = app.start::<Many>((1, "a".to_owned())).session_state(json!({ "count": "three" }), Merge::Replace);
    let error = match run.session("odd").await.unwrap().wait().await {
        Err(RunError::Failed(failure)) => failure.chain().join(": "),
        other => panic!("{other:?}"),
    };
    let expected = "the state of session `odd` does not fit";
    let here = app.session("odd").read::<Counter>().await.unwrap_err();
    assert!(error.starts_with(expected), "{error}");
    assert!(matches!(&here, SessionError::State { source, .. } if source.path() == "count"));
    assert!(error.contains("at `count`: invalid type: string \"three\", expected u32"), "{error}");
}

#[tokio::test]
async fn a_state_comes_with_the_start() {
    let app = app(Memory::new());
    let session = app.session("s");
    session.replace(&json!({ "count": 5, "names": ["old"], "more": { "a": 1 } })).await.unwrap();
    let start = |state, merge| app.start::<Many>((0, String::new())).session("s").session_state(state, merge);
    start(json!({ "count": 7, "more": { "b": 2 } }), Merge::Deep).await.unwrap().wait().await.unwrap();
    let state: serde_json::Value = session.read().await.unwrap();
    assert_eq!(state, json!({ "count": 7, "names": ["old"], "more": { "a": 1, "b": 2 } }));
    start(json!({ "count": 1 }), Merge::Replace).await.unwrap().wait().await.unwrap();
    assert_eq!(session.read::<serde_json::Value>().await.unwrap(), json!({ "count": 1 }));
    // A run of its own session takes it as well.
    let run = app.start::<Many>((2, "a".to_owned())).session_state(json!({ "count": 40 }), Merge::Deep).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(42)));
}

/// Looks at what came before.
#[step]
async fn look_back(cx: &Context, n: u32) -> Result<Vec<String>> {
    let past = cx.history(n).await.map_err(String::from)?;
    Ok(past.iter().map(|run| format!("{} {} {:?}", run.workflow(), run.status(), run.output::<Many>())).collect())
}

workflow! {
    async fn looks(cx: &Context, n: u32) -> Result<Vec<String>> {
        look_back(cx, n).await
    }
}

#[step]
async fn fail() -> Result<u32> {
    Err("no".to_owned())
}

workflow! {
    async fn fails() -> Result<u32> {
        fail().await
    }
}

async fn history(store: impl Store) {
    let builder = App::builder().store(store).register::<Many>(()).register::<Looks>(()).register::<Fails>(());
    let app = builder.build().unwrap();
    for times in 1..4 {
        app.start::<Many>((times, "a".to_owned())).session("s").await.unwrap().wait().await.unwrap();
    }
    app.start::<Many>((9, "b".to_owned())).session("other").await.unwrap().wait().await.unwrap();
    app.start::<Fails>(()).session("s").await.unwrap().wait().await.unwrap_err();
    let run = app.start::<Looks>(3).session("s").await.unwrap();
    let Outcome::Done(seen) = run.wait().await.unwrap() else { panic!("it asks nobody") };
    assert_eq!(seen, ["fails failed Ok(None)", "many completed Ok(Some(6))", "many completed Ok(Some(3))"]);
    let run = app.start::<Looks>(3).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(seen) if seen.is_empty()));
    let past = app.session("s").history(10).await.unwrap();
    assert_eq!(past.len(), 5);
    assert_eq!(past[2].input::<Many>().unwrap(), (3, "a".to_owned()));
    assert!(past.iter().all(|run| run.ended_at() >= run.started_at() && run.status() != RunStatus::Running));
}

#[tokio::test]
async fn a_session_knows_its_last_runs() {
    history(Memory::new()).await;
    #[cfg(feature = "sqlite")]
    {
        let folder = tempfile::tempdir().unwrap();
        history(flow_runtime::Sqlite::open(folder.path().join("flow.db")).unwrap()).await;
    }
}

/// Go on?
#[pause]
fn agree() -> bool;

workflow! {
    async fn asks() -> Result<bool> {
        Ok(pause(agree()).await)
    }
}

#[tokio::test]
async fn sessions_are_named_listed_and_deleted() {
    let app = App::builder().register::<Asks>(()).build().unwrap();
    let session = app.session("s");
    assert!(session.record().await.unwrap().is_none());
    let run = app.start::<Asks>(()).session("s").user("ann").await.unwrap();
    run.wait().await.unwrap();
    session.rename("Ann's").await.unwrap();
    session.update(|counter: &mut Counter| counter.count += 1).await.unwrap();
    let listed =
        app.sessions(&SessionFilter { user: Some("ann".to_owned()), ..SessionFilter::default() }).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].id.as_str(), listed[0].name.as_deref()), ("s", Some("Ann's")));
    assert_eq!(session.read::<Counter>().await.unwrap().count, 1);
    assert_eq!(session.delete().await.unwrap(), SessionReceipt::Busy(run.id().to_owned()));
    run.cancel().await.unwrap();
    assert_eq!(session.delete().await.unwrap(), SessionReceipt::Deleted(1));
    assert!(matches!(app.run::<Asks>(run.id()).await, Err(RunError::Store(StoreError::UnknownRun { .. }))));
    assert_eq!(session.delete().await.unwrap(), SessionReceipt::Unknown);
}

#[tokio::test]
async fn updates_from_outside_lose_nothing() {
    let app = app(Memory::new());
    let again = Arc::new(AtomicU32::new(0));
    let run = app.start::<Many>((50, "run".to_owned())).session("s").await.unwrap();
    for _ in 0..50 {
        let again = again.clone();
        let update = move |counter: &mut Counter| {
            again.fetch_add(1, Ordering::Relaxed);
            counter.count += 1;
        };
        app.session("s").update(update).await.unwrap();
        tokio::task::yield_now().await;
    }
    run.wait().await.unwrap();
    assert_eq!(app.session("s").read::<Counter>().await.unwrap().count, 100);
    assert!(again.load(Ordering::Relaxed) >= 50);
}
