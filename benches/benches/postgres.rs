//! What a checkpoint costs on PostgreSQL: runs in an App, against the same rows written by one statement each and nothing else.
//! The server is one to throw away, with `fsync` on.
#![allow(missing_docs, clippy::unwrap_used)]

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use flow_benches::{Table, criterion, judged, side_by_side};
use flow_postgres::{
    Postgres,
    tokio_postgres::{Client, NoTls, Statement, connect, types::ToSql},
};
use flow_runtime::{
    Memory, StoreError,
    prelude::*,
    store::{Checkpoint, NewRun},
    testing::{Content, Hook, Hooked, Operation},
};
use flow_test_server::Server;

/// How many times the time of the bare rows the checkpoints of one run may take, and of sixteen at once.
const AIMS: [(usize, f64); 2] = [(1, 1.3), (16, 1.25)];
const STEPS: u32 = 50;

#[step]
async fn extend(text: &str, round: u64) -> Result<String, String> {
    Ok(format!("{} {round}", text.get(..40).unwrap_or(text)))
}

workflow! {
    /// Changes one binding per step; the position of the loop is another.
    async fn rounds(count: u64) -> Result<String, String> {
        let mut text = String::new();
        for round in 0..count {
            text = extend(&text, round).await?;
        }
        Ok(text)
    }
}

/// What a run writes.
#[derive(Default)]
struct Written {
    run: Mutex<NewRun>,
    checkpoints: Mutex<Vec<Checkpoint>>,
}

impl Hook for Written {
    fn before(&self, operation: &Operation<'_>) -> Result<(), StoreError> {
        match operation.content {
            Content::Create(run, _) => *self.run.lock().unwrap() = run.clone(),
            Content::Checkpoint(checkpoint) => self.checkpoints.lock().unwrap().push(checkpoint.clone()),
            _ => {}
        }
        Ok(())
    }
}

/// Runs the workflow once in memory and takes down what it writes.
async fn record() -> (NewRun, Vec<Checkpoint>) {
    let recorder = Hooked::new(Memory::new(), Written::default());
    let app = App::builder().store(recorder.clone()).register::<Rounds>(()).build().unwrap();
    let run = app.start::<Rounds>(u64::from(STEPS)).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(_)));
    let written = recorder.hook();
    let (run, checkpoints) = (written.run.lock().unwrap().clone(), written.checkpoints.lock().unwrap().clone());
    assert!(checkpoints.iter().all(|made| !made.mark && made.forget.is_none() && made.keep.is_none()));
    (run, checkpoints)
}

/// The floor: the rows of a checkpoint in one statement, without a look at what is there.
struct Bare {
    client: Client,
    create: Statement,
    checkpoint: Statement,
}

const CREATE: &str =
    "INSERT INTO bare.runs (id, status, fence, driver, seq, events, ops, created_at, updated_at, priority,
        workflow, fingerprint, input)
    VALUES ($1, 'running', 1, 'driver', 0, 0, ARRAY[1::bigint], 0, 0, 0, 'rounds', $2, $3)";

const CHECKPOINT: &str = "
    WITH u AS (UPDATE bare.runs SET seq = $2, events = $3, ops = array_prepend($2, ops[1:7]) WHERE id = $1),
        f AS (INSERT INTO bare.frames (run, path, at, moves) VALUES ($1, $4, $5, 1)
            ON CONFLICT (run, path) DO UPDATE SET at = excluded.at, moves = frames.moves + 1),
        b AS (INSERT INTO bare.bindings SELECT $1, $4, x.* FROM unnest($6::text[], $7::text[]) AS x
            ON CONFLICT (run, path, name) DO UPDATE SET value = excluded.value),
        h AS (INSERT INTO bare.history (run, seq, time, path, at, names, texts) VALUES ($1, $2, 0, $4, $5, $6, $7)),
        e AS (INSERT INTO bare.events SELECT $1, $3 - $8::bigint + x.n, x.event
            FROM unnest($9::text[]) WITH ORDINALITY AS x (event, n))
    SELECT 1";

impl Bare {
    async fn connect(url: &str) -> Self {
        let (client, connection) = connect(url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let (create, checkpoint) = (client.prepare(CREATE).await.unwrap(), client.prepare(CHECKPOINT).await.unwrap());
        Bare { client, create, checkpoint }
    }

    async fn write(&self, id: &str, (run, checkpoints): &(NewRun, Vec<Checkpoint>)) {
        self.client.execute(&self.create, &[&id, &run.fingerprint, &run.input]).await.unwrap();
        let mut told = 0;
        for (seq, Checkpoint { path, at, bindings, effects, .. }) in (1_i64..).zip(checkpoints) {
            let names: Vec<&str> = bindings.iter().map(|binding| &*binding.name).collect();
            let values: Vec<&str> = bindings.iter().map(|binding| &*binding.value).collect();
            let count = i64::try_from(effects.events.len()).unwrap();
            told += count;
            let (path, at) = (&**path, &**at);
            let values: [&(dyn ToSql + Sync); 9] =
                [&id, &seq, &told, &path, &at, &names, &values, &count, &effects.events];
            self.client.query(&self.checkpoint, &values).await.unwrap();
        }
    }
}

fn main() {
    let server = Server::start(true).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut criterion = criterion();
    criterion = criterion.sample_size(10);
    let heads = ["runs at once", "the rows alone", "checkpoint", "ratio", "aim", "checkpoints per second"];
    let mut table = Table::new("a checkpoint on PostgreSQL, in µs", &heads);
    let written = runtime.block_on(record());
    let checkpoints = written.1.len();
    let (app, bare) = runtime.block_on(async {
        // The same tables twice.
        drop(Postgres::options(server.url()).schema("bare").open().await.unwrap());
        let store = Postgres::connect(server.url()).await.unwrap();
        let app = App::builder().store(store).register::<Rounds>(()).build().unwrap();
        let mut bare = Vec::new();
        for _ in 0..16 {
            bare.push(Bare::connect(&server.url()).await);
        }
        (app, bare)
    });
    let ids = AtomicUsize::new(0);
    for (runs, aim) in AIMS {
        let flow = || {
            runtime.block_on(async {
                let all = (0..runs).map(|_| async {
                    let run = app.start::<Rounds>(u64::from(STEPS)).await.unwrap();
                    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(_)));
                });
                futures::future::join_all(all).await;
            });
        };
        let floor = || {
            runtime.block_on(async {
                let all = bare.iter().take(runs).map(|bare| async {
                    // Ids that grow, as those of the App do.
                    bare.write(&format!("{:036}", ids.fetch_add(1, Ordering::Relaxed)), &written).await;
                });
                futures::future::join_all(all).await;
            });
        };
        let [flow, bare] = side_by_side(&mut criterion, &format!("postgres, {runs} at once"), [&flow, &floor])
            .map(|time| time / 1000.0 / (checkpoints * runs) as f64);
        table.row([
            runs.to_string(),
            format!("{bare:.1}"),
            format!("{flow:.1}"),
            judged(flow / bare, aim),
            format!("≤ {aim}"),
            format!("{:.0}", 1e6 / flow),
        ]);
    }
    table.print();
}
