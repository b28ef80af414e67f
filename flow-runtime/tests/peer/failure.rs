//! What happens when steps fail: retries, timeouts, `on_error`, panics, `run.retry()`.

use std::time::Duration;

use flow_runtime::{ControlError, Recovery, TimedOut, attempt, idempotency_key, prelude::*, store::RunStatus};
use serde_json::json;

use super::common::{
    HOUR, Log, Result, asked, done, everywhere, failed, in_processes, open, opened, process, started, until,
};

const MINUTE: Duration = Duration::from_secs(60);

/// Fails until this attempt.
#[step(retries = 3, backoff = "1m..2m")]
async fn flaky(log: &Log, until: u32) -> Result<u32> {
    log.note(format!("attempt {}", attempt()));
    if attempt() < until { Err(format!("attempt {} failed", attempt())) } else { Ok(attempt()) }
}

#[step]
async fn work(log: &Log, what: &str) -> Result<String> {
    log.note(what);
    if what == "broken" && !log.has("mended") { Err("out of order".to_owned()) } else { Ok(format!("<{what}>")) }
}

workflow! {
    async fn tries(log: &Log, until: u32) -> Result<String> {
        let before = work(log, "before").await?;
        let attempts = flaky(log, until).await?;
        Ok(format!("{before}{attempts}"))
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_is_tried_again_after_waits_that_double() {
    everywhere(async |place| {
        let log = Log::default();
        let began = tokio::time::Instant::now();
        let run = place.app::<Tries>(&log).start::<Tries>(4).await.unwrap();
        assert_eq!(done(&run).await, "<before>4");
        assert_eq!(log.take(), ["before", "attempt 1", "attempt 2", "attempt 3", "attempt 4"]);
        // 1, 2, and 2 minutes, because there is no longer wait; each less up to a half of it.
        let took = began.elapsed();
        assert!(took >= MINUTE * 5 / 2 && took <= MINUTE * 5 + MINUTE / 10, "{took:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_step_whose_attempts_all_fail_fails_the_run_with_the_last_error() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<Tries>(&log).start::<Tries>(9).await.unwrap();
        let failure = failed(&run).await;
        assert_eq!((failure.chain(), failure.after()), (&["attempt 4 failed".to_owned()][..], Some("work done")));
        assert_eq!(log.take().len(), 5);
    })
    .await;
}

#[test]
fn a_restart_in_the_middle_of_a_backoff_does_not_reset_it() {
    in_processes(|place| {
        let log = Log::default();
        let (id, next) = process(async {
            let run = place.app::<Tries>(&log).start::<Tries>(3).await.unwrap();
            let store = place.store();
            let next = loop {
                let frame = store.frame(run.id(), "").await.unwrap();
                if let Some(next) = frame.and_then(|frame| frame.wake) {
                    break next;
                }
                tokio::task::yield_now().await;
            };
            (run.id().to_owned(), next)
        });
        assert_eq!(log.take(), ["before", "attempt 1"]);
        process(async {
            let run = opened::<Tries>(place, &log, &id).await;
            // It is taken up, looks, and waits on: nothing has run and the time is the same.
            let waiting = tokio::spawn({
                let run = run.clone();
                async move { done(&run).await }
            });
            for _ in 0..1000 {
                tokio::task::yield_now().await;
            }
            assert!(log.take().is_empty());
            let frame = place.store().frame(&id, "").await.unwrap().unwrap();
            assert_eq!(frame.wake, Some(next));
            assert_eq!(waiting.await.unwrap(), "<before>3");
        });
        assert_eq!(log.take(), ["attempt 2", "attempt 3"], "attempts are counted over restarts");
    });
}

fn is_passing(error: &Failing) -> bool {
    matches!(error, Failing::Passing(_) | Failing::Late(_))
}

#[derive(Debug, thiserror::Error)]
enum Failing {
    #[error("it will pass")]
    Passing(#[source] std::io::Error),
    #[error("it is for good")]
    ForGood,
    #[error(transparent)]
    Late(#[from] TimedOut),
}

#[step(retries = 2, backoff = "1s", timeout = "1m", retry_if = is_passing)]
async fn call(log: &Log, how: &str) -> Result<u32, Failing> {
    log.note(format!("{how} {}", attempt()));
    match how {
        "passing" => Err(Failing::Passing(std::io::Error::other("the line is busy"))),
        "for good" => Err(Failing::ForGood),
        "slow" if attempt() == 1 => {
            tokio::time::sleep(HOUR).await;
            Ok(0)
        }
        _ => Ok(attempt()),
    }
}

workflow! {
    async fn calls(log: &Log, how: String) -> Result<u32, Failing> {
        call(log, &how).await
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_that_is_not_worth_it_is_not_tried_again() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<Calls>(&log);
        let failure = failed(&app.start::<Calls>("for good".to_owned()).await.unwrap()).await;
        assert_eq!(failure.chain(), ["it is for good"]);
        assert!(matches!(failure.error::<Failing>(), Some(Failing::ForGood)));
        assert_eq!(log.take(), ["for good 1"]);
        let failure = failed(&app.start::<Calls>("passing".to_owned()).await.unwrap()).await;
        assert_eq!(failure.chain(), ["it will pass", "the line is busy"]);
        assert_eq!(log.take(), ["passing 1", "passing 2", "passing 3"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_takes_too_long_is_dropped_and_made_again() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<Calls>(&log).start::<Calls>("slow".to_owned()).await.unwrap();
        assert_eq!(done(&run).await, 2);
        assert_eq!(log.take(), ["slow 1", "slow 2"]);
    })
    .await;
}

#[step]
async fn bare(log: &Log, what: &str) -> Result<u32> {
    log.note(format!("{what} {}", attempt()));
    if what == "slow" {
        tokio::time::sleep(HOUR).await;
    }
    if attempt() < 3 { Err("not yet".to_owned()) } else { Ok(attempt()) }
}

workflow! {
    async fn ruled_at_the_call(log: &Log) -> Result<String> {
        #[retry(4, backoff = "1s")]
        let three = bare(log, "bare").await?;
        #[timeout("30s")]
        let slow = bare(log, "slow").await;
        let plain = bare(log, "plain").await;
        // The step has three retries of its own.
        #[retry(1)]
        let twice = flaky(log, 9).await;
        Ok(format!("{three} {slow:?} {plain:?} {twice:?}"))
    }
}

#[tokio::test(start_paused = true)]
async fn rules_can_stand_at_the_call() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<RuledAtTheCall>(&log).start::<RuledAtTheCall>(()).await.unwrap();
        assert_eq!(
            done(&run).await,
            r#"3 Err("step `bare` did not finish within 30s") Err("not yet") Err("attempt 2 failed")"#
        );
        assert_eq!(log.take(), ["bare 1", "bare 2", "bare 3", "slow 1", "plain 1", "attempt 1", "attempt 2"]);
    })
    .await;
}

workflow! {
    async fn skips(log: &Log) -> Result<String> {
        let found = work(log, "broken").await.unwrap_or_else(|error| format!("without: {error}"));
        let more = match work(log, "broken").await {
            Ok(more) => more,
            Err(_) => work(log, "instead").await?,
        };
        Ok(found + &more)
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_that_fails_is_skipped_or_replaced_where_the_code_says_so() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<Skips>(&log).start::<Skips>(()).await.unwrap();
        assert_eq!(done(&run).await, "without: out of order<instead>");
        assert_eq!(log.take(), ["broken", "broken", "instead"]);
    })
    .await;
}

workflow! {
    async fn asks_on_error(log: &Log, n: u32) -> Result<String> {
        let before = work(log, "before").await?;
        #[on_error(pause)]
        let text = work(log, "broken").await?;
        let (after, more) = parallel!(
            work(log, "after"),
            async {
                #[on_error(pause)]
                let more = work(log, "broken").await?;
                Ok(more)
            },
        )?;
        Ok(format!("{before}{text}{after}{more}{n}"))
    }
}

#[tokio::test(start_paused = true)]
async fn somebody_is_asked_what_to_do_about_a_failure() {
    everywhere(async |place| {
        let log = Log::default();
        let id = started::<AsksOnError>(place, &log, 1).await;
        assert_eq!(log.take(), ["before", "broken"]);
        let run = opened::<AsksOnError>(place, &log, &id).await;
        let pause = asked(&run).await;
        assert_eq!((pause.id(), pause.name()), ("recover-work-1", "recover-work"));
        assert!(pause.question().starts_with("Step `work` failed: out of order."), "{}", pause.question());
        assert_eq!(*pause.prompt(), json!({"step": "work", "attempts": 1, "errors": ["out of order"]}));
        // Typed by what the step returns.
        let wrong = run.answer_json("recover-work", json!({"Use": 7})).await.unwrap_err();
        let why = std::error::Error::source(&wrong).unwrap().to_string();
        assert!(why.starts_with("at `Use`: invalid type: integer `7`, expected a string"), "{why}");
        // Again, and it is still broken.
        run.answer_json(pause.id(), json!("Retry")).await.unwrap();
        assert_eq!(asked(&run).await.id(), "recover-work-2");
        assert_eq!(log.take(), ["broken"]);
        let run = opened::<AsksOnError>(place, &log, &id).await;
        let value = serde_json::to_value(Recovery::Use("mine".to_owned())).unwrap();
        run.answer_json("recover-work-2", value).await.unwrap();
        // The branch asks, too; it works again after the repair.
        let pause = asked(&run).await;
        assert_eq!((pause.id(), pause.path()), ("recover-work-3", "parallel.1"));
        log.note("mended");
        let run = opened::<AsksOnError>(place, &log, &id).await;
        run.answer_json("recover-work-3", json!("Retry")).await.unwrap();
        assert_eq!(done(&run).await, "<before>mine<after><broken>1");
        assert_eq!(log.take(), ["after", "broken", "mended", "broken"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn somebody_can_decide_that_a_failure_is_one() {
    everywhere(async |place| {
        let log = Log::default();
        let id = started::<AsksOnError>(place, &log, 1).await;
        let run = opened::<AsksOnError>(place, &log, &id).await;
        run.answer_json("recover-work", json!("Fail")).await.unwrap();
        assert_eq!(failed(&run).await.chain(), ["out of order"]);
        assert_eq!(log.take(), ["before", "broken"]);
    })
    .await;
}

workflow! {
    async fn fails_late(log: &Log) -> Result<String> {
        let first = work(log, "first").await?;
        let length = {
            log.note("glue");
            first.len()
        };
        let second = work(log, "broken").await?;
        Ok(format!("{length} {second}"))
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_run_is_tried_again_from_its_last_checkpoint() {
    everywhere(async |place| {
        let log = Log::default();
        let id = {
            let run = place.app::<FailsLate>(&log).start::<FailsLate>(()).await.unwrap();
            assert_eq!(failed(&run).await.to_string(), "the run failed after `work done`: out of order");
            run.id().to_owned()
        };
        assert_eq!(log.take(), ["first", "glue", "broken"]);
        let run = opened::<FailsLate>(place, &log, &id).await;
        assert_eq!(run.status().await.unwrap(), RunStatus::Failed);
        run.retry().await.unwrap();
        failed(&run).await;
        assert_eq!(log.take(), ["glue", "broken"], "glue since the last checkpoint runs again, steps do not");
        log.note("mended");
        run.retry().await.unwrap();
        assert_eq!(done(&run).await, "7 <broken>");
        let error = run.retry().await.unwrap_err();
        assert!(matches!(error, ControlError::NotFailed { status: RunStatus::Completed, .. }), "{error}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_attempts_were_used_up_gets_new_ones_with_retry() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<Tries>(&log).start::<Tries>(9).await.unwrap();
        failed(&run).await;
        log.take();
        run.retry().await.unwrap();
        failed(&run).await;
        assert_eq!(log.take(), ["attempt 1", "attempt 2", "attempt 3", "attempt 4"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn only_failed_runs_are_tried_again() {
    everywhere(async |place| {
        let log = Log::default();
        let id = started::<AsksOnError>(place, &log, 1).await;
        let run = opened::<AsksOnError>(place, &log, &id).await;
        let error = run.retry().await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("run `{id}` cannot be tried again: it is paused, and only a failed run can")
        );
        run.cancel().await.unwrap();
        let error = run.retry().await.unwrap_err();
        assert!(matches!(error, ControlError::NotFailed { status: RunStatus::Cancelled, .. }), "{error}");
    })
    .await;
}

#[step]
async fn divides(log: &Log, n: u32, by: u32) -> Result<u32> {
    log.note(format!("{n} / {by}"));
    assert!(by != 0, "nothing is divided by nothing");
    Ok(n / by)
}

workflow! {
    async fn panics(log: &Log, by: u32) -> Result<u32> {
        let half = divides(log, 100, 2).await?;
        let (part, _) = parallel!(divides(log, half, by), async {
            sleep(HOUR).await;
            Ok(())
        })?;
        // Glue panics, too.
        assert!(part != 5, "five is right out");
        divides(log, part, 1).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_step_or_in_glue_fails_that_run_and_no_other() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<Panics>(&log);
        let other = app.start::<Panics>(5).await.unwrap();
        let in_step = app.start::<Panics>(0).await.unwrap();
        let in_glue = app.start::<Panics>(10).await.unwrap();
        assert_eq!(failed(&in_step).await.chain(), ["the code panicked: nothing is divided by nothing"]);
        assert_eq!(failed(&in_glue).await.chain(), ["the code panicked: five is right out"]);
        assert_eq!(done(&other).await, 10);
        // What was paid for is kept, so the run can be tried again.
        log.take();
        in_glue.retry().await.unwrap();
        assert_eq!(failed(&in_glue).await.chain(), ["the code panicked: five is right out"]);
        assert!(log.take().is_empty());
    })
    .await;
}

#[step(retries = 5, backoff = "1s")]
async fn keyed(log: &Log, what: &str) -> Result<String> {
    let key = idempotency_key().unwrap();
    log.note(format!("{what} {} {key}", attempt()));
    if what == "hangs" && attempt() == 2 && !log.has("second life") {
        std::future::pending::<()>().await;
    }
    if attempt() < 3 { Err("again".to_owned()) } else { Ok(key) }
}

workflow! {
    async fn keys(log: &Log) -> Result<Vec<String>> {
        let mut keys = Vec::new();
        for _ in 0..2 {
            let key = keyed(log, "hangs").await?;
            keys.push(key);
        }
        let more = parallel!(for what in ["a".to_owned(), "b".to_owned()] { keyed(log, &what).await })?;
        keys.extend(more);
        Ok(keys)
    }
}

#[test]
fn the_idempotency_key_is_the_same_for_all_attempts_also_after_a_restart() {
    in_processes(|place| {
        let log = Log::default();
        let id = process(async {
            let run = place.app::<Keys>(&log).start::<Keys>(()).await.unwrap();
            // The clock goes on, because a backoff lies between the two.
            while log.len() < 2 {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            run.id().to_owned()
        });
        let first = log.take();
        log.note("second life");
        let keys = process(async { done(&opened::<Keys>(place, &log, &id).await).await });
        let mut ran = first;
        ran.extend(log.take().into_iter().skip(1));
        let expected = |what: &str, attempt: u32, key: &str| format!("{what} {attempt} {key}");
        assert_eq!(
            ran[..7],
            [
                expected("hangs", 1, &keys[0]),
                expected("hangs", 2, &keys[0]),
                // Interrupted, and made again.
                expected("hangs", 2, &keys[0]),
                expected("hangs", 3, &keys[0]),
                expected("hangs", 1, &keys[1]),
                expected("hangs", 2, &keys[1]),
                expected("hangs", 3, &keys[1]),
            ]
        );
        assert_eq!(ran.len(), 7 + 6);
        let mut different = keys.clone();
        different.sort();
        different.dedup();
        assert_eq!(different.len(), 4, "{keys:?}");
    });
}

#[tokio::test(start_paused = true)]
async fn outside_of_a_run_it_is_the_first_attempt_and_there_is_no_key() {
    assert_eq!((attempt(), idempotency_key()), (1, None));
    let log = Log::default();
    assert_eq!(flaky(&log, 1).await.unwrap(), 1);
}

workflow! {
    async fn waits_beside_a_backoff(log: &Log) -> Result<u32> {
        let (a, b) = parallel!(flaky(log, 3), async {
            let more = work(log, "beside").await?;
            Ok(more.len() as u32)
        })?;
        Ok(a + b)
    }
}

#[tokio::test(start_paused = true)]
async fn a_branch_that_is_tried_again_does_not_repeat_its_neighbours() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<WaitsBesideABackoff>(&log).start::<WaitsBesideABackoff>(()).await.unwrap();
        // Nobody waits; the timer brings it on.
        tokio::time::sleep(HOUR * 4).await;
        until(|| log.has("attempt 3")).await;
        assert_eq!(done(&run).await, 3 + 8);
        assert_eq!(log.take(), ["attempt 1", "beside", "attempt 2", "attempt 3"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_run_deadline_counts_while_somebody_is_asked() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<AsksOnError>(&log);
        let run = app.start::<AsksOnError>(1).deadline(HOUR * 2).await.unwrap();
        open(&run).await;
        tokio::time::sleep(HOUR * 3).await;
        assert_eq!(super::common::settled(&run).await, RunStatus::Failed);
        assert_eq!(failed(&run).await.chain(), ["the run was not done by its deadline"]);
        // A retry is not held against the old deadline.
        log.note("mended");
        run.retry().await.unwrap();
        assert_eq!(done(&run).await, "<before><broken><after><broken>1");
    })
    .await;
}

/// Is it so?
#[pause]
fn check(what: &str) -> bool;

workflow! {
    async fn fails_beside_others(log: &Log) -> Result<String> {
        let (a, b, c) = parallel!(
            async {
                sleep(HOUR).await;
                work(log, "broken").await
            },
            async {
                let first = work(log, "first").await?;
                sleep(HOUR * 2).await;
                let second = work(log, "second").await?;
                Ok(first + &second)
            },
            async {
                let before = work(log, "asks").await?;
                let yes = pause(check(&before)).await;
                Ok(yes)
            },
        )?;
        Ok(format!("{a}{b}{c}"))
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_takes_up_the_branches_that_were_dropped_where_they_stood() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<FailsBesideOthers>(&log).start::<FailsBesideOthers>(()).await.unwrap();
        assert_eq!(open(&run).await.len(), 1);
        tokio::time::sleep(HOUR * 3 / 2).await;
        assert_eq!(failed(&run).await.path(), "parallel.0");
        let error = run.answer_json("check-1", json!(true)).await.unwrap_err();
        assert!(error.to_string().contains("no longer waits at pause `check-1`: it is failed"), "{error}");
        assert_eq!(log.take(), ["first", "asks", "broken"]);
        log.note("mended");
        let run = opened::<FailsBesideOthers>(place, &log, run.id()).await;
        run.retry().await.unwrap();
        // The question is the same, and open again.
        assert_eq!(asked(&run).await.id(), "check-1");
        run.answer_json("check-1", json!(true)).await.unwrap();
        assert_eq!(done(&run).await, "<broken><first><second>true");
        assert_eq!(log.take(), ["mended", "broken", "second"]);
    })
    .await;
}

#[step]
async fn sorts(log: &Log, n: u32) -> Result<u32> {
    log.note(format!("item {n}"));
    if n % 2 == 1 { Err(format!("{n} is odd")) } else { Ok(n) }
}

workflow! {
    async fn asks_for_items(log: &Log) -> Result<Vec<u32>> {
        parallel!(for n in [1, 2, 3, 4, 5] {
            #[on_error(pause)]
            let sorted = sorts(log, n).await?;
            Ok(sorted * 10)
        }, limit = 2)
    }
}

#[tokio::test(start_paused = true)]
async fn items_that_fail_ask_each_for_itself() {
    everywhere(async |place| {
        let log = Log::default();
        let id = started::<AsksForItems>(place, &log, ()).await;
        // Items 1 and 3 wait, and hold both places.
        let run = opened::<AsksForItems>(place, &log, &id).await;
        let pauses = open(&run).await;
        assert_eq!(pauses.iter().map(|pause| pause.path()).collect::<Vec<_>>(), ["parallel.0", "parallel.2"]);
        assert_eq!(pauses[1].prompt()["errors"], json!(["3 is odd"]));
        assert_eq!(log.take(), ["item 1", "item 2", "item 3"]);
        run.answer_json(pauses[1].id(), json!({"Use": 30})).await.unwrap();
        let run = opened::<AsksForItems>(place, &log, &id).await;
        let pauses = open(&run).await;
        assert_eq!(pauses.iter().map(|pause| pause.path()).collect::<Vec<_>>(), ["parallel.0", "parallel.4"]);
        for pause in pauses {
            run.answer_json(pause.id(), json!({"Use": 7})).await.unwrap();
        }
        assert_eq!(done(&run).await, [70, 20, 300, 40, 70]);
        assert_eq!(log.take(), ["item 4", "item 5"]);
    })
    .await;
}
