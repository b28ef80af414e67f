//! Clients that ask and do not read what they are told.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::{Listening, app};
use flow_runtime::{App, prelude::*};
use flow_server::Server;
use serde_json::json;
use tokio::{io::AsyncWriteExt as _, time::timeout};

type Result<T> = std::result::Result<T, String>;

/// Longer than the time a write has in these tests, and shorter than any other time of a server.
const SOON: Duration = Duration::from_secs(10);

/// Says much.
#[step]
async fn talk(cx: &Context, events: u64) -> Result<u64> {
    let text = "x".repeat(100_000);
    for _ in 0..events {
        cx.emit("word", &text);
    }
    Ok(events)
}

workflow! {
    /// Leaves a long history.
    async fn talks(cx: &Context, events: u64) -> Result<u64> {
        talk(cx, events).await
    }
}

#[tokio::test]
async fn who_pipelines_requests_and_reads_nothing_is_cut_off() {
    let server = Server::new(app()).write_time(Duration::from_millis(300)).max_connections(1);
    let server = Listening::begin(server).await;
    let (mut rude, host) = (server.connect().await, server.addr);
    let requests = format!("GET /assets/app.js HTTP/1.1\r\nhost: {host}\r\n\r\n").repeat(500);
    rude.write_all(requests.as_bytes()).await.unwrap();
    // There is room for one connection, and it is taken until the server gives up on it.
    let reply = timeout(SOON, server.get("/healthz")).await.expect("the connection makes room for others");
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
    drop(rude);
    server.stop().await;
}

#[tokio::test]
async fn a_stream_that_nobody_reads_is_ended() {
    let app = App::builder().register::<Talks>(()).build().unwrap();
    let server = Listening::begin(Server::new(app).write_time(Duration::from_millis(300)).max_streams(1)).await;
    let reply = server.post("/api/workflows/talks/runs", &json!({ "input": 150 })).await;
    let run = Listening::body(&reply)["run"].as_str().unwrap().to_owned();
    let mut rude = server.events(&run, 0).await;
    assert!(rude.next().await.is_some());
    let refused = server.get(&format!("/api/runs/{run}/events")).await;
    assert!(refused.starts_with("HTTP/1.1 429"), "its place is taken");
    let free = async {
        while !server.get("/metrics").await.contains("flow_http_streams_open 0") {
            tokio::task::yield_now().await;
        }
    };
    timeout(SOON, free).await.expect("the stream makes room for others");
    drop(rude);
    server.stop().await;
}
