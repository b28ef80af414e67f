//! One worker: it starts all runs, drives those it gets, and answers what it finds open, until its input ends or it is killed.

use std::{error::Error, time::Duration};

use flow_runtime::{
    App, Store,
    store::{RunFilter, RunStatus},
};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, stdin};

use crate::errand::Errand;

/// Works on `runs` runs. Tells on its output what it answers: `try RUN PAUSE VALUE` before, `ack RUN PAUSE VALUE` after.
pub(crate) async fn work(store: impl Store, runs: u64, seed: u64) -> Result<(), Box<dyn Error>> {
    let app = App::builder().store(store).register::<Errand>(()).build()?;
    let all = async {
        start_all(&app, runs, seed).await?;
        answer_all(&app, seed).await
    };
    let over = async {
        // The end of the input is the word to stop.
        let mut byte = [0];
        while stdin().read(&mut byte).await.is_ok_and(|read| read > 0) {}
    };
    tokio::select! {
        worked = all => worked?,
        () = over => {}
    }
    app.shutdown().await;
    Ok(())
}

/// Every worker starts every run, each in an order of its own; a key makes one run of them.
async fn start_all(app: &App, runs: u64, seed: u64) -> Result<(), Box<dyn Error>> {
    for step in 0..runs {
        let n = (seed.wrapping_mul(37) + step * 7) % runs;
        if let Err(error) = app.start::<Errand>(n).key(format!("errand-{n}")).await {
            eprintln!("start of errand {n}: {error}");
        }
        if step % 16 == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    Ok(())
}

async fn answer_all(app: &App, seed: u64) -> Result<(), Box<dyn Error>> {
    let mut given = 0;
    loop {
        let open = match app.runs(&RunFilter { limit: 64, ..RunFilter::new().status(RunStatus::Paused) }).await {
            Ok(open) => open,
            Err(error) => {
                eprintln!("list: {error}");
                Vec::new()
            }
        };
        for record in open {
            let Ok(run) = app.any_run(&record.run.id).await else { continue };
            for pause in run.pauses().await.unwrap_or_default() {
                given += 1;
                let value = seed * 1_000_000 + given;
                println!("try {} {} {value}", run.id(), pause.id());
                match run.answer_json(pause.id(), json!(value)).await {
                    Ok(()) => println!("ack {} {} {value}", run.id(), pause.id()),
                    Err(error) => println!("no {} {} {value} {error}", run.id(), pause.id()),
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
