//! Callers that send too much, too slowly, or too often.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::time::{Duration, Instant};

use common::{Listening, Web, app};
use flow_server::Server;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

#[tokio::test]
async fn heads_that_come_bit_by_bit_are_cut_off() {
    let server = Listening::begin(Server::new(app()).header_time(Duration::from_millis(300))).await;
    let begun = Instant::now();
    let mut slow = Vec::new();
    for _ in 0..200 {
        let mut stream = server.connect().await;
        stream.write_all(b"GET /api/runs HTTP/1.1\r\nhost: localhost\r\nx-a: ").await.unwrap();
        slow.push(stream);
    }
    // Others are served meanwhile.
    assert!(server.get("/healthz").await.starts_with("HTTP/1.1 200"));
    for mut stream in slow {
        let mut text = Vec::new();
        let read = stream.read_to_end(&mut text);
        // It is closed, with a word or without.
        let _ = tokio::time::timeout(Duration::from_secs(20), read).await.expect("the connection is closed");
    }
    assert!(begun.elapsed() < Duration::from_secs(20));
    server.stop().await;
}

#[tokio::test]
async fn bodies_that_come_bit_by_bit_are_cut_off() {
    let server = Listening::begin(Server::new(app()).body_time(Duration::from_millis(200))).await;
    let host = server.addr;
    let mut stream = server.connect().await;
    let head = format!(
        "POST /api/workflows/hello/runs HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut text = vec![0; 64];
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read(&mut text)).await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&text[..read]).starts_with("HTTP/1.1 408"));
    server.stop().await;
}

#[tokio::test]
async fn bodies_that_are_too_large_are_refused() {
    let web = Web::of(Server::new(app()).max_body(10_000));
    let body = json!({ "input": "x".repeat(20_000) });
    let problem = web.post("/api/workflows/hello/runs", &body).await.problem(413, "too_large");
    assert_eq!(problem["limit"], 10_000);
    let answer = json!({ "answer": "x".repeat(20_000) });
    web.post("/api/runs/x/pauses/y/answer", &answer).await.problem(413, "too_large");
    // Also when nobody says how large it will be.
    let server = Listening::begin(Server::new(app()).max_body(10_000)).await;
    let host = server.addr;
    let mut stream = server.connect().await;
    let head = format!(
        "POST /api/workflows/hello/runs HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..10 {
        if stream.write_all(format!("800\r\n{}\r\n", " ".repeat(0x800)).as_bytes()).await.is_err() {
            break;
        }
    }
    let mut text = vec![0; 64];
    let read = stream.read(&mut text).await.unwrap();
    assert!(String::from_utf8_lossy(&text[..read]).starts_with("HTTP/1.1 413"));
    // A head is not endless either.
    let long = server
        .raw(&format!("GET /{} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n", "a".repeat(1 << 20)))
        .await;
    assert!(long.starts_with("HTTP/1.1 4"), "{}", &long[..60.min(long.len())]);
    assert!(server.get("/healthz").await.starts_with("HTTP/1.1 200"));
    server.stop().await;
}

#[tokio::test]
async fn requests_that_are_none_harm_nobody() {
    let server = Listening::begin(Server::new(app())).await;
    for nonsense in ["\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\r\n\r\n"] {
        let _ = server.raw(nonsense).await;
    }
    let deep = format!("{{\"input\":{}1{}}}", "[".repeat(5_000), "]".repeat(5_000));
    let web = Web::new(app());
    let request = web.request("POST", "/api/workflows/hello/runs").header("content-type", "application/json");
    let reply = web.send(request.body(axum::body::Body::from(deep)).unwrap()).await;
    assert_eq!(reply.status, 400, "{}", reply.text);
    assert!(server.get("/healthz").await.starts_with("HTTP/1.1 200"));
    server.stop().await;
}

