//! `#[step(undo = …)]`: what was done is undone in reverse order when the run fails or is cancelled.

use flow_runtime::{ControlError, RunError, prelude::*, store::RunStatus};

use super::common::{HOUR, Log, Result, done, everywhere, failed, in_processes, opened, process, settled, until};

#[step(undo = release)]
async fn reserve(log: &Log, what: &str, count: u32) -> Result<String> {
    log.note(format!("reserve {what}"));
    if what == "nothing" { Err("nothing is left".to_owned()) } else { Ok(format!("{what}-{count}")) }
}

#[step(retries = 1, backoff = "1s")]
async fn release(log: &Log, what: &str, count: u32, reserved: String) -> Result<()> {
    assert_eq!(reserved, format!("{what}-{count}"));
    if what == "stuck" && !log.has("mended") {
        log.note("release stuck fails");
        return Err("it is stuck".to_owned());
    }
    if what == "slow" && !log.has("second life") {
        log.note("release slow hangs");
        std::future::pending::<()>().await;
    }
    log.note(format!("release {what}"));
    Ok(())
}

workflow! {
    async fn part(log: &Log, what: String) -> Result<String> {
        let first = reserve(log, &what, 1).await?;
        let second = reserve(log, "more", 2).await?;
        Ok(first + &second)
    }
}

workflow! {
    async fn saga(log: &Log, middle: String, last: String) -> Result<u32> {
        let first = reserve(log, "first", 0).await?;
        let items = parallel!(for what in ["a".to_owned(), middle] { reserve(log, &what, 1).await }, limit = 1)?;
        let child = part(log, "child".to_owned()).await?;
        sleep(HOUR).await;
        let end = reserve(log, &last, 3).await?;
        Ok((first.len() + items.len() + child.len() + end.len()) as u32)
    }
}

const DONE: [&str; 6] = ["reserve first", "reserve a", "reserve b", "reserve child", "reserve more", "reserve nothing"];
const UNDONE: [&str; 5] = ["release more", "release child", "release b", "release a", "release first"];

#[tokio::test(start_paused = true)]
async fn a_failure_undoes_what_was_done_in_reverse_order() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<Saga>(&log);
        let run = app.start::<Saga>(("b".to_owned(), "nothing".to_owned())).await.unwrap();

        let failure = failed(&run).await;
        assert_eq!((failure.chain(), failure.not_undone().len()), (&["nothing is left".to_owned()][..], 0));
        let ran = log.take();
        assert_eq!(ran[..6], DONE);
        assert_eq!(ran[6..], UNDONE);
        let error = run.retry().await.unwrap_err();
        assert!(matches!(error, ControlError::Undone { .. }), "{error}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_run_is_undone_too() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<Saga>(&log).start::<Saga>(("b".to_owned(), "end".to_owned())).await.unwrap();
        settled(&run).await;
        assert_eq!(log.take(), DONE[..5]);
        // By another App.
        let elsewhere = opened::<Saga>(place, &log, run.id()).await;
        elsewhere.cancel().await.unwrap();
        assert!(matches!(run.wait().await, Err(RunError::Cancelled { .. })));
        assert_eq!(log.take(), UNDONE);
        assert_eq!(run.status().await.unwrap(), RunStatus::Cancelled);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_done_undoes_nothing() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<Saga>(&log).start::<Saga>(("b".to_owned(), "end".to_owned())).await.unwrap();
        done(&run).await;
        assert!(run.cancel().await.is_err());
        assert_eq!(log.take()[..5], DONE[..5]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_undo_that_fails_is_told_and_is_tried_again_with_retry() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<Saga>(&log);
        let run = app.start::<Saga>(("stuck".to_owned(), "nothing".to_owned())).await.unwrap();
        let failure = failed(&run).await;
        assert_eq!(failure.chain(), ["nothing is left"]);
        assert_eq!(failure.not_undone(), ["step `reserve` could not be undone: it is stuck"]);
        // Twice, by its own rule, and the others are undone all the same.
        assert_eq!(
            log.take()[6..],
            [
                "release more",
                "release child",
                "release stuck fails",
                "release stuck fails",
                "release a",
                "release first"
            ]
        );
        log.note("mended");
        let elsewhere = opened::<Saga>(place, &log, run.id()).await;
        elsewhere.retry().await.unwrap();
        let failure = failed(&elsewhere).await;
        assert!(failure.not_undone().is_empty(), "{failure}");
        assert_eq!(failure.chain(), ["nothing is left"]);
        assert_eq!(log.take(), ["mended", "release stuck"], "only what was left");
        assert!(matches!(elsewhere.retry().await.unwrap_err(), ControlError::Undone { .. }));
    })
    .await;
}

