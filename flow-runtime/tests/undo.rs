//! Steps are undone wherever they ran: the last one first, each once.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use flow_runtime::{Memory, RunError, attempt, prelude::*};

type Result<T> = std::result::Result<T, String>;

/// What has happened, in its order.
#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Log {
    fn note(&self, text: String) {
        self.0.lock().unwrap().push(text);
    }

    /// What was taken has been given back, the last first; in between nothing else has happened.
    fn check(&self, count: usize) {
        let log = std::mem::take(&mut *self.0.lock().unwrap());
        let (taken, given) = log.split_at(log.len() / 2);
        assert_eq!(taken.len(), count, "{log:?}");
        let given: Vec<String> = given.iter().rev().map(|text| text.replace("give", "take")).collect();
        assert_eq!(given, taken);
    }
}

#[step(undo = give)]
async fn take(log: &Log, number: u64) -> Result<u64> {
    log.note(format!("take {number}"));
    Ok(number)
}

#[step]
async fn give(log: &Log, number: u64, taken: u64) -> Result<()> {
    assert_eq!(number, taken);
    log.note(format!("give {number}"));
    Ok(())
}

#[step]
async fn fail(number: u64) -> Result<u64> {
    Err(format!("{number} is too many"))
}

#[step(retries = 2, backoff = "1s")]
async fn flaky(number: u64) -> Result<u64> {
    if attempt() == 1 { Err("not yet".to_owned()) } else { Ok(number) }
}

async fn failed<W: Workflow<Deps = Log, Input = u64>>(log: &Arc<Log>, number: u64) -> String {
    let app = App::builder().register::<W>(log.clone()).build().unwrap();
    let run = app.start::<W>(number).await.unwrap();
    match tokio::time::timeout(Duration::from_secs(3600), run.wait()).await.unwrap() {
        Err(RunError::Failed(failure)) => failure.to_string(),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it does not fail"),
    }
}

workflow! {
    async fn items(log: &Log, count: u64) -> Result<u64> {
        let all = parallel!(
            for number in 0..count {
                let first = take(log, number).await?;
                let second = take(log, first + 100).await?;
                Ok(second)
            },
            limit = 2
        )?;
        fail(all.len() as u64).await
    }
}

/// Those that are not undone at the moment keep no place from the one that is.
#[tokio::test]
async fn items_of_a_fan_out_with_a_limit_are_undone() {
    let log = Arc::<Log>::default();
    failed::<Items>(&log, 10).await;
    log.check(20);
}

workflow! {
    async fn settled(log: &Log, count: u64) -> Result<u64> {
        let all = settle!(
            for number in 0..count {
                let number = take(log, number).await?;
                if number % 3 == 1 { fail(number).await } else { Ok(number) }
            },
            limit = 3
        );
        fail(all.len() as u64).await
    }
}

/// A branch that has failed and was settled is no place where the run has failed.
#[tokio::test]
async fn items_that_have_failed_are_undone() {
    let log = Arc::<Log>::default();
    let text = failed::<Settled>(&log, 8).await;
    assert_eq!(text, "the run failed after `settle done`: 8 is too many");
    log.check(8);
}

workflow! {
    async fn handled(log: &Log, number: u64) -> Result<u64> {
        let first = parallel!(take(log, number), async {
            let number = take(log, number + 1).await?;
            fail(number).await
        });
        let second = items(log, 2).await;
        let first = first.map_or(0, |(left, right)| left + right);
        let last = take(log, first + second.unwrap_or(50)).await?;
        fail(last).await
    }
}

/// Neither is a branch or a workflow whose error was handled.
#[tokio::test]
async fn a_run_fails_where_nobody_handles_the_error() {
    let log = Arc::<Log>::default();
    let text = failed::<Handled>(&log, 8).await;
    assert_eq!(text, "the run failed after `take done`: 50 is too many");
}

workflow! {
    async fn pair(log: &Log, number: u64) -> Result<u64> {
        let first = take(log, number).await?;
        let mut last = flaky(first).await?;
        for more in 1..3 {
            last = take(log, last + more * 1000).await?;
        }
        Ok(last)
    }
}

