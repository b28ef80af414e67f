//! What readers of a run's events cost the run: a thousand of them, against none.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use flow_benches::{Table, judged, min_and_median};
use flow_runtime::{Sqlite, prelude::*, store::Synchronous};
use futures::StreamExt as _;
use tokio::runtime::Builder;

/// How many times as long as without readers the run may take.
const AIM: f64 = 1.1;
const READERS: u64 = 1_000;
/// Enough for the run to take far longer than the readers' pace.
const STEPS: u64 = 20_000;
const ROUNDS: usize = 7;

#[step]
async fn add(sum: u64, number: u64) -> Result<u64, String> {
    Ok(sum + number)
}

workflow! {
    async fn long(steps: u64) -> Result<u64, String> {
        let mut sum = 0;
        for number in 0..steps {
            sum = add(sum, number).await?;
        }
        Ok(sum)
    }
}

fn main() {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut table = Table::new(
        "1,000 readers of one run of 20,000 steps, NORMAL",
        &["", "the run, in ms (min)", "median", "of no reader", "aim"],
    );
    let (mut alone, mut read) = (Vec::new(), Vec::new());
    // In turns, so that a change of the machine's mood meets both.
    for _ in 0..ROUNDS {
        alone.push(runtime.block_on(run(0)));
        read.push(runtime.block_on(run(READERS)));
    }
    let ((alone_min, alone_median), (read_min, read_median)) = (min_and_median(&alone), min_and_median(&read));
    table.row([
        "no reader".to_owned(),
        format!("{alone_min:.0}"),
        format!("{alone_median:.0}"),
        String::new(),
        String::new(),
    ]);
    table.row([
        "1,000 readers".to_owned(),
        format!("{read_min:.0}"),
        format!("{read_median:.0}"),
        judged(read_min / alone_min, AIM),
        format!("≤ {AIM}"),
    ]);
    table.print();
}

/// How long the run takes, in milliseconds. Every reader reads all of it.
async fn run(readers: u64) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::options().synchronous(Synchronous::Normal).open(folder.path().join("flow.db")).unwrap();
    let app = App::builder().store(store).register::<Long>(()).build().unwrap();
    let began = Instant::now();
    let run = app.start::<Long>(STEPS).await.unwrap();
    let seen = Arc::new(AtomicU64::new(0));
    let readers: Vec<_> = (0..readers)
        .map(|_| {
            let (mut events, seen) = (run.events(1), seen.clone());
            tokio::spawn(async move {
                let mut count = 0_u64;
                while let Some(event) = events.next().await {
                    event.unwrap();
                    count += 1;
                    // Often enough to be seen, and too seldom to cost anything.
                    if count.is_multiple_of(1_000) {
                        seen.fetch_add(1_000, Ordering::Relaxed);
                    }
                }
            })
        })
        .collect();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(_)));
    let took = began.elapsed().as_secs_f64() * 1_000.0;
    let count = readers.len() as u64;
    for reader in readers {
        reader.abort();
    }
    assert!(count == 0 || seen.load(Ordering::Relaxed) > 0);
    took
}
