//! Runs from start to end: outcomes, failures, panics, bounds, handles, and what is stored of them.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    error::Error as _,
    sync::atomic::{AtomicU32, Ordering},
};

use flow_runtime::{
    BuildError, Memory, RunError, StoreError,
    prelude::*,
    store::{RunFilter, RunStatus, Store as _},
};
use serde_json::json;

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("the warehouse does not answer")]
    Warehouse(#[source] std::io::Error),
    #[error("order {0} is empty")]
    Empty(u32),
}

type Result<T> = std::result::Result<T, Error>;

struct Shop {
    calls: AtomicU32,
}

impl Shop {
    fn new() -> Self {
        Shop { calls: AtomicU32::new(0) }
    }
}

/// Takes the goods from the shelf.
#[step]
async fn pick(shop: &Shop, order: u32) -> Result<Vec<String>> {
    shop.calls.fetch_add(1, Ordering::Relaxed);
    match order {
        0 => Err(Error::Empty(order)),
        13 => Err(Error::Warehouse(std::io::Error::other("connection refused"))),
        n => Ok((0..n).map(|item| format!("item {item}")).collect()),
    }
}

#[step]
async fn pack(items: &[String]) -> Result<String> {
    assert!(items.len() < 100, "a parcel holds at most 100 items");
    Ok(items.join("+"))
}

workflow! {
    /// Picks and packs an order.
    async fn fulfil(shop: &Shop, order: u32) -> Result<String> {
        let items = pick(shop, order).await?;
        let parcel = pack(&items).await?;
        Ok(parcel)
    }
}

#[pause]
fn enough(so_far: usize) -> bool;

workflow! {
    async fn until_enough(limit: u64) -> Result<usize> {
        let mut rounds = 0;
        #[max(limit)]
        'asking: loop {
            rounds += 1;
            if pause(enough(rounds)).await {
                break 'asking;
            }
        }
        Ok(rounds)
    }
}

workflow! {
    async fn counts_to_ten() -> Result<usize> {
        let mut n = 0;
        #[max(3)]
        while n < 10 {
            let items = pack(&[]).await?;
            n += 1 + items.len();
        }
        Ok(n)
    }
}

fn app(store: Memory) -> App {
    App::builder().store(store).register::<Fulfil>(Shop::new()).register::<UntilEnough>(()).build().unwrap()
}

#[tokio::test]
async fn the_shortest_form_returns_the_output() {
    assert_eq!(Fulfil::run(&Shop::new(), 2).await.unwrap(), "item 0+item 1");
}

#[tokio::test]
async fn the_shortest_form_hands_out_the_workflows_own_error() {
    let error = Fulfil::run(&Shop::new(), 0).await.unwrap_err();
    let RunError::Failed(failure) = error else { panic!("{error:?}") };
    assert!(matches!(failure.error::<Error>(), Some(Error::Empty(0))));
    assert!(matches!(failure.into_error::<Error>(), Ok(Error::Empty(0))));
}

#[tokio::test]
async fn the_shortest_form_says_that_it_cannot_ask() {
    let error = UntilEnough::run(&(), 3).await.unwrap_err();
    assert_eq!(error.to_string(), "the run waits at pause `enough-1`: start it in an `App` to answer it");
}

