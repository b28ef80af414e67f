//! The end of a server: steps and requests have their time at once, and nothing of it stays behind.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::time::Duration;

use axum::{body::Body, extract::Request, middleware::from_fn};
use common::{Listening, Stream, app};
use flow_runtime::{App, prelude::*};
use flow_server::Server;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    sync::Semaphore,
    time::timeout,
};

type Result<T> = std::result::Result<T, String>;

/// Long enough for whatever is to happen, and shorter than what it would take if it did not.
const SOON: Duration = Duration::from_secs(20);

/// Let the held steps of these numbers go on.
static GATES: [Semaphore; 2] = [const { Semaphore::const_new(0) }; 2];

/// Waits until the test lets it go on.
#[step]
async fn held(n: usize) -> Result<usize> {
    GATES[n].acquire().await.map_err(|error| error.to_string())?.forget();
    Ok(n)
}

/// Goes on at once.
#[step]
async fn next(n: usize) -> Result<usize> {
    Ok(n + 1)
}

workflow! {
    /// Is held in the middle.
    async fn steps(n: usize) -> Result<usize> {
        let n = held(n).await?;
        next(n).await
    }
}

/// Says much.
#[step]
async fn talk(cx: &Context, events: u64, bytes: usize) -> Result<u64> {
    let text = "x".repeat(bytes);
    for _ in 0..events {
        cx.emit("word", &text);
    }
    Ok(events)
}

workflow! {
    /// Leaves a long history.
    async fn talks(cx: &Context, events: u64, bytes: usize) -> Result<u64> {
        talk(cx, events, bytes).await
    }
}

fn workflows() -> App {
    App::builder().register::<Steps>(()).register::<Talks>(()).build().unwrap()
}

async fn begin(server: &Listening, workflow: &str, input: Value, wait: &str) -> String {
    let (host, body) = (server.addr, json!({ "input": input }).to_string());
    let length = body.len();
    let reply = server
        .raw(&format!(
            "POST /api/workflows/{workflow}/runs HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\nconnection: close\r\nprefer: wait={wait}\r\n\r\n{body}"
        ))
        .await;
    Listening::body(&reply)["run"].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned()
}

/// An upload that does not go on.
async fn stalled_upload(server: &Listening) -> TcpStream {
    let (mut stream, host) = (server.connect().await, server.addr);
    let head = format!(
        "POST /api/workflows/steps/runs HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
         expect: 100-continue\r\ncontent-length: 100\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server reads the body when it asks for it.
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).await.unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"{").await.unwrap();
    stream
}

/// Reads until the stream says that the server ends.
async fn hears_of_the_end(stream: &mut Stream) {
    while stream.next().await.expect("it says so before it ends").event != "shutdown" {}
}

/// Whether the connection is closed, with a word or without.
async fn is_closed(mut stream: TcpStream) -> bool {
    let mut rest = Vec::new();
    timeout(SOON, stream.read_to_end(&mut rest)).await.is_ok()
}

#[tokio::test]
async fn a_slow_request_does_not_use_up_the_time_of_the_steps() {
    let server = Server::new(workflows()).grace(Duration::from_secs(2)).body_time(Duration::from_secs(600));
    let server = Listening::begin(server).await;
    let run = begin(&server, "steps", json!(0), "0").await;
    let mut stream = server.events(&run, 0).await;
    while stream.next().await.unwrap().event != "step_started" {}
    let upload = stalled_upload(&server).await;
    let addr = server.addr;
    let stopping = server.ask_to_stop();
    hears_of_the_end(&mut stream).await;
    // From here on no step begins, and the one that runs has time to finish.
    GATES[0].add_permits(1);
    let left = timeout(SOON, stopping).await.expect("it ends when its time is over").unwrap();
    assert_eq!((left.runs, left.interrupted), (1, 0), "the run is given back between its steps");
    assert!(is_closed(upload).await, "what did not finish in time is cut off");
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn who_reads_a_long_history_does_not_hold_up_the_end() {
    const EVENTS: u64 = 150;
    let server = Listening::begin(Server::new(workflows())).await;
    // More than fits between the two sides.
    let run = begin(&server, "talks", json!({ "events": EVENTS, "bytes": 100_000 }), "30").await;
    let waiting = begin(&server, "steps", json!(1), "0").await;
    let mut watching = server.events(&waiting, 0).await;
    assert!(watching.next().await.is_some());
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(64 << 10).unwrap();
    let mut reader = server.events_by(socket.connect(server.addr).await.unwrap(), &run, 0).await;
    assert_eq!(reader.next().await.unwrap().id, Some(1));
    let stopping = server.ask_to_stop();
    hears_of_the_end(&mut watching).await;
    GATES[1].add_permits(1);
    let read = reader.rest().await;
    let end = read.last().unwrap();
    assert_eq!(end.event, "shutdown");
    assert!(read.len() < usize::try_from(EVENTS).unwrap(), "{}", read.len());
    let before = &read[read.len() - 2];
    assert_eq!((end.id, &end.data["next"]), (before.id, &json!(before.id.unwrap() + 1)), "nothing is left out");
    timeout(SOON, stopping).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_server_that_ends_is_not_ready() {
    static ARRIVED: Semaphore = Semaphore::const_new(0);
    static HELD: Semaphore = Semaphore::const_new(0);
    // A layer of one's own that holds one request up.
    let hold = async |request: Request<Body>, next: axum::middleware::Next| {
        if request.uri().path() == "/readyz" {
            ARRIVED.add_permits(1);
            HELD.acquire().await.unwrap().forget();
        }
        next.run(request).await
    };
    let server = Listening::begin(Server::new(app()).protect(move |router| router.layer(from_fn(hold)))).await;
    HELD.add_permits(1);
    assert!(server.get("/readyz").await.starts_with("HTTP/1.1 200"));
    ARRIVED.acquire().await.unwrap().forget();
    let (mut probe, host) = (server.connect().await, server.addr);
    probe.write_all(format!("GET /readyz HTTP/1.1\r\nhost: {host}\r\n\r\n").as_bytes()).await.unwrap();
    ARRIVED.acquire().await.unwrap().forget();
    let stopping = server.ask_to_stop();
    // Nobody is let in any more as soon as it ends.
    while TcpStream::connect(host).await.is_ok() {
        tokio::task::yield_now().await;
    }
    HELD.add_permits(1);
    let mut reply = String::new();
    probe.read_to_string(&mut reply).await.unwrap();
    assert!(reply.starts_with("HTTP/1.1 503") && reply.contains("shutting_down"), "{reply}");
    timeout(SOON, stopping).await.unwrap().unwrap();
}
