//! Streams of events: whole, taken up again, many at once, and led to their end.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::time::{Duration, Instant};

use common::{Listening, Told, Web, app};
use flow_server::Server;
use serde_json::{Value, json};

/// The numbers of the events, which all have one but what says that a stream ends.
fn numbers(events: &[Told]) -> Vec<u64> {
    events.iter().filter(|told| told.event != "shutdown").filter_map(|told| told.id).collect()
}

async fn start(server: &Listening, workflow: &str, input: Value) -> String {
    let reply =
        Listening::body(&server.post(&format!("/api/workflows/{workflow}/runs"), &json!({ "input": input })).await);
    reply["run"].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned()
}

/// Starts a run and does not wait for it.
async fn begin(server: &Listening, workflow: &str, input: Value) -> String {
    let body = json!({ "input": input }).to_string();
    let (host, length) = (server.addr, body.len());
    let reply = server
        .raw(&format!(
            "POST /api/workflows/{workflow}/runs HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        ))
        .await;
    Listening::body(&reply)["run"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn events_are_a_page_or_a_stream() {
    let web = Web::new(app());
    let run = web.start("ten", json!(1)).await;
    let path = format!("/api/runs/{run}/events");
    let page =
        web.with("GET", &format!("{path}?from=3&limit=4"), &[("accept", "application/json")], &Value::Null).await.ok();
    let seqs: Vec<u64> =
        page["events"].as_array().unwrap().iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!((seqs, &page["next"]), (vec![3, 4, 5, 6], &json!(7)));
    let stream = web.get(&path).await;
    assert_eq!(stream.header("content-type"), "text/event-stream");
    assert!(stream.text.contains("id: 1\n") && stream.text.contains("event: run_started\n"), "{}", stream.text);
    assert!(stream.text.trim_end().ends_with("\"next\":23}"), "{}", stream.text);
    web.get(&format!("{path}?from=x")).await.problem(400, "bad_request");
    web.with("GET", &path, &[("last-event-id", "x")], &Value::Null).await.problem(400, "bad_request");
    web.get("/api/runs/nope/events").await.problem(404, "unknown_run");
    let json = [("accept", "application/json")];
    web.with("GET", "/api/runs/nope/events", &json, &Value::Null).await.problem(404, "unknown_run");
}

#[tokio::test]
async fn a_start_streams_until_the_run_rests() {
    let web = Web::new(app());
    let headers = [("accept", "text/event-stream")];
    let body = json!({ "input": { "topic": "bees", "tone": "formal" } });
    let reply = web.with("POST", "/api/workflows/article/runs", &headers, &body).await;
    assert!(reply.header("location").starts_with("/api/runs/"));
    let last = reply.text.trim_end().rsplit("\n\n").next().unwrap();
    assert!(last.starts_with("event: end\n") && last.contains("\"status\":\"paused\""), "{}", reply.text);
    let reply = web.with("POST", "/api/workflows/hello/runs", &headers, &json!({ "input": "Ann" })).await;
    assert!(reply.text.contains("event: run_completed") && reply.text.contains("\"status\":\"completed\""));
}

#[tokio::test]
async fn a_start_that_comes_again_streams_until_the_run_rests_now() {
    let web = Web::new(app());
    let headers = [("accept", "text/event-stream"), ("idempotency-key", "k-1")];
    let body = json!({ "input": { "topic": "bees", "tone": "formal" } });
    let start = async || {
        let text = web.with("POST", "/api/workflows/article/runs", &headers, &body).await.text;
        let last = text.trim_end().rsplit("\n\n").next().unwrap().to_owned();
        (text.matches("event: run_paused\n").count(), text.matches("event: run_completed\n").count(), last)
    };
    let (paused, _, last) = start().await;
    assert!(paused == 1 && last.contains("\"status\":\"paused\""), "{last}");
    let run = web.get("/api/runs").await.ok()["runs"][0]["run"].as_str().unwrap().to_owned();
    web.answer(&run, "approve-1", json!({ "Retitle": { "title": "wasps" } })).await.ok();
    let (paused, _, last) = start().await;
    assert!(paused == 2 && last.contains("\"status\":\"paused\""), "{paused} {last}");
    web.answer(&run, "approve-2", json!({ "Publish": { "by": "Ann" } })).await.ok();
    let (paused, completed, last) = start().await;
    assert_eq!((paused, completed), (2, 1), "{last}");
    assert!(last.starts_with("event: end\n") && last.contains("\"status\":\"completed\""), "{last}");
}

#[tokio::test]
async fn a_start_that_finds_no_place_for_its_stream_starts_nothing() {
    let web = Web::of(Server::new(app()).max_streams(0));
    let headers = [("accept", "text/event-stream")];
    let refused = web.with("POST", "/api/workflows/hello/runs", &headers, &json!({ "input": "Ann" })).await;
    refused.problem(429, "too_many_requests");
    assert_eq!(refused.header("retry-after"), "5");
    assert_eq!(web.get("/api/runs").await.ok()["runs"], json!([]));
}

#[tokio::test]
async fn a_stream_is_taken_up_in_the_middle_without_a_gap() {
    let server = Listening::begin(Server::new(app())).await;
    let run = begin(&server, "slow", json!({ "rounds": 40, "ms": 5 })).await;
    let (mut seen, mut after) = (Vec::new(), 0);
    // Cut off after a few events, again and again.
    for take in [1, 2, 3, 5, 8, 13] {
        let mut stream = server.events(&run, after).await;
        for _ in 0..take {
            let told = stream.next().await.unwrap();
            if let Some(id) = told.id {
                after = id;
            }
            seen.push(told);
        }
    }
    seen.extend(server.events(&run, after).await.rest().await);
    let ids = numbers(&seen);
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>(), "none is missing, none comes twice");
    assert_eq!(seen.iter().filter(|told| told.event == "custom").count(), 40);
    let end = seen.last().unwrap();
    assert_eq!((end.event.as_str(), &end.data["status"]), ("end", &json!("completed")));
    assert_eq!(end.data["next"], ids.len() as u64 + 1);
    // A browser's `EventSource` asks again after the end; without content it stops.
    let again = async |after: usize| {
        let host = server.addr;
        let path = format!("/api/runs/{run}/events");
        let head =
            format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\nlast-event-id: {after}\r\n\r\n");
        server.raw(&head).await
    };
    assert!(again(ids.len()).await.starts_with("HTTP/1.1 204"));
    let before = again(ids.len() - 1).await;
    assert!(before.starts_with("HTTP/1.1 200") && before.contains("event: end"), "{before}");
    server.stop().await;
}

#[tokio::test]
async fn a_stream_goes_on_over_a_pause() {
    let server = Listening::begin(Server::new(app())).await;
    let run = start(&server, "article", json!({ "topic": "bees", "tone": "formal" })).await;
    let mut stream = server.events(&run, 0).await;
    while stream.next().await.unwrap().event != "run_paused" {}
    let answer = json!({ "answer": { "Publish": { "by": "Ann" } } });
    server.post(&format!("/api/runs/{run}/pauses/approve-1/answer"), &answer).await;
    let rest: Vec<String> = stream.rest().await.into_iter().map(|told| told.event).collect();
    assert_eq!(rest.first().map(String::as_str), Some("pause_answered"), "{rest:?}");
    assert_eq!(rest[rest.len() - 2..], ["run_completed", "end"]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_read_one_run() {
    const READERS: usize = 1_000;
    let server = Listening::begin(Server::new(app())).await;
    let run = start(&server, "article", json!({ "topic": "bees", "tone": "formal" })).await;
    let mut readers = Vec::new();
    for _ in 0..READERS {
        let mut stream = server.events(&run, 0).await;
        // Each is there before the run goes on.
        let first = stream.next().await.unwrap();
        readers.push(tokio::spawn(async move {
            let mut all = vec![first];
            all.extend(stream.rest().await);
            all
        }));
    }
    let metrics = server.get("/metrics").await;
    assert!(metrics.contains(&format!("flow_http_streams_open {READERS}")), "{metrics}");
    let begun = Instant::now();
    let answer = json!({ "answer": { "Publish": { "by": "Ann" } } });
    let answered = server.post(&format!("/api/runs/{run}/pauses/approve-1/answer"), &answer).await;
    assert_eq!(Listening::body(&answered)["run"]["status"], "completed", "readers hold nobody up");
    let all = readers.pop().unwrap().await.unwrap();
    assert_eq!(all.last().unwrap().event, "end");
    let ids = numbers(&all);
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>(), "none is missing, none comes twice");
    for reader in readers {
        assert_eq!(reader.await.unwrap(), all);
    }
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    server.stop().await;
}

#[tokio::test]
async fn too_many_streams_are_refused() {
    let server = Listening::begin(Server::new(app()).max_streams(2)).await;
    let run = start(&server, "article", json!({ "topic": "bees", "tone": "formal" })).await;
    let (mut one, mut two) = (server.events(&run, 0).await, server.events(&run, 0).await);
    assert!(one.next().await.is_some() && two.next().await.is_some());
    let refused = server.get(&format!("/api/runs/{run}/events")).await;
    assert!(refused.starts_with("HTTP/1.1 429") && refused.contains("retry-after: 5"), "{refused}");
    drop(one);
    let again = async || server.get("/metrics").await.contains("flow_http_streams_open 1");
    while !again().await {}
    assert!(server.events(&run, 0).await.next().await.is_some());
    server.stop().await;
}

#[tokio::test]
async fn when_the_server_ends_streams_say_where_to_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("flow.db");
    let open = || common::workflows::workflows().store(flow_runtime::Sqlite::open(&file).unwrap()).build().unwrap();
    let server = Listening::begin(Server::new(open()).grace(Duration::from_millis(200))).await;
    let run = begin(&server, "slow", json!({ "rounds": 3, "ms": 60_000 })).await;
    let waiting = start(&server, "article", json!({ "topic": "bees", "tone": "formal" })).await;
    let mut stream = server.events(&run, 0).await;
    let mut last = 0;
    while last < 2 {
        last = stream.next().await.unwrap().id.unwrap_or(last);
    }
    let mut resting = server.events(&waiting, 0).await;
    assert!(resting.next().await.is_some());
    let left = server.stop().await;
    assert_eq!((left.runs, left.interrupted), (1, 1), "the step that takes long is left in the middle");
    let rest = stream.rest().await;
    let end = rest.last().unwrap();
    assert_eq!(end.event, "shutdown", "{rest:?}");
    let next = end.data["next"].as_u64().unwrap();
    assert_eq!(end.id, Some(next - 1), "`Last-Event-ID` goes on there, too");
    let resting = resting.rest().await;
    assert_eq!(resting.last().unwrap().event, "shutdown");

    // Another one goes on with the run and with the stream.
    let server = Listening::begin(Server::new(open())).await;
    let mut stream = server.events(&run, next - 1).await;
    let mut told = stream.next().await.unwrap();
    assert_eq!(told.id, Some(next));
    while told.event != "run_resumed" {
        told = stream.next().await.unwrap();
    }
    server.post(&format!("/api/runs/{run}/cancel"), &Value::Null).await;
    assert_eq!(stream.rest().await.last().unwrap().data["status"], "cancelled");
    server.stop().await;
}

#[tokio::test]
async fn who_waits_for_a_run_hears_of_the_end_of_the_server() {
    let server = Listening::begin(Server::new(app()).grace(Duration::from_millis(200))).await;
    let mut watching = Vec::new();
    let run = begin(&server, "slow", json!({ "rounds": 1, "ms": 60_000 })).await;
    let mut stream = server.events(&run, 0).await;
    watching.push(stream.next().await.unwrap());
    let addr = server.addr;
    let waiting = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let body = r#"{"input":{"rounds":1,"ms":60000}}"#;
        let mut stream = tokio::net::TcpStream::connect(addr).await.unwrap();
        let request = format!(
            "POST /api/workflows/slow/runs HTTP/1.1\r\nhost: {addr}\r\ncontent-type: application/json\r\nprefer: wait=50\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    });
    while server.get("/api/runs").await.matches("\"run\":").count() < 2 {}
    let begun = Instant::now();
    server.stop().await;
    let reply = waiting.await.unwrap();
    assert!(reply.starts_with("HTTP/1.1 202"), "{reply}");
    assert!(begun.elapsed() < Duration::from_secs(20));
}
