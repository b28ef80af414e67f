//! What HTTP adds: to a run from its start to its end, and to reading what is stored.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use axum::{Router, routing::get};
use flow_benches::{Table, client::Client, judged, min_and_median};
use flow_runtime::{Sqlite, prelude::*, store::Synchronous};
use flow_server::Server;
use tokio::{net::TcpListener, runtime::Builder, task::JoinSet};

const RUNS: usize = 1_000;
const CONNECTIONS: usize = 16;
const READING: Duration = Duration::from_secs(3);

#[step]
async fn count(number: u64) -> Result<u64, String> {
    Ok(number + 1)
}

workflow! {
    async fn ten(from: u64) -> Result<u64, String> {
        let n = count(from).await?;
        let n = count(n).await?;
        let n = count(n).await?;
        let n = count(n).await?;
        let n = count(n).await?;
        let n = count(n).await?;
        let n = count(n).await?;
        let n = count(n).await?;
        let n = count(n).await?;
        count(n).await
    }
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let _inside = runtime.enter();
    let store = Sqlite::options().synchronous(Synchronous::Normal).open(folder.path().join("flow.db")).unwrap();
    let app = App::builder().store(store).register::<Ten>(()).build().unwrap();
    let addr = runtime.block_on(async {
        let bound = Server::new(app.clone()).addr(([127, 0, 0, 1], 0)).bind().await.unwrap();
        let addr = bound.addr();
        tokio::spawn(bound.serve(std::future::pending()));
        addr
    });
    // The callers are threads of their own, as another process would be.
    let callers = Builder::new_current_thread().enable_all().build().unwrap();

    let mut table = Table::new(
        "a run of ten steps from start to done, SQLite NORMAL, in ms",
        &["", "fastest", "p50", "p99", "aim of p50"],
    );
    let (mut direct, mut http) = (Vec::new(), Vec::new());
    let mut client = callers.block_on(Client::connect(addr));
    // In turns, so that a change of the machine's mood meets both.
    for _ in 0..RUNS {
        direct.push(timed(|| {
            runtime.block_on(async {
                let run = app.start::<Ten>(0).await.unwrap();
                assert!(matches!(run.wait().await.unwrap(), Outcome::Done(10)));
            });
        }));
        http.push(timed(|| {
            let done =
                callers.block_on(client.post("/api/workflows/ten/runs", "prefer: wait=30\r\n", r#"{"input":0}"#));
            assert!(done.contains(r#""output":10"#), "{done}");
        }));
    }
    for (name, samples, aim) in [("in the program", &mut direct, None), ("over HTTP", &mut http, Some(2.0))] {
        samples.sort_by(f64::total_cmp);
        let ((min, median), p99) = (min_and_median(samples), samples[RUNS * 99 / 100]);
        let (p50, aim) = match aim {
            Some(aim) => (judged(median, aim), format!("≤ {aim}")),
            None => (format!("{median:.2}"), String::new()),
        };
        table.row([name.to_owned(), format!("{min:.2}"), p50, format!("{p99:.2}"), aim]);
    }
    table.print();

    let bare = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(async || axum::Json("hello")));
        tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        addr
    });
    let listed = callers.block_on(client.get("/api/runs?limit=1"));
    let run = listed.split(r#""run":""#).nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    let mut table = Table::new(
        "requests a second, 16 connections, callers on the same two cores",
        &["", "a second", "of a bare route", "aim"],
    );
    let most = callers.block_on(load(bare, "/"));
    table.row(["a bare axum route".to_owned(), format!("{most:.0}"), String::new(), String::new()]);
    for (name, path) in [
        ("a run, with its steps", format!("/api/runs/{run}")),
        ("its checkpoints", format!("/api/runs/{run}/checkpoints")),
        ("20 runs of 2,000", "/api/runs?limit=20".to_owned()),
        ("questions that are open", "/api/pauses".to_owned()),
        ("the workflow", "/api/workflows/ten".to_owned()),
    ] {
        let reads = callers.block_on(load(addr, &path));
        let mark = if reads >= 5_000.0 { '✓' } else { '✗' };
        table.row([name.to_owned(), format!("{reads:.0} {mark}"), format!("{:.2}", reads / most), "≥ 5000".to_owned()]);
    }
    table.print();
}

/// How long this takes, in milliseconds.
fn timed(program: impl FnOnce()) -> f64 {
    let began = Instant::now();
    program();
    began.elapsed().as_secs_f64() * 1_000.0
}

/// How many times a second this is read.
async fn load(addr: SocketAddr, path: &str) -> f64 {
    let (began, mut readers) = (Instant::now(), JoinSet::new());
    for _ in 0..CONNECTIONS {
        let path = path.to_owned();
        readers.spawn(async move {
            let (mut client, mut read) = (Client::connect(addr).await, 0_u32);
            while began.elapsed() < READING {
                client.get(&path).await;
                read += 1;
            }
            read
        });
    }
    let read: u32 = readers.join_all().await.into_iter().sum();
    f64::from(read) / began.elapsed().as_secs_f64()
}
