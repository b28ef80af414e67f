//! Timers fire by themselves: sleeps and deadlines, over restarts, with nobody waiting.

use std::time::{Duration, SystemTime};

use flow_runtime::{prelude::*, store::RunStatus};

use super::common::{HOUR, Log, Result, done, everywhere, in_processes, open, opened, process, settled, until};

#[step]
async fn work(log: &Log, what: &str) -> Result<String> {
    log.note(what);
    Ok(format!("<{what}>"))
}

#[pause]
fn check(what: &str) -> bool;

workflow! {
    async fn naps(log: &Log, length: Duration) -> Result<String> {
        let before = work(log, "before").await?;
        sleep(length).await;
        let after = work(log, "after").await?;
        Ok(before + &after)
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_sleeps_outside_of_memory_and_wakes_by_itself() {
    everywhere(async |place| {
        let log = Log::default();
        let run = place.app::<Naps>(&log).start::<Naps>(HOUR * 30).await.unwrap();
        assert_eq!(settled(&run).await, RunStatus::Paused, "nobody drives it");
        assert!(run.pauses().await.unwrap().is_empty());
        assert_eq!(log.take(), ["before"]);
        tokio::time::sleep(HOUR * 29).await;
        assert!(log.take().is_empty());
        tokio::time::sleep(HOUR * 2).await;
        assert_eq!(settled(&run).await, RunStatus::Completed);
        assert_eq!(log.take(), ["after"]);
    })
    .await;
}

/// A run that sleeps, and whose process has ended.
fn asleep(place: &super::common::Place, log: &Log, length: Duration) -> (String, i64) {
    let asleep = process(async {
        let run = place.app::<Naps>(log).start::<Naps>(length).await.unwrap();
        let store = place.store();
        loop {
            if let Some(wake) = store.frame(run.id(), "").await.unwrap().and_then(|frame| frame.wake) {
                return (run.id().to_owned(), wake);
            }
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(log.take(), ["before"]);
    asleep
}

#[test]
fn a_timer_that_fell_due_while_nothing_ran_fires_when_an_app_is_built() {
    in_processes(|place| {
        let log = Log::default();
        let (id, _) = asleep(place, &log, Duration::from_millis(50));
        // Nothing runs, and time passes.
        std::thread::sleep(Duration::from_millis(60));
        process(async {
            let _app = place.app::<Naps>(&log);
            // Nobody opens the run or waits for it, and tokio's clock stands still.
            until(|| log.has("after")).await;
        });
        process(async {
            let run = opened::<Naps>(place, &log, &id).await;
            assert_eq!(done(&run).await, "<before><after>");
        });
        assert_eq!(log.take(), ["after"]);
    });
}

#[test]
fn a_restart_does_not_reset_a_timer() {
    in_processes(|place| {
        let log = Log::default();
        let (id, wake) = asleep(place, &log, HOUR);
        process(async {
            let run = opened::<Naps>(place, &log, &id).await;
            let waiting = tokio::spawn({
                let run = run.clone();
                async move { done(&run).await }
            });
            for _ in 0..1000 {
                tokio::task::yield_now().await;
            }
            assert_eq!(place.store().frame(&id, "").await.unwrap().unwrap().wake, Some(wake));
            assert!(log.take().is_empty());
            assert_eq!(waiting.await.unwrap(), "<before><after>");
        });
    });
}

workflow! {
    async fn until_then(log: &Log, millis: u64) -> Result<String> {
        sleep_until(SystemTime::UNIX_EPOCH + Duration::from_millis(millis)).await;
        work(log, "then").await
    }
}

#[tokio::test(start_paused = true)]
async fn a_time_that_has_passed_is_over_at_once() {
    everywhere(async |place| {
        let log = Log::default();
        let began = tokio::time::Instant::now();
        let run = place.app::<UntilThen>(&log).start::<UntilThen>(1_000).await.unwrap();
        assert_eq!(done(&run).await, "<then>");
        assert_eq!(began.elapsed(), Duration::ZERO);
    })
    .await;
}

workflow! {
    async fn many_timers(log: &Log) -> Result<Vec<String>> {
        let hours = vec![5_u32, 1, 3];
        parallel!(for hours in hours {
            sleep(HOUR * hours).await;
            let what = format!("after {hours}");
            let text = match pause(check(&what)).timeout(HOUR).await {
                Ok(_) => work(log, "answered").await?,
                Err(_) => work(log, &what).await?,
            };
            Ok(text)
        })
    }
}

#[tokio::test(start_paused = true)]
async fn timers_of_items_fire_each_at_its_time() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<ManyTimers>(&log);
        let run = app.start::<ManyTimers>(()).await.unwrap();
        tokio::time::sleep(HOUR * 9 / 2).await;
        // The one of 1 h has given up at 2 h, that of 3 h at 4 h; the last one sleeps.
        settled(&run).await;
        assert_eq!(log.take(), ["after 1", "after 3"]);
        assert_eq!(open(&run).await[0].path(), "parallel.0", "waiting brings it to its question at 5 h");
        run.answer::<Check>(true).await.unwrap();
        assert_eq!(done(&run).await, ["<answered>", "<after 1>", "<after 3>"]);
        assert_eq!(log.take(), ["answered"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn hundreds_of_sleeping_runs_all_wake() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<Naps>(&log);
        for n in 0..300 {
            app.start::<Naps>(HOUR * 24 + Duration::from_secs(n % 7)).await.unwrap();
        }
        // Far off: while a file is written nobody has anything to do, and tokio's time goes on.
        tokio::time::sleep(HOUR * 12).await;
        assert_eq!(log.take().len(), 300);
        tokio::time::sleep(HOUR * 24).await;
        until(|| log.len() == 300).await;
    })
    .await;
}

#[step(retries = 1, backoff = "50ms")]
async fn flaky(log: &Log) -> Result<String> {
    log.note(format!("attempt {}", flow_runtime::attempt()));
    if flow_runtime::attempt() == 1 { Err("not yet".to_owned()) } else { Ok("second".to_owned()) }
}

workflow! {
    async fn due(log: &Log, kind: String) -> Result<String> {
        let text = match kind.as_str() {
            "pause" => match pause(check("in time")).timeout(Duration::from_millis(50)).await {
                Ok(_) => "answered".to_owned(),
                Err(_) => "too late".to_owned(),
            },
            "child" => naps(log, Duration::from_millis(50)).await?,
            "item" => {
                let all = parallel!(for what in ["item".to_owned()] {
                    sleep(Duration::from_millis(50)).await;
                    Ok(what)
                })?;
                all.concat()
            }
            _ => flaky(log).await?,
        };
        work(log, "end").await?;
        Ok(text)
    }
}

#[test]
fn all_kinds_of_timers_that_fell_due_while_nothing_ran_fire() {
    in_processes(|place| {
        for (kind, output) in
            [("pause", "too late"), ("child", "<before><after>"), ("item", "item"), ("backoff", "second")]
        {
            let log = Log::default();
            let id = process(async {
                let run = place.app::<Due>(&log).start::<Due>(kind.to_owned()).await.unwrap();
                let store = place.store();
                while store.frames(run.id()).await.unwrap().iter().all(|frame| frame.wake.is_none()) {
                    tokio::task::yield_now().await;
                }
                run.id().to_owned()
            });
            assert!(!log.has("end"));
            std::thread::sleep(Duration::from_millis(60));
            process(async {
                let _app = place.app::<Due>(&log);
                until(|| log.has("end")).await;
            });
            process(async { assert_eq!(done(&opened::<Due>(place, &log, &id).await).await, output) });
        }
    });
}
