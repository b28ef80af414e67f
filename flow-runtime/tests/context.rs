//! What a workflow and its steps know of their run.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use flow_runtime::{Context, SessionError, prelude::*};
use serde::{Deserialize, Serialize};
use serde_json::json;

type Result<T> = std::result::Result<T, String>;

/// A dependency beside it.
struct Suffix(&'static str);

#[step]
async fn in_step(cx: &Context, suffix: &Suffix) -> Result<String> {
    tokio::task::yield_now().await;
    let Suffix(suffix) = suffix;
    let (run, key) = (cx.run_id(), cx.idempotency_key().ok_or("no key")?);
    assert!(key.starts_with(&run) && !run.is_empty());
    Ok(format!("{:?} {:?} {} {} {suffix}", cx.session_id(), cx.user_id(), cx.metadata(), cx.attempt()))
}

#[step(retries = 1, backoff = "1ms")]
async fn second_time(cx: &Context) -> Result<u32> {
    if cx.attempt() == 1 { Err("not yet".to_owned()) } else { Ok(cx.attempt()) }
}

#[step(blocking)]
fn on_a_thread(run: String) -> Result<bool> {
    Ok(Context::<()>::detached(()).run_id().is_empty() && !run.is_empty())
}

workflow! {
    async fn told(suffix: &Suffix, cx: &Context, words: u32) -> Result<String> {
        let before = cx.run_id();
        let text = in_step(cx, suffix).await?;
        let same = before == cx.run_id() && !before.is_empty();
        let again = second_time(cx).await?;
        let (a, b) = parallel!(in_step(cx, suffix), async { Ok(cx.run_id() == *before) })?;
        let thread = on_a_thread(cx.run_id()).await?;
        // Between steps there is no attempt, and no key.
        Ok(format!("{words} {text} {same} {again} {} {b} {thread} {:?}", a == text, cx.idempotency_key()))
    }
}

workflow! {
    async fn around(suffix: &Suffix, cx: &Context) -> Result<String> {
        told(suffix, cx, 2).await
    }
}

#[tokio::test]
async fn the_context_tells_of_the_run() {
    let app = App::builder().register::<Told>(Suffix("!")).register::<Around>(Suffix("?")).build().unwrap();
    let run = app.start::<Told>(1).session("s-1").user("ann").metadata(json!({ "a": 1 })).await.unwrap();
    let Outcome::Done(text) = run.wait().await.unwrap() else { panic!("it asks nobody") };
    assert_eq!(text, r#"1 Some("s-1") Some("ann") {"a":1} 1 ! true 2 true true true None"#);
    let run = app.start::<Around>(()).await.unwrap();
    let Outcome::Done(text) = run.wait().await.unwrap() else { panic!("it asks nobody") };
    assert_eq!(text, "2 None None null 1 ? true 2 true true true None");
}

#[tokio::test]
async fn a_run_in_memory_is_a_run() {
    let text = Told::run(&Suffix("!"), 3).await.unwrap();
    assert_eq!(text, "3 None None null 1 ! true 2 true true true None");
    assert!(Around::run(&Suffix("!"), ()).await.unwrap().starts_with("2 None"));
}

#[derive(Default, Serialize, Deserialize)]
struct Basket {
    items: Vec<String>,
}

#[step]
async fn put(cx: &Context<Basket>, item: &str) -> Result<usize> {
    cx.emit("put", item);
    cx.progress(0.5, "half of it");
    let item = item.to_owned();
    cx.session().update(move |basket| basket.items.push(item.clone())).await?;
    Ok(cx.session().read(|basket| basket.items.len()).await?)
}

#[tokio::test]
async fn a_detached_context_stands_alone() {
    let cx = Context::detached(Basket { items: vec!["bread".to_owned()] });
    assert_eq!(put(&cx, "butter").await.unwrap(), 2);
    assert_eq!((cx.run_id(), cx.session_id(), cx.attempt()), (String::new(), None, 1));
    assert!(cx.history(3).await.unwrap().is_empty());
    // What a workflow gets does not work without one.
    let lost = <Context<Basket> as flow_runtime::machine::IsContext>::IN_RUN;
    assert!(matches!(lost.session().read(|_| ()).await, Err(SessionError::NoRun)));
    assert!(matches!(lost.history(1).await, Err(SessionError::NoRun)));
}
