//! Webhooks: signed, in order, again when they fail, and across restarts.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, http::StatusCode, routing::post};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use common::Listening;
use flow_runtime::{App, Sqlite};
use flow_server::{Server, Webhook, WebhookError};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Somebody who is told.
#[derive(Clone, Default)]
struct Listener {
    heard: Arc<Mutex<Vec<(String, Value)>>>,
    /// How many of the next messages are not taken.
    refuses: Arc<AtomicUsize>,
    refused: Arc<AtomicUsize>,
}

impl Listener {
    async fn begin(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let router = Router::new().route("/hooks", post(take)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{addr}/hooks")
    }

    fn kinds(&self) -> Vec<String> {
        self.heard.lock().unwrap().iter().map(|(_, body)| body["type"].as_str().unwrap().to_owned()).collect()
    }

    async fn until(&self, mut is_so: impl FnMut(&Listener) -> bool) {
        let wait = async {
            while !is_so(self) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(30), wait).await;
        assert!(waited.is_ok(), "{:?}", self.kinds());
    }
}

async fn take(State(listener): State<Listener>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let (id, time, signature) = (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"));
    let secret = STANDARD.decode(SECRET.trim_start_matches("whsec_")).unwrap();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&secret).unwrap();
    mac.update(format!("{id}.{time}.").as_bytes());
    mac.update(&body);
    assert_eq!(signature, format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())));
    if listener.refuses.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
        listener.refused.fetch_add(1, Ordering::SeqCst);
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    listener.heard.lock().unwrap().push((id, serde_json::from_slice(&body).unwrap()));
    StatusCode::NO_CONTENT
}

fn open(folder: &Path) -> App {
    let store = Sqlite::open(folder.join("flow.db")).unwrap();
    common::workflows::workflows().store(store).build().unwrap()
}

fn server(folder: &Path, app: App, hook: Webhook) -> Server {
    Server::new(app).webhooks(folder.join("hooks.db"), [hook]).webhook_pace(Duration::from_millis(10))
}

