//! Webhooks whose listeners lead elsewhere, hang or are cut off, and what they cost when nothing happens.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::{
    collections::HashMap,
    fmt::{Debug, Write as _},
    future::Future,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use common::Listening;
use flow_runtime::{
    App, Memory, Sqlite,
    rusqlite::Connection,
    store::{Store, StoreError},
    testing::{Hook, Hooked, Operation},
};
use flow_server::{Server, Webhook};
use futures::FutureExt as _;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const TAKEN: &str = "204 No Content";

async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), future).await.expect("it happens in time")
}

/// Somebody who is told, a message at a time.
struct Ear(TcpListener);

/// A message that waits for its answer.
struct Heard {
    stream: TcpStream,
    id: String,
}

impl Ear {
    async fn new() -> Self {
        Ear(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    fn hook(&self) -> Webhook {
        let url = format!("http://{}/hooks/a-secret-path?key=a-secret-key", self.0.local_addr().unwrap());
        Webhook::new(&url, SECRET).unwrap().kind("run_started").kind("run_completed")
    }

    async fn hear(&self) -> Heard {
        let (mut stream, _) = in_time(self.0.accept()).await.unwrap();
        let mut text = Vec::new();
        let id = loop {
            assert!(stream.read_buf(&mut text).await.unwrap() > 0, "the message is whole");
            let text = String::from_utf8_lossy(&text);
            if text.contains("\r\n\r\n") {
                let id = text.lines().find_map(|line| line.strip_prefix("webhook-id: "));
                break id.unwrap().to_owned();
            }
        };
        Heard { stream, id }
    }
}

impl Heard {
    /// Answers it. Returns its id.
    async fn answer(mut self, answer: &str) -> String {
        let head = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        self.stream.write_all(head.as_bytes()).await.unwrap();
        self.id
    }
}

fn server(folder: &Path, store: impl Store, hook: Webhook) -> Server {
    let app: App = common::workflows::workflows().store(store).build().unwrap();
    Server::new(app).webhooks(folder.join("hooks.db"), [hook]).webhook_pace(Duration::from_millis(10))
}

async fn start(server: &Listening) -> String {
    let started = server.post("/api/workflows/hello/runs", &json!({ "input": "Ann" })).await;
    Listening::body(&started)["run"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (folder, ear, elsewhere) = (tempfile::tempdir().unwrap(), Ear::new().await, Ear::new().await);
    let server = Listening::begin(server(folder.path(), Memory::new(), ear.hook())).await;
    start(&server).await;
    for status in ["307 Temporary Redirect", "301 Moved Permanently"] {
        let address = elsewhere.0.local_addr().unwrap();
        let id = ear.hear().await.answer(&format!("{status}\r\nlocation: http://{address}/")).await;
        assert!(id.ends_with("_1"), "{id} comes until it is taken");
    }
    ear.hear().await.answer(TAKEN).await;
    assert!(ear.hear().await.answer(TAKEN).await.ends_with("_4"));
    assert!(elsewhere.0.accept().now_or_never().is_none(), "nobody else was told");
    server.stop().await;
}

#[tokio::test]
async fn a_listener_that_hangs_is_told_again() {
    let (folder, ear) = (tempfile::tempdir().unwrap(), Ear::new().await);
    let hook = ear.hook().timeout(Duration::from_millis(100));
    let server = Listening::begin(server(folder.path(), Memory::new(), hook)).await;
    start(&server).await;
    let hanging = ear.hear().await;
    assert_eq!(ear.hear().await.answer(TAKEN).await, hanging.id);
    assert_ne!(ear.hear().await.answer(TAKEN).await, hanging.id);
    server.stop().await;
}

#[tokio::test]
async fn what_was_sent_and_not_noted_comes_again_as_the_same() {
    let (folder, ear) = (tempfile::tempdir().unwrap(), Ear::new().await);
    let store = || Sqlite::open(folder.path().join("flow.db")).unwrap();
    let first = Listening::begin(server(folder.path(), store(), ear.hook())).await;
    let run = start(&first).await;
    let heard = ear.hear().await;
    assert_eq!(heard.id, format!("msg_{run}_1"));
    // It is taken, and whoever has sent it is no more there to hear that.
    first.stop().await;
    drop(heard);
    let second = Listening::begin(server(folder.path(), store(), ear.hook())).await;
    assert_eq!(ear.hear().await.answer(TAKEN).await, format!("msg_{run}_1"));
    assert_eq!(ear.hear().await.answer(TAKEN).await, format!("msg_{run}_4"));
    second.stop().await;
}

/// Counts the operations of a store.
struct Counts(watch::Sender<HashMap<&'static str, usize>>);

impl Hook for Counts {
    fn before(&self, operation: &Operation<'_>) -> Result<(), StoreError> {
        self.0.send_modify(|counts| *counts.entry(operation.name).or_default() += 1);
        Ok(())
    }
}

impl Counts {
    fn of(&self, name: &str) -> usize {
        self.0.borrow().get(name).copied().unwrap_or_default()
    }

    /// Waits for so many more of an operation.
    async fn more(&self, name: &str, more: usize) {
        self.until(name, self.of(name) + more).await;
    }

    async fn until(&self, name: &str, wanted: usize) {
        let mut counts = self.0.subscribe();
        let enough = counts.wait_for(|counts| counts.get(name).is_some_and(|count| *count >= wanted));
        in_time(enough).await.unwrap();
    }
}

fn counted(store: impl Store) -> Hooked<Counts> {
    Hooked::new(store, Counts(watch::Sender::default()))
}

#[tokio::test]
async fn runs_that_rest_are_not_read_again() {
    let (folder, ear) = (tempfile::tempdir().unwrap(), Ear::new().await);
    let store = counted(Memory::new());
    let server = server(folder.path(), store.clone(), ear.hook());
    let app: App = common::workflows::workflows().store(store.clone()).build().unwrap();
    for _ in 0..30 {
        let run = app.start_json("article", json!({ "topic": "bees", "tone": "formal" })).await.unwrap();
        run.wait().await.unwrap();
    }
    let server = Listening::begin(server).await;
    let counts = store.hook();
    // Two counts a round.
    counts.more("stats", 10).await;
    let reads = || [counts.of("list"), counts.of("find"), counts.of("events")];
    let before = reads();
    counts.more("stats", 40).await;
    assert_eq!(reads(), before);
    // And what happens is told all the same.
    start(&server).await;
    assert!(ear.hear().await.answer(TAKEN).await.ends_with("_1"));
    assert!(ear.hear().await.answer(TAKEN).await.ends_with("_4"));
    server.stop().await;
}

#[tokio::test]
async fn a_file_that_is_locked_keeps_nobody_waiting() {
    let (folder, ear) = (tempfile::tempdir().unwrap(), Ear::new().await);
    let store = counted(Memory::new());
    let server = Listening::begin(server(folder.path(), store.clone(), ear.hook())).await;
    store.hook().more("stats", 10).await;
    let file = Connection::open(folder.path().join("hooks.db")).unwrap();
    file.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let (begun, lists) = (Instant::now(), store.hook().of("list"));
    start(&server).await;
    // It has seen that there is a run, and can note nothing.
    store.hook().until("list", lists + 1).await;
    for _ in 0..20 {
        assert!(server.get("/healthz").await.starts_with("HTTP/1.1 200"));
    }
    assert!(begun.elapsed() < Duration::from_secs(4), "a lock is waited for for five seconds");
    file.execute_batch("COMMIT").unwrap();
    assert!(ear.hear().await.answer(TAKEN).await.ends_with("_1"));
    server.stop().await;
}

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl tracing::field::Visit for Log {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn Debug) {
        write!(self.0.lock().unwrap(), "{field}={value:?} ").unwrap();
    }
}

impl tracing::Subscriber for Log {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("flow_")
    }

    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        span.record(&mut self.clone());
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test]
async fn an_address_is_not_said_but_for_its_host() {
    let log = Log::default();
    // With one subscriber alone, whether a place in the code logs is asked in whichever thread comes by first, and kept: another
    // test's thread has none. With two, all are asked.
    let _another = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
    let _logs = tracing::subscriber::set_default(log.clone());
    let (folder, ear) = (tempfile::tempdir().unwrap(), Ear::new().await);
    let hook = ear.hook();
    assert!(!format!("{hook:?}").contains("a-secret"), "{hook:?}");
    let server = Listening::begin(server(folder.path(), Memory::new(), hook)).await;
    start(&server).await;
    let id = ear.hear().await.answer("500 Internal Server Error").await;
    // When it comes again, it was logged that it was not taken.
    assert_eq!(ear.hear().await.answer(TAKEN).await, id);
    server.stop().await;
    let logged = log.0.lock().unwrap().clone();
    let address = ear.0.local_addr().unwrap();
    assert!(logged.contains("an event was not taken") && logged.contains(&format!("http://{address}")), "{logged}");
    assert!(!logged.contains("a-secret"), "{logged}");
    let twice = [ear.hook(), ear.hook()];
    let app = common::app();
    let error = Server::new(app).addr(([127, 0, 0, 1], 0)).webhooks(folder.path().join("2.db"), twice).bind().await;
    let error = error.err().unwrap();
    assert!(!format!("{error} {error:?}").contains("a-secret"), "{error:?}");
    for url in ["ftp://ann:a-secret@host/", "host/a-secret", "https:///a-secret?a-secret", "http://ho st/a-secret"] {
        let error = Webhook::new(url, SECRET).err().unwrap();
        assert!(!format!("{error} {error:?}").contains("a-secret"), "{error:?}");
    }
}
