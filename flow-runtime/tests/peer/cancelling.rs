//! `run.cancel()`: prompt, once, from any state and any process.

use flow_runtime::{AnswerError, ControlError, RunError, prelude::*, store::RunStatus};
use serde_json::json;

use super::common::{HOUR, Log, Result, done, everywhere, failed, open, opened, settled, until};

struct Held<'l>(&'l Log);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.note("dropped");
    }
}

#[step]
async fn holds(log: &Log, what: &str) -> Result<String> {
    log.note(what);
    let _held = Held(log);
    std::future::pending::<()>().await;
    Ok(String::new())
}

#[step]
async fn work(log: &Log, what: &str) -> Result<String> {
    log.note(what);
    Ok(format!("<{what}>"))
}

#[pause]
fn ask(what: &str) -> bool;

workflow! {
    async fn child(log: &Log) -> Result<String> {
        let before = work(log, "child").await?;
        let held = holds(log, "held in the child").await?;
        Ok(before + &held)
    }
}

workflow! {
    async fn stands(log: &Log, kind: String) -> Result<String> {
        let text = work(log, "before").await?;
        let rest = match kind.as_str() {
            "step" => holds(log, "held").await?,
            "asleep" => {
                sleep(HOUR * 10).await;
                String::new()
            }
            "paused" => {
                let yes = pause(ask("a")).await;
                yes.to_string()
            }
            "child" => child(log).await?,
            "branches" => {
                let (a, b, c, d) = parallel!(
                    holds(log, "held"),
                    child(log),
                    async {
                        let yes = pause(ask("b")).await;
                        Ok(yes.to_string())
                    },
                    async {
                        sleep(HOUR).await;
                        Ok(())
                    },
                )?;
                let _: () = d;
                a + &b + &c
            }
            "fails" => return Err("it failed".to_owned()),
            _ => String::new(),
        };
        let after = work(log, "after").await?;
        Ok(text + &rest + &after)
    }
}

/// Waits until a run has got to where it stands.
async fn stood(run: &Run<Stands>, log: &Log, kind: &str) {
    match kind {
        "step" => until(|| log.has("held")).await,
        "child" => until(|| log.has("held in the child")).await,
        "branches" => {
            until(|| log.has("held") && log.has("held in the child")).await;
            while run.pauses().await.unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
        }
        _ => {
            settled(run).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_is_cancelled_wherever_it_stands_once() {
    everywhere(async |place| {
        for (kind, dropped) in [("step", 1), ("asleep", 0), ("paused", 0), ("child", 1), ("branches", 2)] {
            println!("{kind}");
            let log = Log::default();
            let run = place.app::<Stands>(&log).start::<Stands>(kind.to_owned()).await.unwrap();
            stood(&run, &log, kind).await;
            let before = log.take();
            run.cancel().await.unwrap();
            // Prompt: when `cancel` returns, what ran is gone.
            assert_eq!(log.take(), vec!["dropped"; dropped]);
            assert_eq!(before[0], "before");
            assert_eq!(run.status().await.unwrap(), RunStatus::Cancelled);
            let RunError::Cancelled { run: id } = run.wait().await.unwrap_err() else { panic!() };
            assert_eq!(id, run.id());
            let error = run.cancel().await.unwrap_err();
            assert!(matches!(error, ControlError::Ended { status: RunStatus::Cancelled, .. }), "{error}");
            assert!(place.store().frames(run.id()).await.unwrap().is_empty());
            assert!(run.pauses().await.unwrap().is_empty());
            if matches!(kind, "paused" | "branches") {
                let error = run.answer_json("ask-1", json!(true)).await.unwrap_err();
                assert!(matches!(error, AnswerError::NotWaiting { status: RunStatus::Cancelled, .. }), "{error}");
            }
            // No timer wakes it.
            tokio::time::sleep(HOUR * 20).await;
            assert!(log.take().is_empty());
            assert_eq!(run.status().await.unwrap(), RunStatus::Cancelled);
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn another_app_cancels_a_run_that_this_one_drives() {
    everywhere(async |place| {
        for kind in ["step", "branches", "asleep", "paused"] {
            let log = Log::default();
            let run = place.app::<Stands>(&log).start::<Stands>(kind.to_owned()).await.unwrap();
            stood(&run, &log, kind).await;
            let elsewhere = opened::<Stands>(place, &log, run.id()).await;
            elsewhere.cancel().await.unwrap();
            assert_eq!(elsewhere.status().await.unwrap(), RunStatus::Cancelled);
            // The driver finds out within its next look, and drops what it holds.
            assert!(matches!(run.wait().await, Err(RunError::Cancelled { .. })));
            assert!(matches!(run.cancel().await, Err(ControlError::Ended { .. })));
            let dropped = log.take().iter().filter(|noted| *noted == "dropped").count();
            assert_eq!(
                dropped,
                match kind {
                    "step" => 1,
                    "branches" => 2,
                    _ => 0,
                }
            );
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn of_many_who_cancel_one_does() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<Stands>(&log).start::<Stands>("step".to_owned()).await.unwrap();
        stood(&run, &log, "step").await;
        let mut tasks = Vec::new();
        for n in 0..20 {
            let handle = if n % 2 == 0 { run.clone() } else { opened::<Stands>(place, &log, run.id()).await };
            tasks.push(tokio::spawn(async move { handle.cancel().await.is_ok() }));
        }
        let mut cancelled = 0;
        for task in tasks {
            cancelled += usize::from(task.await.unwrap());
        }
        assert_eq!(cancelled, 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_has_ended_cannot_be_cancelled() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<Stands>(&log);
        let run = app.start::<Stands>("none".to_owned()).await.unwrap();
        assert_eq!(done(&run).await, "<before><after>");
        let error = run.cancel().await.unwrap_err();
        assert_eq!(error.to_string(), format!("run `{}` cannot be cancelled: it is completed", run.id()));
        let run = app.start::<Stands>("fails".to_owned()).await.unwrap();
        failed(&run).await;
        assert!(matches!(run.cancel().await, Err(ControlError::Ended { status: RunStatus::Failed, .. })));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn cancelling_one_run_leaves_the_others_alone() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<Stands>(&log);
        let one = app.start::<Stands>("paused".to_owned()).await.unwrap();
        let other = app.start::<Stands>("paused".to_owned()).await.unwrap();
        open(&one).await;
        open(&other).await;
        one.cancel().await.unwrap();
        other.answer::<Ask>(true).await.unwrap();
        assert_eq!(done(&other).await, "<before>true<after>");
    })
    .await;
}