workflow! {
    async fn deep(log: &Log, count: u64) -> Result<u64> {
        let outer = take(log, 77).await?;
        let all = parallel!(
            for number in 0..count {
                let inner = parallel!(
                    for other in 0..3_u64 {
                        let pair = pair(log, number * 10 + other).await?;
                        take(log, pair * 10).await
                    },
                    limit = 1
                )?;
                let (left, right) = parallel!(take(log, number + 200), async {
                    #[max(5)]
                    loop {
                        let taken = take(log, number + 300).await?;
                        if taken > 0 {
                            break;
                        }
                    }
                    pair(log, number + 400).await
                })?;
                let first = race!(take(log, number + 500), async {
                    sleep(Duration::from_secs(1_000_000)).await;
                    take(log, number + 600).await
                })?;
                Ok(inner.len() as u64 + left + right + first)
            },
            limit = 2
        )?;
        take(log, outer + all.len() as u64).await?;
        fail(outer).await
    }
}

/// In children, in fan-outs in fan-outs, in branches, loops and races.
#[tokio::test(start_paused = true)]
async fn steps_are_undone_wherever_they_ran() {
    let log = Arc::<Log>::default();
    failed::<Deep>(&log, 4).await;
    // Of each item: three pairs and one more each, both branches, and the winner of the race.
    log.check(2 + 4 * (3 * 4 + 1 + 1 + 3 + 1));
}

static SHORT: AtomicBool = AtomicBool::new(false);

workflow! {
    async fn changing(log: &Log, count: u64) -> Result<u64> {
        let count = if SHORT.load(Ordering::SeqCst) { 0 } else { count };
        let all = parallel!(for number in 0..count { take(log, number).await })?;
        sleep(Duration::from_secs(100)).await;
        Ok(all.len() as u64)
    }
}

/// The list of a fan-out is saved, so glue that decides otherwise later does not matter.
#[tokio::test(start_paused = true)]
async fn a_cancelled_run_is_undone_by_another_app() {
    let log = Arc::<Log>::default();
    let store = Memory::new();
    let app = App::builder().store(store.clone()).register::<Changing>(log.clone()).build().unwrap();
    let run = app.start::<Changing>(3).await.unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    SHORT.store(true, Ordering::SeqCst);
    let app = App::builder().store(store.reopen()).register::<Changing>(log.clone()).build().unwrap();
    let run = app.run::<Changing>(run.id()).await.unwrap();
    run.cancel().await.unwrap();
    assert!(matches!(run.wait().await, Err(RunError::Cancelled { .. })));
    log.check(3);
}

static ELSEWHERE: AtomicBool = AtomicBool::new(false);

workflow! {
    async fn wandering(log: &Log, number: u64) -> Result<u64> {
        // Code that decides otherwise the second time, as if it had looked at a clock.
        if ELSEWHERE.load(Ordering::SeqCst) {
            sleep(Duration::from_secs(5)).await;
            return Ok(0);
        }
        let taken = take(log, number).await?;
        ELSEWHERE.store(true, Ordering::SeqCst);
        fail(taken).await
    }
}

/// It is said so, and the run ends all the same.
#[tokio::test(start_paused = true)]
async fn a_step_the_code_does_not_get_to_again_cannot_be_undone() {
    let log = Arc::<Log>::default();
    let text = failed::<Wandering>(&log, 3).await;
    assert!(text.ends_with("step `take` could not be undone: the workflow gets to `sleep` instead"), "{text}");
}

#[step(undo = give_late)]
async fn take_gladly(log: &Log, number: u64) -> Result<u64> {
    log.note(format!("take {number}"));
    Ok(number)
}

/// Not at once.
#[step(retries = 3, backoff = "1s")]
async fn give_late(log: &Log, _number: u64, taken: u64) -> Result<()> {
    log.note(format!("give {taken}, attempt {}", attempt()));
    if attempt() < 3 { Err("the counter is closed".to_owned()) } else { Ok(()) }
}

workflow! {
    async fn give_back_late(log: &Log, number: u64) -> Result<u64> {
        let taken = take_gladly(log, number).await?;
        fail(taken).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_leaves_does_not_wait_until_undoing_is_tried_again() {
    let log = Arc::<Log>::default();
    let app = App::builder().register::<GiveBackLate>(log.clone()).build().unwrap();
    let _run = app.start::<GiveBackLate>(7).await.unwrap();
    while !log.0.lock().unwrap().iter().any(|text| text == "give 7, attempt 1") {
        tokio::task::yield_now().await;
    }
    let began = tokio::time::Instant::now();
    assert_eq!(app.shutdown().await.runs, 1);
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn what_undoes_a_step_is_tried_again_by_its_own_rules() {
    let log = Arc::<Log>::default();
    failed::<GiveBackLate>(&log, 7).await;
    let expected = ["take 7", "give 7, attempt 1", "give 7, attempt 2", "give 7, attempt 3"];
    assert_eq!(*log.0.lock().unwrap(), expected);
}
