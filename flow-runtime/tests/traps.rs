//! Where one thing follows another without a checkpoint between them, or two things happen at once.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use flow_runtime::{
    Memory, Run, RunError, Workflow, attempt,
    prelude::*,
    store::{RunStatus, Store, StoreFuture},
    testing::{Hook, Hooked, Operation},
};
use serde_json::json;
use tokio::sync::{Notify, Semaphore};

type Result<T> = std::result::Result<T, String>;

const HOUR: Duration = Duration::from_secs(3600);

/// What has happened, in order.
#[derive(Debug, Default)]
struct Log(Mutex<Vec<String>>);

impl Log {
    fn say(&self, text: impl Into<String>) {
        self.0.lock().unwrap().push(text.into());
    }

    fn told(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

#[pause]
fn approve(n: u64) -> String;

#[pause]
fn sign(n: u64) -> bool;

#[step(retries = 2, backoff = "1s")]
async fn publish(log: &Log, by: &str) -> Result<String> {
    log.say(format!("publish {by} {}", attempt()));
    if attempt() < 2 { Err("busy".to_owned()) } else { Ok(format!("published by {by}")) }
}

#[step]
async fn fail(log: &Log, what: &str) -> Result<u64> {
    log.say(format!("fail {what}"));
    Err(what.to_owned())
}

#[step(undo = release)]
async fn reserve(log: &Log, n: u64) -> Result<u64> {
    log.say(format!("reserve {n}"));
    Ok(n)
}

#[step]
async fn release(log: &Log, n: u64, got: u64) -> Result<()> {
    log.say(format!("release {n} {got}"));
    Ok(())
}

#[step(once)]
async fn charge(log: &Log, n: u64) -> Result<u64> {
    log.say(format!("charge {n}"));
    if n == 0 {
        std::future::pending::<()>().await;
    }
    Ok(n)
}

/// An App on a store, and a run in it.
async fn begin<W: Workflow<Deps = Log>>(store: &Memory, input: W::Input) -> (App, Run<W>, Arc<Log>) {
    let log = Arc::new(Log::default());
    let app = App::builder().store(store.clone()).register::<W>(log.clone()).build().unwrap();
    let run = app.start::<W>(input).await.unwrap();
    (app, run, log)
}

/// The ids of the pauses the run waits at.
async fn open<W: Workflow>(run: &Run<W>) -> Vec<String> {
    match tokio::time::timeout(24 * HOUR, run.wait()).await.expect("the run waits for something").unwrap() {
        Outcome::Paused(open) => open.iter().map(|pause| pause.id().to_owned()).collect(),
        other => panic!("{:?}", std::mem::discriminant(&other)),
    }
}

async fn done<W: Workflow>(run: &Run<W>) -> W::Output {
    match tokio::time::timeout(24 * HOUR, run.wait()).await.expect("the run ends").unwrap() {
        Outcome::Done(output) => output,
        other => panic!("{:?}", std::mem::discriminant(&other)),
    }
}

async fn failed<W: Workflow<Output: std::fmt::Debug>>(run: &Run<W>) -> String {
    match tokio::time::timeout(24 * HOUR, run.wait()).await.expect("the run ends") {
        Err(RunError::Failed(failure)) => failure.chain().join(": "),
        other => panic!("{other:?}"),
    }
}

workflow! {
    async fn approve_and_publish(log: &Log, n: u64) -> Result<String> {
        let by = pause(approve(n)).await;
        publish(log, &by).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_right_after_an_answer_is_tried_again() {
    let store = Memory::new();
    let (_app, run, log) = begin::<ApproveAndPublish>(&store, 1).await;
    assert_eq!(open(&run).await, ["approve-1"]);
    run.answer::<Approve>("ann".to_owned()).await.unwrap();
    assert_eq!(done(&run).await, "published by ann");
    assert_eq!(log.told(), ["publish ann 1", "publish ann 2"]);
}

workflow! {
    async fn approve_and_ask(log: &Log, n: u64) -> Result<u64> {
        let by = pause(approve(n)).await;
        log.say(by);
        #[on_error(pause)]
        let got = fail(log, "no").await?;
        Ok(got)
    }
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_a_failure_is_not_taken_for_the_answer_before_it() {
    let store = Memory::new();
    let (_app, run, log) = begin::<ApproveAndAsk>(&store, 1).await;
    run.wait().await.unwrap();
    run.answer::<Approve>("ann".to_owned()).await.unwrap();
    assert_eq!(open(&run).await, ["recover-fail-2"]);
    run.answer_json("recover-fail-2", json!("Retry")).await.unwrap();
    assert_eq!(open(&run).await, ["recover-fail-3"]);
    // In another process.
    let again = App::builder().store(store.reopen()).register::<ApproveAndAsk>(log.clone()).build().unwrap();
    let run = again.run::<ApproveAndAsk>(run.id()).await.unwrap();
    run.answer_json("recover-fail-3", json!({"Use": 7})).await.unwrap();
    assert_eq!(done(&run).await, 7);
    assert!(log.told().iter().all(|said| said == "ann" || said == "fail no"), "{:?}", log.told());
}

workflow! {
    async fn ask_inside(log: &Log, n: u64) -> Result<bool> {
        log.say("inside");
        Ok(pause(sign(n)).await)
    }
}

workflow! {
    async fn wait_then_ask_inside(log: &Log, n: u64) -> Result<bool> {
        if n == 0 {
            let by = pause(approve(n)).await;
            log.say(by);
        } else {
            sleep(HOUR).await;
        }
        ask_inside(log, n).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_child_right_after_an_answer_or_a_timer_can_wait() {
    let store = Memory::new();
    let (app, run, _log) = begin::<WaitThenAskInside>(&store, 0).await;
    run.wait().await.unwrap();
    run.answer::<Approve>("ann".to_owned()).await.unwrap();
    assert_eq!(open(&run).await, ["sign-2"]);
    run.answer::<Sign>(true).await.unwrap();
    assert!(done(&run).await);
    let run = app.start::<WaitThenAskInside>(1).await.unwrap();
    assert_eq!(open(&run).await, ["sign-1"]);
    run.answer::<Sign>(true).await.unwrap();
    assert!(done(&run).await);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_for_somebody_ends_at_its_deadline() {
    let log = Arc::new(Log::default());
    let app = App::builder().register::<ApproveAndPublish>(log).build().unwrap();
    let run = app.start::<ApproveAndPublish>(1).deadline(HOUR).await.unwrap();
    assert_eq!(open(&run).await, ["approve-1"]);
    while run.status().await.unwrap() != RunStatus::Failed {
        tokio::time::sleep(HOUR / 4).await;
    }
    assert_eq!(failed(&run).await, "the run was not done by its deadline");
}

workflow! {
    async fn reserve_all(log: &Log, n: u64) -> Result<u64> {
        let all = parallel!(for i in 0..n { reserve(log, i).await }, limit = 2)?;
        let _ = all.len();
        fail(log, "late").await
    }
}

#[tokio::test(start_paused = true)]
async fn the_items_of_a_limited_fan_out_are_all_undone() {
    let store = Memory::new();
    let (_app, run, log) = begin::<ReserveAll>(&store, 6).await;
    assert_eq!(failed(&run).await, "late");
    let mut undone: Vec<String> = log.told().into_iter().filter(|said| said.starts_with("release")).collect();
    undone.sort();
    assert_eq!(undone, ["release 0 0", "release 1 1", "release 2 2", "release 3 3", "release 4 4", "release 5 5"]);
}

workflow! {
    async fn race_twice(log: &Log, n: u64) -> Result<u64> {
        let mut total = 0;
        for round in 0..2 {
            total += race!(
                async { let yes = pause(sign(round)).await; Ok(u64::from(yes)) },
                async { sleep(HOUR * 5).await; log.say("too late"); Ok(10) },
            )?;
        }
        Ok(total + n)
    }
}

#[tokio::test(start_paused = true)]
async fn the_loser_of_a_race_is_not_met_again_in_the_next_one() {
    let store = Memory::new();
    let (_app, run, log) = begin::<RaceTwice>(&store, 100).await;
    assert_eq!(open(&run).await, ["sign-1"]);
    run.answer::<Sign>(true).await.unwrap();
    assert_eq!(open(&run).await, ["sign-2"]);
    tokio::time::sleep(HOUR * 4).await;
    assert_eq!(run.status().await.unwrap(), RunStatus::Paused, "its timer was set anew");
    tokio::time::sleep(HOUR * 2).await;
    assert_eq!(done(&run).await, 111, "and fires");
    assert_eq!(log.told(), ["too late"]);
}

workflow! {
    async fn settle_a_failing_fork(log: &Log, n: u64) -> Result<bool> {
        let (broken, signed) = settle!(
            async {
                parallel!(fail(log, "inner"), async { Ok(pause(approve(n)).await) })?;
                Ok(())
            },
            async { Ok(pause(sign(n)).await) },
        );
        if broken.is_ok() { Err("it cannot have worked".to_owned()) } else { signed }
    }
}

#[tokio::test(start_paused = true)]
async fn a_branch_that_failed_leaves_no_question_behind() {
    let store = Memory::new();
    let (_app, run, _log) = begin::<SettleAFailingFork>(&store, 1).await;
    let open = open(&run).await;
    assert!(matches!(&open[..], [only] if only.starts_with("sign-")), "{open:?}");
    run.answer::<Sign>(true).await.unwrap();
    assert!(done(&run).await);
}

workflow! {
    async fn book(log: &Log, n: u64) -> Result<u64> {
        reserve(log, n).await
    }
}

workflow! {
    async fn book_and_fail(log: &Log, n: u64) -> Result<u64> {
        let got = book(log, n).await?;
        let more = reserve(log, got + 1).await.and_then(|got| if got > 5 { Err("too many".to_owned()) } else { Ok(got) })?;
        fail(log, &more.to_string()).await
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_done_last_is_undone_too() {
    let store = Memory::new();
    let (app, run, log) = begin::<BookAndFail>(&store, 1).await;
    assert_eq!(failed(&run).await, "2");
    let expected = ["reserve 1", "reserve 2", "fail 2", "release 2 2", "release 1 1"];
    assert_eq!(log.told(), expected);
    log.0.lock().unwrap().clear();
    let run = app.start::<BookAndFail>(7).await.unwrap();
    assert_eq!(failed(&run).await, "too many");
    assert_eq!(log.told(), ["reserve 7", "reserve 8", "release 8 8", "release 7 7"]);
}

workflow! {
    async fn charge_beside(log: &Log, n: u64) -> Result<u64> {
        let (a, b) = parallel!(charge(log, n), async { sleep(HOUR / 60).await; fail(log, "beside").await })?;
        Ok(a + b)
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_that_was_interrupted_is_not_repeated_by_a_retry() {
    let store = Memory::new();
    let (_app, run, log) = begin::<ChargeBeside>(&store, 0).await;
    assert_eq!(failed(&run).await, "beside");
    run.retry().await.unwrap();
    assert_eq!(failed(&run).await, "beside");
    assert_eq!(log.told().iter().filter(|said| *said == "charge 0").count(), 1, "{:?}", log.told());
}

#[tokio::test(start_paused = true)]
async fn a_run_is_cancelled_before_somebody_else_takes_it_up() {
    let store = Memory::new();
    let (_app, run, log) = begin::<WaitThenAskInside>(&store, 1).await;
    tokio::time::sleep(HOUR / 2).await;
    let other = App::builder().store(store.reopen()).register::<WaitThenAskInside>(log.clone()).build().unwrap();
    let there = other.run::<WaitThenAskInside>(run.id()).await.unwrap();
    there.cancel().await.unwrap();
    tokio::time::sleep(HOUR * 2).await;
    assert_eq!(run.status().await.unwrap(), RunStatus::Cancelled);
    assert_eq!(log.told(), [""; 0]);
    assert!(matches!(run.wait().await, Err(RunError::Cancelled { .. })));
}

/// Holds writes of nothing but events until they are let through.
#[derive(Default)]
struct Held {
    begun: Notify,
    through: Notify,
}

impl Hook for Held {
    fn after<'a>(&'a self, operation: &'a Operation<'a>, _: bool, _: &'a dyn Store) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            if operation.name == "emit" {
                self.begun.notify_one();
                self.through.notified().await;
            }
            Ok(())
        })
    }
}

/// A step that ends when a test says so.
struct Door {
    opens: Semaphore,
    passed: Notify,
    entered: AtomicU32,
}

#[step]
async fn pass(door: &Door) -> Result<u64> {
    door.entered.fetch_add(1, Ordering::SeqCst);
    door.opens.acquire().await.unwrap().forget();
    door.passed.notify_one();
    Ok(1)
}

workflow! {
    async fn works_and_asks(door: &Door) -> Result<u64> {
        let (passed, signed) = parallel!(pass(door), async { Ok(pause(sign(1)).await) })?;
        Ok(passed + u64::from(signed))
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_that_is_done_while_its_events_are_written_is_kept() {
    let door = Arc::new(Door { opens: Semaphore::new(0), passed: Notify::new(), entered: AtomicU32::new(0) });
    let store = Hooked::new(Memory::new(), Held::default());
    let app = App::builder().store(store.clone()).register::<WorksAndAsks>(door.clone()).build().unwrap();
    let run = app.start::<WorksAndAsks>(()).await.unwrap();
    store.hook().begun.notified().await;
    // The step ends while the write is on its way that tells that it has begun.
    door.opens.add_permits(1);
    door.passed.notified().await;
    store.hook().through.notify_one();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Paused(_)));
    door.opens.add_permits(1);
    run.answer::<Sign>(true).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(2)));
    assert_eq!(door.entered.load(Ordering::SeqCst), 1);
}