async fn start(server: &Listening, workflow: &str, input: Value) -> String {
    let path = format!("/api/workflows/{workflow}/runs");
    Listening::body(&server.post(&path, &json!({ "input": input })).await)["run"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_event_is_told_in_order_and_signed() {
    let (folder, listener) = (tempfile::tempdir().unwrap(), Listener::default());
    let hook = Webhook::new(&listener.begin().await, SECRET).unwrap();
    let server = Listening::begin(server(folder.path(), open(folder.path()), hook)).await;
    let run = start(&server, "hello", json!("Ann")).await;
    listener.until(|listener| listener.kinds().len() >= 4).await;
    assert_eq!(listener.kinds(), ["run_started", "step_started", "step_completed", "run_completed"]);
    let heard = listener.heard.lock().unwrap().clone();
    for (n, (id, body)) in heard.iter().enumerate() {
        assert_eq!(*id, format!("msg_{run}_{}", n + 1));
        assert_eq!((&body["data"]["run"], &body["data"]["seq"]), (&json!(run), &json!(n + 1)));
        assert_eq!(body["timestamp"], body["data"]["time"]);
    }
    server.stop().await;
}

#[tokio::test]
async fn only_what_is_wanted_is_told_again_until_it_is_taken() {
    let (folder, listener) = (tempfile::tempdir().unwrap(), Listener::default());
    let hook = Webhook::new(&listener.begin().await, SECRET).unwrap().kind("pause_asked").workflow("article");
    listener.refuses.store(1, Ordering::SeqCst);
    let server = Listening::begin(server(folder.path(), open(folder.path()), hook)).await;
    start(&server, "agreement", json!("x")).await;
    let run = start(&server, "article", json!({ "topic": "bees", "tone": "formal" })).await;
    listener.until(|listener| !listener.kinds().is_empty()).await;
    let retitle = json!({ "answer": { "Retitle": { "title": "wasps" } } });
    server.post(&format!("/api/runs/{run}/pauses/approve-1/answer"), &retitle).await;
    listener.until(|listener| listener.kinds().len() >= 2).await;
    let heard = listener.heard.lock().unwrap().clone();
    let pauses: Vec<&Value> = heard.iter().map(|(_, body)| &body["data"]["pause"]).collect();
    assert_eq!(pauses, ["approve-1", "approve-2"]);
    assert_eq!(listener.refused.load(Ordering::SeqCst), 1);
    let metrics = server.get("/metrics").await;
    assert!(metrics.contains("flow_webhooks_total{outcome=\"failed\"} 1"), "{metrics}");
    assert!(metrics.contains("flow_webhooks_total{outcome=\"delivered\"} 2"), "{metrics}");
    server.stop().await;
}

#[tokio::test]
async fn what_happened_while_the_server_was_away_is_told_once() {
    let (folder, listener) = (tempfile::tempdir().unwrap(), Listener::default());
    let url = listener.begin().await;
    let hook = || Webhook::new(&url, SECRET).unwrap().kind("pause_asked").kind("run_completed");
    // Before anybody wanted to know.
    let app = open(folder.path());
    let early = app.start_json("article", json!({ "topic": "early", "tone": "formal" })).await.unwrap();
    early.wait().await.unwrap();
    let first = Listening::begin(server(folder.path(), app, hook())).await;
    let run = start(&first, "article", json!({ "topic": "bees", "tone": "formal" })).await;
    listener.until(|listener| !listener.kinds().is_empty()).await;
    first.stop().await;
    // Another process goes on meanwhile.
    let app = open(folder.path());
    for id in [&run, early.id()] {
        let run = app.any_run(id).await.unwrap();
        run.answer_json("approve", json!({ "Publish": { "by": "Ann" } })).await.unwrap();
        run.wait().await.unwrap();
    }
    app.shutdown().await;
    let second = Listening::begin(server(folder.path(), open(folder.path()), hook())).await;
    listener.until(|listener| listener.kinds().len() >= 3).await;
    start(&second, "hello", json!("Ann")).await;
    listener.until(|listener| listener.kinds().len() >= 4).await;
    let mut heard = listener.heard.lock().unwrap().clone();
    let last = heard.pop().unwrap();
    assert_eq!(last.1["data"]["workflow"], "hello");
    let mut told: Vec<(String, String)> = heard
        .iter()
        .map(|(_, body)| (body["data"]["run"].as_str().unwrap().to_owned(), body["type"].as_str().unwrap().to_owned()))
        .collect();
    told.sort();
    let mut expected = vec![
        (early.id().to_owned(), "run_completed".to_owned()),
        (run.clone(), "pause_asked".to_owned()),
        (run, "run_completed".to_owned()),
    ];
    expected.sort();
    assert_eq!(told, expected, "nothing from before, nothing twice, nothing left out");
    second.stop().await;
}

#[tokio::test]
async fn an_event_that_nobody_takes_is_left_out_in_the_end() {
    let (folder, listener) = (tempfile::tempdir().unwrap(), Listener::default());
    let hook = Webhook::new(&listener.begin().await, SECRET).unwrap().kind("run_started").kind("run_completed");
    let hook = hook.give_up_after(Duration::ZERO);
    listener.refuses.store(1, Ordering::SeqCst);
    let server = Listening::begin(server(folder.path(), open(folder.path()), hook)).await;
    start(&server, "hello", json!("Ann")).await;
    listener.until(|listener| !listener.kinds().is_empty()).await;
    assert_eq!(listener.kinds(), ["run_completed"]);
    server.stop().await;
}

#[test]
fn webhooks_that_cannot_work_are_refused() {
    let error = |url: &str, secret: &str| Webhook::new(url, secret).err().unwrap();
    for url in ["", "/hooks", "ftp://example.com", "example.com/hooks"] {
        assert!(matches!(error(url, SECRET), WebhookError::Url { .. }), "{url}");
    }
    assert!(matches!(error("http://127.0.0.1/", "short"), WebhookError::Secret { length: 5 }));
    #[cfg(not(feature = "tls"))]
    assert!(matches!(error("https://example.com/", SECRET), WebhookError::NoTls { .. }));
    let hook = Webhook::new("http://127.0.0.1/", SECRET).unwrap();
    assert!(!format!("{hook:?}").contains("MfKQ"), "a secret is not shown");
}