#[test]
fn undoing_goes_on_after_a_crash_and_repeats_nothing_that_was_committed() {
    in_processes(|place| {
        let log = Log::default();
        let id = process(async {
            let run = place.app::<Saga>(&log).start::<Saga>(("slow".to_owned(), "end".to_owned())).await.unwrap();
            settled(&run).await;
            log.take();
            run.cancel().await.unwrap();
            until(|| log.has("release slow hangs")).await;
            assert_eq!(run.status().await.unwrap(), RunStatus::Undoing);
            run.id().to_owned()
        });
        assert_eq!(log.take(), ["release more", "release child", "release slow hangs"]);
        log.note("second life");
        process(async {
            let run = opened::<Saga>(place, &log, &id).await;
            assert!(matches!(run.wait().await, Err(RunError::Cancelled { .. })));
        });
        assert_eq!(log.take(), ["second life", "release slow", "release a", "release first"]);
    });
}

#[tokio::test(start_paused = true)]
async fn a_run_past_its_deadline_is_undone() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<Saga>(&log);
        let run = app.start::<Saga>(("b".to_owned(), "end".to_owned())).deadline(HOUR / 2).await.unwrap();
        // Nobody waits for it.
        settled(&run).await;
        tokio::time::sleep(HOUR).await;
        assert_eq!(settled(&run).await, RunStatus::Failed);
        assert_eq!(failed(&run).await.chain(), ["the run was not done by its deadline"]);
        let ran = log.take();
        assert_eq!((&ran[..5], &ran[5..]), (&DONE.map(String::from)[..5], &UNDONE.map(String::from)[..]));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_being_undone_is_cancelled_no_more() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<Saga>(&log).start::<Saga>(("slow".to_owned(), "nothing".to_owned())).await.unwrap();
        settled(&run).await;
        tokio::time::sleep(HOUR + HOUR / 60).await;
        until(|| log.has("release slow hangs")).await;
        let error = run.cancel().await.unwrap_err();
        assert!(matches!(error, ControlError::Ended { status: RunStatus::Undoing, .. }), "{error}");
        let error = run.retry().await.unwrap_err();
        assert!(matches!(error, ControlError::NotFailed { status: RunStatus::Undoing, .. }), "{error}");
    })
    .await;
}

#[step(undo = lets_go)]
async fn holds(log: &Log) -> Result<u32> {
    log.note("holds");
    Ok(1)
}

#[step]
async fn lets_go(log: &Log, held: u32) -> Result<()> {
    log.note(format!("lets go of {held}"));
    assert!(log.has("mended"), "it slips");
    Ok(())
}

workflow! {
    async fn slips(log: &Log) -> Result<u32> {
        let held = holds(log).await?;
        sleep(HOUR).await;
        if held == 1 { Err("one is not enough".to_owned()) } else { Ok(held) }
    }
}

#[tokio::test(start_paused = true)]
async fn an_undo_that_panics_is_tried_again_and_told() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<Slips>(&log).start::<Slips>(()).await.unwrap();
        let failure = failed(&run).await;
        assert_eq!(failure.not_undone(), ["step `holds` could not be undone: the code panicked: it slips"]);
        assert_eq!(log.take().len(), 5, "four times");
        log.note("mended");
        run.retry().await.unwrap();
        assert!(failed(&run).await.not_undone().is_empty());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_run_that_could_not_be_undone_has_failed_until_it_can() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<Slips>(&log).start::<Slips>(()).await.unwrap();
        settled(&run).await;
        run.cancel().await.unwrap();
        let failure = failed(&run).await;
        assert_eq!(failure.chain(), ["the run was cancelled"]);
        assert_eq!(failure.not_undone().len(), 1);
        log.note("mended");
        run.retry().await.unwrap();
        assert!(matches!(run.wait().await, Err(RunError::Cancelled { .. })));
    })
    .await;
}