#[tokio::test]
async fn a_run_is_stored_with_everything_it_was_given() {
    let store = Memory::new();
    let run = app(store.clone())
        .start::<Fulfil>(2)
        .session("s-1")
        .user("ann")
        .metadata(json!({"source": "cli"}))
        .await
        .unwrap();
    let Outcome::Done(parcel) = run.wait().await.unwrap() else { panic!() };
    assert_eq!(parcel, "item 0+item 1");
    let record = store.find(run.id()).await.unwrap().unwrap();
    assert_eq!(record.status, RunStatus::Completed);
    assert_eq!(record.run.workflow, "fulfil");
    assert_eq!(record.run.input, "2");
    assert_eq!(record.output.as_deref(), Some("\"item 0+item 1\""));
    assert_eq!(record.run.session.as_deref(), Some("s-1"));
    assert_eq!(record.run.user.as_deref(), Some("ann"));
    assert_eq!(record.run.metadata.as_deref(), Some(r#"{"source":"cli"}"#));
    assert!(store.frames(run.id()).await.unwrap().is_empty(), "a completed run leaves no frames behind");
}

#[tokio::test]
async fn a_failed_run_keeps_its_error_its_point_and_its_state() {
    let store = Memory::new();
    let first = app(store.clone());
    let run = first.start::<Fulfil>(13).await.unwrap();
    let RunError::Failed(failure) = run.wait().await.unwrap_err() else { panic!() };
    assert!(matches!(failure.error::<Error>(), Some(Error::Warehouse(_))));
    assert_eq!(failure.to_string(), "the run failed: the warehouse does not answer");
    assert_eq!(failure.source().unwrap().to_string(), "connection refused");
    drop(first);

    // In another process only the texts are left.
    let again = app(store.reopen()).run::<Fulfil>(run.id()).await.unwrap();
    let RunError::Failed(failure) = again.wait().await.unwrap_err() else { panic!() };
    assert!(failure.error::<Error>().is_none());
    assert_eq!(failure.chain(), ["the warehouse does not answer", "connection refused"]);
    assert_eq!(failure.source().unwrap().to_string(), "connection refused");
    assert_eq!(again.status().await.unwrap(), RunStatus::Failed);
}

#[tokio::test]
async fn a_panic_fails_the_run_and_nothing_else() {
    let store = Memory::new();
    let app = app(store.clone());
    let run = app.start::<Fulfil>(100).await.unwrap();
    let RunError::Failed(failure) = run.wait().await.unwrap_err() else { panic!() };
    assert_eq!(failure.chain(), ["the code panicked: a parcel holds at most 100 items"]);
    // What was paid for is kept.
    let frames = store.frames(run.id()).await.unwrap();
    assert_eq!((frames.len(), frames[0].at.as_str(), &*frames[0].bindings[0].name), (1, "pick done", "items"));
    let other = app.start::<Fulfil>(1).await.unwrap();
    assert!(matches!(other.wait().await.unwrap(), Outcome::Done(parcel) if parcel == "item 0"));
}

/// A value that breaks while it is written down.
#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Fragile;

impl serde::Serialize for Fragile {
    fn serialize<S: serde::Serializer>(&self, _: S) -> std::result::Result<S::Ok, S::Error> {
        panic!("broken in two")
    }
}

#[step]
async fn make() -> Result<Fragile> {
    Ok(Fragile)
}

workflow! {
    async fn breaks_at_the_end() -> Result<Fragile> {
        make().await
    }
}

workflow! {
    async fn breaks_in_the_middle() -> Result<Fragile> {
        let fragile = make().await?;
        pack(&[]).await?;
        Ok(fragile)
    }
}

#[tokio::test]
async fn a_panic_while_a_value_is_written_fails_the_run() {
    let app = App::builder().register::<BreaksAtTheEnd>(()).register::<BreaksInTheMiddle>(()).build().unwrap();
    let at_the_end = app.start::<BreaksAtTheEnd>(()).await.unwrap().wait().await.map(drop);
    let in_the_middle = app.start::<BreaksInTheMiddle>(()).await.unwrap().wait().await.map(drop);
    for ended in [at_the_end, in_the_middle] {
        assert_eq!(ended.unwrap_err().to_string(), "the run failed: the code panicked: broken in two");
    }
}

#[tokio::test]
async fn a_loop_past_its_bound_fails_the_run_and_names_the_loop() {
    let error = CountsToTen::run(&(), ()).await.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("the run failed: the loop `while` at line "), "{text}");
    assert!(text.ends_with(" has run 3 times, which is all that its `#[max(3)]` allows"), "{text}");
}

#[tokio::test]
async fn the_bound_of_a_loop_counts_over_restarts() {
    let store = Memory::new();
    let id = app(store.clone()).start::<UntilEnough>(2).await.unwrap().id().to_owned();
    for _ in 0..2 {
        let run = app(store.reopen()).run::<UntilEnough>(&id).await.unwrap();
        assert!(matches!(run.wait().await.unwrap(), Outcome::Paused(_)));
        run.answer::<Enough>(false).await.unwrap();
        let _ = run.wait().await;
    }
    let run = app(store.reopen()).run::<UntilEnough>(&id).await.unwrap();
    let error = run.wait().await.unwrap_err().to_string();
    assert!(error.contains("the loop `'asking: loop` at line"), "{error}");
    assert!(error.contains("`#[max(2)]`"), "{error}");
}

#[tokio::test]
async fn inputs_as_json_are_checked_with_the_field_named() {
    let app = app(Memory::new());
    let run = app.start_json("fulfil", json!(1)).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(output) if output == json!("item 0")));
    let error = app.start_json("fulfil", json!("many")).await.unwrap_err();
    assert_eq!(error.to_string(), "the input of workflow `fulfil` does not fit");
    assert!(error.source().unwrap().to_string().starts_with("invalid type: string \"many\", expected u32"));
    let error = app.start_json("fulfill", json!(1)).await.unwrap_err();
    assert!(error.to_string().starts_with("workflow `fulfill` is not registered"), "{error}");
}

