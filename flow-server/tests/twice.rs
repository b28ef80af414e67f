//! What is done is said to be done, so that nobody who does as they are told does it twice.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use common::{Web, app};
use flow_runtime::{
    Memory, Store, StoreError,
    store::StoreFuture,
    testing::{Hook, Hooked, Operation},
};
use flow_server::Server;
use serde_json::{Value, json};

/// Nothing can be read any more after this write.
struct BlindAfter {
    write: &'static str,
    armed: Arc<AtomicBool>,
    blind: AtomicBool,
}

impl Hook for BlindAfter {
    fn before(&self, operation: &Operation<'_>) -> Result<(), StoreError> {
        match operation.name == "find" && self.blind.load(Ordering::SeqCst) {
            true => Err(StoreError::backend("read a run", "it is gone")),
            false => Ok(()),
        }
    }

    fn after<'a>(&'a self, operation: &'a Operation<'a>, _: bool, _: &'a dyn Store) -> StoreFuture<'a, ()> {
        if operation.name == self.write && self.armed.load(Ordering::SeqCst) {
            self.blind.store(true, Ordering::SeqCst);
        }
        Box::pin(std::future::ready(Ok(())))
    }
}

/// A server whose store cannot be read any more after this write, once it is armed.
fn going_blind(write: &'static str) -> (Web, Arc<AtomicBool>) {
    let armed = Arc::new(AtomicBool::new(false));
    let hook = BlindAfter { write, armed: armed.clone(), blind: AtomicBool::new(false) };
    let store = Hooked::new(Memory::new(), hook);
    (Web::new(common::workflows::workflows().store(store).build().unwrap()), armed)
}

#[tokio::test]
async fn a_run_that_has_begun_is_told_also_if_it_cannot_be_read() {
    for wait in ["wait=30", "x"] {
        let (web, armed) = going_blind("create");
        armed.store(true, Ordering::SeqCst);
        let body = json!({ "input": "Ann" });
        let reply = web.with("POST", "/api/workflows/hello/runs", &[("prefer", wait)], &body).await;
        assert_eq!(reply.status, 202, "{}", reply.text);
        let report = reply.json();
        assert_eq!(reply.header("location"), format!("/api/runs/{}", report["run"].as_str().unwrap()));
        assert_eq!((&report["workflow"], &report["status"]), (&json!("hello"), &json!("running")));
    }

    let (web, armed) = going_blind("create");
    let run = web.start("hello", json!("Ann")).await;
    armed.store(true, Ordering::SeqCst);
    let reply = web.post(&format!("/api/runs/{run}/fork"), &json!({ "checkpoint": 0 })).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    assert_ne!(reply.json()["run"], run);
    assert_eq!(reply.header("location"), format!("/api/runs/{}", reply.json()["run"].as_str().unwrap()));
}

#[tokio::test]
async fn a_retry_says_where_the_run_is() {
    let (web, armed) = going_blind("reopen");
    let folder = tempfile::tempdir().unwrap();
    let run = web.start("parcel", json!({ "name": "tea", "key": folder.path().join("key") })).await;
    armed.store(true, Ordering::SeqCst);
    let reply = web.post(&format!("/api/runs/{run}/retry"), &Value::Null).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["run"]), (202, &json!(run)));
    assert_eq!(reply.header("location"), format!("/api/runs/{run}"));
}

#[tokio::test]
async fn a_copy_that_may_come_twice_is_one() {
    let web = Web::new(app());
    let run = web.start("article", json!({ "topic": "bees", "tone": "formal" })).await;
    let path = format!("/api/runs/{run}/fork");
    let fork = async |key: &str, body: &Value| {
        let reply = web.with("POST", &path, &[("idempotency-key", key)], body).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        reply.json()["run"].as_str().unwrap().to_owned()
    };
    let body = json!({ "checkpoint": 2 });
    let copy = fork("k", &body).await;
    assert_eq!(fork("k", &body).await, copy);
    let other = json!({ "checkpoint": 2, "set": { "findings": ["wasps"] } });
    let mut all = vec![run.clone(), copy, fork("j", &body).await, fork("k", &json!({ "checkpoint": 0 })).await];
    all.push(fork("k", &other).await);
    all.push(fork("k", &json!({ "checkpoint": 2, "path": "" })).await);
    let start = json!({ "input": { "topic": "bees", "tone": "formal" } });
    let started = web.with("POST", "/api/workflows/article/runs", &[("idempotency-key", "k")], &start).await.ok();
    all.push(started["run"].as_str().unwrap().to_owned());
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 7, "each is its own");
    assert_eq!(web.get("/api/runs").await.ok()["runs"].as_array().unwrap().len(), 7);
}

#[tokio::test]
async fn copies_and_retries_need_room_too() {
    let web = Web::of(Server::new(app()).max_runs(1));
    let folder = tempfile::tempdir().unwrap();
    let failed = web.start("parcel", json!({ "name": "tea", "key": folder.path().join("key") })).await;
    let body = json!({ "checkpoint": 0 });
    let path = format!("/api/runs/{failed}/fork");
    let fork = async |key: &str| web.with("POST", &path, &[("idempotency-key", key)], &body).await;
    let copy = fork("k").await.ok()["run"].clone();
    let start = json!({ "input": { "rounds": 1, "ms": 60_000 } });
    let slow = loop {
        // As soon as the copy has failed.
        let reply = web.post("/api/workflows/slow/runs", &start).await;
        if reply.status != 429 {
            break reply.ok();
        }
        tokio::task::yield_now().await;
    };
    for refused in [fork("j").await, web.post(&format!("/api/runs/{failed}/retry"), &Value::Null).await] {
        refused.problem(429, "too_many_requests");
        assert_eq!(refused.header("retry-after"), "1");
    }
    assert_eq!(fork("k").await.ok()["run"], copy, "it is there already");
    web.post(&format!("/api/runs/{}/cancel", slow["run"].as_str().unwrap()), &Value::Null).await.ok();
}