#[tokio::test]
async fn too_many_requests_at_once_are_refused() {
    let server = Listening::begin(Server::new(app()).max_requests(1)).await;
    let (host, body) = (server.addr, r#"{"input":{"rounds":1,"ms":60000}}"#);
    let mut stream = server.connect().await;
    let request = format!(
        "POST /api/workflows/slow/runs HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\nprefer: wait=50\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let busy = async || {
        let reply = server.get("/api/runs").await;
        reply.starts_with("HTTP/1.1 429") && reply.contains("retry-after: 1") && reply.contains("too_many_requests")
    };
    while !busy().await {}
    assert!(server.get("/healthz").await.starts_with("HTTP/1.1 200"), "whether it is well is answered all the same");
    let metrics = server.get("/metrics").await;
    assert!(metrics.starts_with("HTTP/1.1 200") && metrics.contains("status=\"429\""), "{metrics}");
    drop(stream);
    // Whoever leaves makes room.
    while busy().await {}
    drop(server);
}

#[tokio::test]
async fn too_many_runs_at_once_are_refused() {
    let web = Web::of(Server::new(app()).max_runs(1));
    let started = web.post("/api/workflows/slow/runs", &json!({ "input": { "rounds": 1, "ms": 60_000 } })).await.ok();
    let reply = web.post("/api/workflows/hello/runs", &json!({ "input": "x" })).await;
    reply.problem(429, "too_many_requests");
    assert_eq!(reply.header("retry-after"), "1");
    web.post(&format!("/api/runs/{}/cancel", started["run"].as_str().unwrap()), &Value::Null).await.ok();
    web.post("/api/workflows/hello/runs", &json!({ "input": "x" })).await.ok();
}

#[tokio::test]
async fn a_start_that_was_heard_before_needs_no_room() {
    let web = Web::of(Server::new(app()).max_runs(1));
    let body = json!({ "input": { "rounds": 1, "ms": 60_000 } });
    let start =
        async |key: &str| web.with("POST", "/api/workflows/slow/runs", &[("idempotency-key", key)], &body).await;
    let run = start("k-1").await.ok()["run"].clone();
    assert_eq!(start("k-1").await.ok()["run"], run);
    start("k-2").await.problem(429, "too_many_requests");
    web.post(&format!("/api/runs/{}/cancel", run.as_str().unwrap()), &Value::Null).await.ok();
}

#[tokio::test]
async fn nobody_waits_for_ever() {
    let web = Web::of(Server::new(app()).max_wait(Duration::from_millis(50)));
    let started = web.start_with("slow", json!({ "input": { "rounds": 1, "ms": 60_000 } })).await;
    assert_eq!((started.status.as_u16(), &started.json()["status"]), (202, &json!("running")));
    web.post(&format!("/api/runs/{}/cancel", started.json()["run"].as_str().unwrap()), &Value::Null).await.ok();
}

#[tokio::test]
async fn who_waits_leaves_room_for_others() {
    let server = Listening::begin(Server::new(app()).max_requests(4).max_waits(2)).await;
    let (host, body) = (server.addr, r#"{"input":{"rounds":1,"ms":600000}}"#);
    let request = format!(
        "POST /api/workflows/slow/runs HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\nprefer: wait=50\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut waiting = Vec::new();
    for started in 1..=2 {
        let mut stream = server.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        waiting.push(stream);
        while server.get("/api/runs").await.matches("\"run\":").count() < started {}
    }
    // One more is started, and not waited for.
    let begun = Instant::now();
    let reply = server.raw(&request).await;
    assert!(reply.starts_with("HTTP/1.1 202"), "{reply}");
    assert!(begun.elapsed() < Duration::from_secs(20));
    drop(waiting);
    drop(server);
}

#[tokio::test]
async fn more_connections_than_there_may_be_wait_for_their_turn() {
    let server = Listening::begin(Server::new(app()).max_connections(2)).await;
    let (mut one, mut two) = (server.connect().await, server.connect().await);
    for stream in [&mut one, &mut two] {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        let mut head = [0; 15];
        stream.read_exact(&mut head).await.unwrap();
        assert_eq!(&head, b"HTTP/1.1 200 OK");
    }
    let mut third = server.connect().await;
    third.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut head = [0; 15];
    let early = tokio::time::timeout(Duration::from_millis(200), third.read(&mut head)).await;
    assert!(early.is_err(), "nobody answers while both places are taken");
    drop(one);
    third.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn runs_are_not_counted_for_every_scrape() {
    let web = Web::new(app());
    let counted = async || {
        let metrics = web.get("/metrics").await.text;
        let count =
            |line: &str| line.strip_prefix("flow_runs_stored{workflow=\"hello\",status=\"completed\"} ")?.parse().ok();
        metrics.lines().find_map(count).unwrap_or(0)
    };
    web.start("hello", json!("Ann")).await;
    assert_eq!(counted().await, 1);
    web.start("hello", json!("Ben")).await;
    assert_eq!(counted().await, 1, "the store is not asked again at once");
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(counted().await, 2);
}