#[tokio::test]
async fn handles_of_other_runs_are_refused() {
    let app = app(Memory::new());
    let run = app.start::<Fulfil>(1).await.unwrap();
    let error = app.run::<UntilEnough>(run.id()).await.unwrap_err();
    assert_eq!(error.to_string(), format!("run `{}` is a run of workflow `fulfil`, not of `until-enough`", run.id()));
    let error = app.run::<Fulfil>("no-such-run").await.unwrap_err();
    assert!(matches!(error, RunError::Store(StoreError::UnknownRun { .. })), "{error}");
    let error = app.run::<CountsToTen>(run.id()).await.unwrap_err();
    assert!(matches!(error, RunError::NotRegistered { .. }), "{error}");
}

#[tokio::test]
async fn a_workflow_is_registered_once_under_one_id() {
    let twice = App::builder().register::<UntilEnough>(()).register::<UntilEnough>(()).build();
    let BuildError::Duplicate { workflow } = twice.err().unwrap() else { panic!() };
    assert_eq!(workflow, "until-enough");
    let app = App::builder().register::<UntilEnough>(()).register_as::<CountsToTen>("counts", ()).build().unwrap();
    let ids: Vec<String> = app.workflows().into_iter().map(|info| info.id).collect();
    assert_eq!(ids, ["counts", "until-enough"]);
}

#[tokio::test]
async fn runs_are_listed_by_status_and_session() {
    let app = app(Memory::new());
    app.start::<Fulfil>(1).session("a").await.unwrap().wait().await.unwrap();
    let waiting = app.start::<UntilEnough>(1).session("b").await.unwrap();
    waiting.wait().await.unwrap();
    let paused = app.runs(&RunFilter { status: vec![RunStatus::Paused], ..RunFilter::default() }).await.unwrap();
    assert_eq!(paused.iter().map(|run| run.run.id.as_str()).collect::<Vec<_>>(), [waiting.id()]);
    let of_a = app.runs(&RunFilter { session: Some("a".to_owned()), ..RunFilter::default() }).await.unwrap();
    assert_eq!(of_a.len(), 1);
}

#[tokio::test]
async fn dependencies_can_be_shared() {
    let shop = std::sync::Arc::new(Shop::new());
    let app = App::builder().register::<Fulfil>(shop.clone()).build().unwrap();
    for _ in 0..3 {
        app.start::<Fulfil>(1).await.unwrap().wait().await.unwrap();
    }
    assert_eq!(shop.calls.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn a_handle_waits_for_a_run_that_another_app_drives() {
    let store = Memory::new();
    let first = app(store.clone());
    let second = app(store.reopen());
    let run = first.start::<UntilEnough>(5).await.unwrap();
    run.wait().await.unwrap();
    // Claimed by the first App until it is parked again, answered through the second.
    let seen = second.run::<UntilEnough>(run.id()).await.unwrap();
    let (answered, outcome) = tokio::join!(async { run.answer::<Enough>(true).await }, seen.wait());
    answered.unwrap();
    match outcome.unwrap() {
        Outcome::Done(rounds) => assert_eq!(rounds, 1),
        // The look came before the answer.
        Outcome::Paused(_) => assert!(matches!(seen.wait().await.unwrap(), Outcome::Done(1))),
        other => panic!("{other:?}"),
    }
}
