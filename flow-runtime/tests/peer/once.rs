//! `#[step(once)]`: never repeated after a crash in the middle; somebody says what has become of it.

use flow_runtime::{attempt, prelude::*};
use serde_json::json;

use super::common::{Log, Place, Result, asked, done, failed, in_processes, opened, process, until};

/// Charges the card. Hangs in the first life, after the money has gone.
#[step(once)]
async fn charge(log: &Log, amount: u32) -> Result<String> {
    log.note(format!("charge {amount}"));
    if !log.has("second life") {
        std::future::pending::<()>().await;
    }
    Ok(format!("receipt {amount} {}", attempt()))
}

#[step]
async fn work(log: &Log, what: &str) -> Result<String> {
    log.note(what);
    Ok(format!("<{what}>"))
}

workflow! {
    async fn buys(log: &Log, amount: u32) -> Result<String> {
        let before = work(log, "before").await?;
        let (receipt, beside) = parallel!(
            async {
                let receipt = charge(log, amount).await?;
                work(log, &receipt).await
            },
            work(log, "beside"),
        )?;
        Ok(before + &receipt + &beside)
    }
}

/// A run that was killed while it charged.
fn killed(place: &Place, log: &Log) -> String {
    let id = process(async {
        let run = place.app::<Buys>(log).start::<Buys>(7).await.unwrap();
        until(|| log.has("charge 7") && log.has("beside")).await;
        run.id().to_owned()
    });
    assert_eq!(log.take(), ["before", "charge 7", "beside"]);
    log.note("second life");
    process(async {
        let run = opened::<Buys>(place, log, &id).await;
        let pause = asked(&run).await;
        assert_eq!((pause.id(), pause.path()), ("unknown-charge-1", "parallel.0"));
        assert_eq!(
            pause.question(),
            "Step `charge` was interrupted, and nobody knows whether it has happened. Has it?"
        );
    });
    assert_eq!(log.take(), ["second life"], "it is not charged again");
    log.note("second life");
    id
}

#[test]
fn what_has_happened_is_not_done_again() {
    in_processes(|place| {
        let log = Log::default();
        let id = killed(place, &log);
        process(async {
            let run = opened::<Buys>(place, &log, &id).await;
            let wrong = run.answer_json("unknown-charge", json!({"Happened": 7})).await.unwrap_err();
            assert!(std::error::Error::source(&wrong).unwrap().to_string().starts_with("at `Happened`"), "{wrong}");
            run.answer_json("unknown-charge", json!({"Happened": "from the bank"})).await.unwrap();
            assert_eq!(done(&run).await, "<before><from the bank><beside>");
        });
        assert_eq!(log.take(), ["second life", "from the bank"]);
    });
}

#[test]
fn what_has_not_happened_is_done_once() {
    in_processes(|place| {
        let log = Log::default();
        let id = killed(place, &log);
        process(async {
            let run = opened::<Buys>(place, &log, &id).await;
            run.answer_json("unknown-charge-1", json!("Retry")).await.unwrap();
            assert_eq!(done(&run).await, "<before><receipt 7 1><beside>");
        });
        assert_eq!(log.take(), ["second life", "charge 7", "receipt 7 1"]);
    });
}

#[test]
fn nobody_knows_is_a_failure_if_somebody_says_so() {
    in_processes(|place| {
        let log = Log::default();
        let id = killed(place, &log);
        process(async {
            let run = opened::<Buys>(place, &log, &id).await;
            run.answer_json("unknown-charge-1", json!("Fail")).await.unwrap();
            assert_eq!(
                failed(&run).await.chain(),
                ["step `charge` was interrupted, and the answer to whether it has happened was to fail"]
            );
        });
        assert_eq!(log.take(), ["second life"]);
    });
}

#[test]
fn a_step_that_runs_once_and_is_not_interrupted_asks_nobody() {
    in_processes(|place| {
        let log = Log::default();
        log.note("second life");
        let output = process(async {
            let run = place.app::<Buys>(&log).start::<Buys>(3).await.unwrap();
            done(&run).await
        });
        assert_eq!(output, "<before><receipt 3 1><beside>");
        assert_eq!(log.take(), ["second life", "before", "charge 3", "receipt 3 1", "beside"]);
    });
}
