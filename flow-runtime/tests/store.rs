//! What every store must do, run for each store of this crate.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

#[cfg(feature = "sqlite")]
#[path = "store/sqlite.rs"]
mod sqlite;

use std::{collections::BTreeMap, sync::Arc};

use flow_runtime::store::{
    Answer, AnswerReceipt, Binding, Checkpoint, Claim, Finish, Memory, NewPause, NewRun, RunFilter, RunStatus, Store,
    StoreError,
};
#[cfg(feature = "sqlite")]
use {
    flow_runtime::store::{Sqlite, Synchronous},
    tempfile::TempDir,
};

/// Content that can be opened several times, each time as another process would.
enum Place {
    Memory(Memory),
    #[cfg(feature = "sqlite")]
    Sqlite(TempDir, Synchronous),
}

impl Place {
    fn open(&self) -> Arc<dyn Store> {
        match self {
            Place::Memory(memory) => Arc::new(memory.reopen()),
            #[cfg(feature = "sqlite")]
            Place::Sqlite(folder, synchronous) => {
                Arc::new(Sqlite::options().synchronous(*synchronous).open(folder.path().join("flow.db")).unwrap())
            }
        }
    }
}

macro_rules! suite {
    ($($test:ident)*) => {
        mod memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(super::Place::Memory(super::Memory::new())).await;
            })*
        }

        #[cfg(feature = "sqlite")]
        mod sqlite_normal {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(super::Place::Sqlite(super::TempDir::new().unwrap(), super::Synchronous::Normal)).await;
            })*
        }

        #[cfg(feature = "sqlite")]
        mod sqlite_full {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(super::Place::Sqlite(super::TempDir::new().unwrap(), super::Synchronous::Full)).await;
            })*
        }
    };
}

#[path = "store/history.rs"]
mod history;
#[path = "store/timers.rs"]
mod timers;
#[path = "store/undo.rs"]
mod undo;

suite! {
    a_new_run_is_found_as_it_was_written
    an_unknown_run_is_named
    an_id_is_taken_once
    runs_are_listed_newest_first_and_filtered
    a_checkpoint_changes_what_it_names_and_nothing_else
    forgetting_takes_exactly_the_paths_that_begin_so
    forgetting_nothing_in_particular_takes_all
    a_checkpoint_keeps_only_the_bindings_it_names
    a_checkpoint_may_write_the_frame_it_forgets
    an_old_fence_writes_nothing
    a_released_run_can_be_claimed_and_not_written
    a_claim_is_busy_until_its_handle_is_gone
    clones_keep_a_claim
    many_claim_and_one_gets_it
    parking_waits_for_no_answer_that_is_there
    an_answer_to_another_frames_pause_counts_too
    a_completed_run_loses_its_frames
    a_failed_run_keeps_its_frames
    of_many_answers_one_is_accepted
    an_answer_to_nothing_is_refused
    pauses_come_in_the_order_asked
    everything_is_there_after_reopening
    many_writers_lose_nothing
    a_refusal_in_a_group_undoes_nobody_else
    any_text_is_kept
}

fn new_run(id: &str) -> NewRun {
    NewRun {
        id: id.to_owned(),
        workflow: "content-creation".to_owned(),
        fingerprint: "f00d".to_owned(),
        input: r#"{"topic":"rust"}"#.to_owned(),
        session: Some("s-1".to_owned()),
        user: None,
        metadata: Some(r#"{"source":"test"}"#.to_owned()),
        created_at: 1_000,
        deadline: None,
    }
}

fn binding(name: &'static str, value: &str) -> Binding {
    Binding { name: name.into(), value: value.to_owned() }
}

fn step(path: &str, at: &'static str, bindings: &[(&'static str, &str)]) -> Checkpoint {
    Checkpoint {
        path: path.into(),
        at: at.into(),
        bindings: bindings.iter().map(|(name, value)| binding(name, value)).collect(),
        ..Checkpoint::default()
    }
}

fn asks(path: &str, at: &'static str, number: u64) -> Checkpoint {
    let asked = NewPause {
        id: format!("approve-{number}"),
        number,
        name: "approve".to_owned(),
        path: path.to_owned(),
        question: "Shall it be published?".to_owned(),
        prompt: r#"{"draft":"…"}"#.to_owned(),
        schema: r#"{"type":"boolean"}"#.to_owned(),
        asked_at: 2_000,
        deadline: None,
    };
    Checkpoint { asked: Some(asked), ..step(path, at, &[]) }
}

fn forgets(path: &str, at: &'static str, prefix: &str) -> Checkpoint {
    Checkpoint { forget: Some(prefix.to_owned()), ..step(path, at, &[]) }
}

fn yes(by: &str) -> Answer {
    Answer { value: "true".to_owned(), by: Some(by.to_owned()), at: 3_000 }
}

/// Path to point, pause and bindings; the order of bindings is the store's own affair.
type Frames = BTreeMap<String, (String, Option<String>, BTreeMap<String, String>)>;

async fn frames(store: &dyn Store, run: &str) -> Frames {
    let frames = store.frames(run).await.unwrap();
    assert!(frames.is_sorted_by_key(|frame| frame.path.clone()));
    let pair = |binding: Binding| (binding.name.into_owned(), binding.value);
    frames
        .into_iter()
        .map(|frame| (frame.path, (frame.at, frame.pause, frame.bindings.into_iter().map(pair).collect())))
        .collect()
}

async fn paths(store: &dyn Store, run: &str) -> Vec<String> {
    frames(store, run).await.into_keys().collect()
}

fn fenced<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    assert!(matches!(&result, Err(StoreError::Fenced { run }) if run == "r"), "{result:?}");
}

fn unknown<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    assert!(matches!(&result, Err(StoreError::UnknownRun { run }) if run == "nobody"), "{result:?}");
}

async fn a_new_run_is_found_as_it_was_written(place: Place) {
    let store = place.open();
    assert_eq!(store.find("r").await.unwrap(), None);
    store.create(&new_run("r")).await.unwrap();
    let found = store.find("r").await.unwrap().unwrap();
    assert_eq!((found.run, found.status, found.updated_at), (new_run("r"), RunStatus::Running, 1_000));
    assert_eq!((found.output, found.failure), (None, None));
    assert_eq!(store.frames("r").await.unwrap(), []);
    assert_eq!(store.pauses("r").await.unwrap(), []);
}

async fn an_unknown_run_is_named(place: Place) {
    let store = place.open();
    unknown(store.claim("nobody").await);
    unknown(store.release("nobody", 1).await);
    unknown(store.frames("nobody").await);
    unknown(store.pauses("nobody").await);
    unknown(store.checkpoint("nobody", 1, &step("", "start", &[])).await);
    unknown(store.park("nobody", 1).await);
    unknown(store.finish("nobody", 1, &Finish::Completed("1".to_owned())).await);
    unknown(store.answer("nobody", "approve-1", &yes("ann")).await);
}

async fn an_id_is_taken_once(place: Place) {
    let store = place.open();
    let fence = store.create(&new_run("r")).await.unwrap();
    let again = store.create(&NewRun { workflow: "other".to_owned(), ..new_run("r") }).await.unwrap_err();
    assert!(matches!(&again, StoreError::AlreadyExists { run } if run == "r"), "{again}");
    assert_eq!(store.find("r").await.unwrap().unwrap().run.workflow, "content-creation");
    store.checkpoint("r", fence, &step("", "write", &[])).await.unwrap();
}

async fn runs_are_listed_newest_first_and_filtered(place: Place) {
    let store = place.open();
    for (id, workflow, session, created_at) in
        [("a", "one", Some("x"), 10), ("b", "one", None, 30), ("c", "two", Some("x"), 20), ("d", "one", Some("y"), 30)]
    {
        let (workflow, session) = (workflow.to_owned(), session.map(str::to_owned));
        let fence = store.create(&NewRun { workflow, session, created_at, ..new_run(id) }).await.unwrap();
        if id == "b" {
            store.finish(id, fence, &Finish::Failed("{}".to_owned())).await.unwrap();
        }
    }
    let ids = async |filter: RunFilter| -> String {
        store.list(&filter).await.unwrap().into_iter().map(|record| record.run.id).collect()
    };
    let any = RunFilter::default;
    let one = || Some("one".to_owned());
    let x = || Some("x".to_owned());
    assert_eq!(ids(any()).await, "dbca");
    assert_eq!(ids(RunFilter { limit: 2, ..any() }).await, "db");
    assert_eq!(ids(RunFilter { limit: 0, ..any() }).await, "");
    assert_eq!(ids(RunFilter { workflow: one(), ..any() }).await, "dba");
    assert_eq!(ids(RunFilter { session: x(), ..any() }).await, "ca");
    assert_eq!(ids(RunFilter { status: Some(RunStatus::Failed), ..any() }).await, "b");
    assert_eq!(ids(RunFilter { status: Some(RunStatus::Running), workflow: one(), ..any() }).await, "da");
    assert_eq!(ids(RunFilter { workflow: one(), session: x(), ..any() }).await, "a");
    let all = RunFilter { workflow: one(), session: x(), status: Some(RunStatus::Running), limit: 1 };
    assert_eq!(ids(all).await, "a");
    assert_eq!(ids(RunFilter { workflow: Some("none".to_owned()), ..any() }).await, "");
}

async fn a_checkpoint_changes_what_it_names_and_nothing_else(place: Place) {
    let store = place.open();
    let fence = store.create(&new_run("r")).await.unwrap();
    let other = store.create(&new_run("other")).await.unwrap();
    store.checkpoint("other", other, &step("", "start", &[("a", "0")])).await.unwrap();
    store.checkpoint("r", fence, &step("", "start", &[("a", "1"), ("b", "2")])).await.unwrap();
    store.checkpoint("r", fence, &step("parallel.0", "left", &[("a", "3")])).await.unwrap();
    store.checkpoint("r", fence, &step("", "next", &[("b", "20"), ("c", "30")])).await.unwrap();
    let found = frames(&*store, "r").await;
    let bindings = |pairs: &[(&str, &str)]| pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let expected: Frames = [
        (String::new(), ("next".to_owned(), None, bindings(&[("a", "1"), ("b", "20"), ("c", "30")]))),
        ("parallel.0".to_owned(), ("left".to_owned(), None, bindings(&[("a", "3")]))),
    ]
    .into();
    assert_eq!(found, expected);
    assert_eq!(frames(&*store, "other").await[""].2["a"], "0");

    store.checkpoint("r", fence, &asks("", "approve", 1)).await.unwrap();
    assert_eq!(frames(&*store, "r").await[""].1.as_deref(), Some("approve-1"));
    store.checkpoint("r", fence, &step("", "after", &[])).await.unwrap();
    assert_eq!(frames(&*store, "r").await[""].1, None);
    assert_eq!(store.pauses("r").await.unwrap().len(), 1, "a pause outlives its frame's stay");
}

async fn forgetting_takes_exactly_the_paths_that_begin_so(place: Place) {
    let store = place.open();
    let fence = store.create(&new_run("r")).await.unwrap();
    let other = store.create(&new_run("r2")).await.unwrap();
    store.checkpoint("r2", other, &step("parallel.0", "x", &[("a", "1")])).await.unwrap();
    let all = [
        "",
        "Parallel.0",
        "parallel",
        "parallel#2.0",
        "parallel-",
        "parallel.0",
        "parallel.0/parallel.1",
        "parallel.10",
        "parallel.é",
        "parallel.\u{10ffff}",
        "parallel.%",
        "parallel/",
        "parallel_0",
        "parallelé",
    ];
    for path in all {
        store.checkpoint("r", fence, &step(path, "x", &[("a", "1")])).await.unwrap();
    }
    store.checkpoint("r", fence, &forgets("", "joined", "parallel.")).await.unwrap();
    let kept = ["", "Parallel.0", "parallel", "parallel#2.0", "parallel-", "parallel/", "parallel_0", "parallelé"];
    assert_eq!(paths(&*store, "r").await, kept);
    assert_eq!(paths(&*store, "r2").await, ["parallel.0"], "another run's frames");

    // The bindings went with the frames: a frame that comes again is new.
    store.checkpoint("r", fence, &step("parallel.0", "x", &[])).await.unwrap();
    assert!(frames(&*store, "r").await["parallel.0"].2.is_empty());
    store.checkpoint("r", fence, &forgets("", "joined", "parallel#")).await.unwrap();
    assert!(!paths(&*store, "r").await.contains(&"parallel#2.0".to_owned()));
    assert!(frames(&*store, "r").await.contains_key("parallel.0"));
}

async fn a_checkpoint_keeps_only_the_bindings_it_names(place: Place) {
    let store = place.open();
    let fence = store.create(&new_run("r")).await.unwrap();
    store.checkpoint("r", fence, &step("", "write", &[("a", "1"), ("b", "2"), ("c#2", "3")])).await.unwrap();
    store.checkpoint("r", fence, &step("parallel.0", "write", &[("a", "4")])).await.unwrap();
    let names: &[&str] = &["c#2", "d"];
    let rests = Checkpoint { keep: Some(names), ..step("", "approve", &[("d", "5")]) };
    store.checkpoint("r", fence, &rests).await.unwrap();
    let mut frames = store.frames("r").await.unwrap();
    frames.iter_mut().for_each(|frame| frame.bindings.sort_by(|a, b| a.name.cmp(&b.name)));
    let kept = |path: &str| {
        let frame = frames.iter().find(|frame| frame.path == path).unwrap();
        frame.bindings.iter().map(|binding| binding.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!((kept(""), kept("parallel.0")), (vec!["c#2".to_owned(), "d".to_owned()], vec!["a".to_owned()]));
    let none = Checkpoint { keep: Some(&[]), ..step("", "approve", &[]) };
    store.checkpoint("r", fence, &none).await.unwrap();
    assert!(store.frames("r").await.unwrap().iter().any(|frame| frame.path.is_empty() && frame.bindings.is_empty()));
}

async fn forgetting_nothing_in_particular_takes_all(place: Place) {
    let store = place.open();
    let fence = store.create(&new_run("r")).await.unwrap();
    for path in ["", "a", "\u{10ffff}\u{10ffff}"] {
        store.checkpoint("r", fence, &step(path, "x", &[("a", "1")])).await.unwrap();
    }
    store.checkpoint("r", fence, &forgets("b", "x", "\u{10ffff}")).await.unwrap();
    assert_eq!(paths(&*store, "r").await, ["", "a", "b"]);
    store.checkpoint("r", fence, &forgets("c", "x", "")).await.unwrap();
    assert_eq!(paths(&*store, "r").await, ["c"]);
}

async fn a_checkpoint_may_write_the_frame_it_forgets(place: Place) {
    let store = place.open();
    let fence = store.create(&new_run("r")).await.unwrap();
    store.checkpoint("r", fence, &step("p.0", "x", &[("old", "1")])).await.unwrap();
    let again = Checkpoint { forget: Some("p.".to_owned()), ..step("p.0", "y", &[("new", "2")]) };
    store.checkpoint("r", fence, &again).await.unwrap();
    let found = frames(&*store, "r").await;
    assert_eq!(found["p.0"].0, "y");
    assert_eq!(found["p.0"].2.keys().collect::<Vec<_>>(), ["new"]);
}

async fn an_old_fence_writes_nothing(place: Place) {
    let (old, new) = (place.open(), place.open());
    let stale = old.create(&new_run("r")).await.unwrap();
    old.checkpoint("r", stale, &asks("", "approve", 1)).await.unwrap();
    drop(old);
    let Claim::Claimed(fence) = new.claim("r").await.unwrap() else { panic!("the first driver is gone") };
    assert!(fence > stale);
    let late = Checkpoint { forget: Some(String::new()), ..asks("x", "late", 2) };
    fenced(new.checkpoint("r", stale, &late).await);
    fenced(new.park("r", stale).await);
    fenced(new.finish("r", stale, &Finish::Completed("1".to_owned())).await);
    new.release("r", stale).await.unwrap();
    assert_eq!(paths(&*new, "r").await, [""]);
    assert_eq!(new.pauses("r").await.unwrap().len(), 1);
    assert_eq!(new.find("r").await.unwrap().unwrap().status, RunStatus::Running);
    new.checkpoint("r", fence, &step("", "on", &[])).await.unwrap();
}

async fn a_released_run_can_be_claimed_and_not_written(place: Place) {
    let store = place.open();
    let fence = store.create(&new_run("r")).await.unwrap();
    store.release("r", fence).await.unwrap();
    fenced(store.checkpoint("r", fence, &step("", "x", &[])).await);
    fenced(store.park("r", fence).await);
    store.release("r", fence).await.unwrap();
    assert_eq!(store.find("r").await.unwrap().unwrap().status, RunStatus::Running);
    assert_eq!(store.claim("r").await.unwrap(), Claim::Claimed(fence + 1));
    assert_eq!(store.claim("r").await.unwrap(), Claim::Busy, "also for the driver itself");
}

async fn a_claim_is_busy_until_its_handle_is_gone(place: Place) {
    let (one, two) = (place.open(), place.open());
    let fence = one.create(&new_run("r")).await.unwrap();
    one.checkpoint("r", fence, &step("", "x", &[])).await.unwrap();
    assert_eq!(two.claim("r").await.unwrap(), Claim::Busy);
    one.checkpoint("r", fence, &step("", "y", &[])).await.unwrap();
    drop(one);
    assert_eq!(two.claim("r").await.unwrap(), Claim::Claimed(fence + 1));
    assert_eq!(frames(&*two, "r").await[""].0, "y");
    assert_eq!(place.open().claim("r").await.unwrap(), Claim::Busy);
}

async fn clones_keep_a_claim(place: Place) {
    let (one, two) = (place.open(), place.open());
    one.create(&new_run("r")).await.unwrap();
    let clone = one.clone();
    drop(one);
    assert_eq!(two.claim("r").await.unwrap(), Claim::Busy);
    drop(clone);
    assert!(matches!(two.claim("r").await.unwrap(), Claim::Claimed(_)));
}

async fn many_claim_and_one_gets_it(place: Place) {
    let first = place.open();
    first.create(&new_run("r")).await.unwrap();
    drop(first);
    let claims = (0..8).map(|_| {
        let store = place.open();
        tokio::spawn(async move { (store.claim("r").await.unwrap(), store) })
    });
    let mut claimed = Vec::new();
    for claim in claims.collect::<Vec<_>>() {
        claimed.push(claim.await.unwrap());
    }
    let won = claimed.iter().filter(|(claim, _)| *claim == Claim::Claimed(2)).count();
    let busy = claimed.iter().filter(|(claim, _)| *claim == Claim::Busy).count();
    assert_eq!((won, busy), (1, 7));
}

async fn parking_waits_for_no_answer_that_is_there(place: Place) {
    let store = place.open();
    let fence = store.create(&new_run("r")).await.unwrap();
    store.checkpoint("r", fence, &asks("", "approve", 1)).await.unwrap();
    assert!(store.park("r", fence).await.unwrap());
    assert_eq!(store.find("r").await.unwrap().unwrap().status, RunStatus::Paused);
    fenced(store.park("r", fence).await);

    assert_eq!(store.answer("r", "approve-1", &yes("ann")).await.unwrap(), AnswerReceipt::Accepted);
    let Claim::Claimed(fence) = store.claim("r").await.unwrap() else { panic!("it was parked") };
    assert_eq!(store.find("r").await.unwrap().unwrap().status, RunStatus::Running);
    assert!(!store.park("r", fence).await.unwrap(), "the answer is unread");
    assert_eq!(store.find("r").await.unwrap().unwrap().status, RunStatus::Running);

    store.checkpoint("r", fence, &asks("", "again", 2)).await.unwrap();
    assert!(store.park("r", fence).await.unwrap(), "the first answer was read, the second is not there");
}

async fn an_answer_to_another_frames_pause_counts_too(place: Place) {
    let store = place.open();
    let fence = store.create(&new_run("r")).await.unwrap();
    store.checkpoint("r", fence, &asks("p.0", "approve", 1)).await.unwrap();
    store.checkpoint("r", fence, &asks("p.1", "approve", 2)).await.unwrap();
    assert_eq!(store.answer("r", "approve-2", &yes("ann")).await.unwrap(), AnswerReceipt::Accepted);
    assert!(!store.park("r", fence).await.unwrap());
    store.checkpoint("r", fence, &step("p.1", "done", &[])).await.unwrap();
    assert!(store.park("r", fence).await.unwrap());
}

async fn a_completed_run_loses_its_frames(place: Place) {
    let store = place.open();
    let fence = store.create(&new_run("r")).await.unwrap();
    store.checkpoint("r", fence, &step("", "x", &[("a", "1")])).await.unwrap();
    store.checkpoint("r", fence, &asks("p.0", "approve", 1)).await.unwrap();
    store.finish("r", fence, &Finish::Completed("42".to_owned())).await.unwrap();
    let found = store.find("r").await.unwrap().unwrap();
    assert_eq!((found.status, found.output.as_deref(), found.failure), (RunStatus::Completed, Some("42"), None));
    assert!(found.updated_at > 1_000);
    assert_eq!(store.frames("r").await.unwrap(), []);
    assert_eq!(store.pauses("r").await.unwrap().len(), 1);
    assert_eq!(store.claim("r").await.unwrap(), Claim::Ended);
    fenced(store.finish("r", fence, &Finish::Failed("{}".to_owned())).await);
    assert_eq!(store.answer("r", "approve-1", &yes("ann")).await.unwrap(), AnswerReceipt::NotWaiting);
}

async fn a_failed_run_keeps_its_frames(place: Place) {
    let store = place.open();
    let fence = store.create(&new_run("r")).await.unwrap();
    store
        .checkpoint("r", fence, &Checkpoint { bindings: vec![binding("a", "1")], ..asks("", "approve", 1) })
        .await
        .unwrap();
    store.finish("r", fence, &Finish::Failed(r#"{"message":"no"}"#.to_owned())).await.unwrap();
    let found = store.find("r").await.unwrap().unwrap();
    assert_eq!((found.status, found.output), (RunStatus::Failed, None));
    assert_eq!(found.failure.as_deref(), Some(r#"{"message":"no"}"#));
    assert_eq!(frames(&*store, "r").await[""].2["a"], "1");
    assert_eq!(store.claim("r").await.unwrap(), Claim::Ended);
    fenced(store.checkpoint("r", fence, &step("", "y", &[])).await);
    let late = store.answer("r", "approve-1", &yes("ann")).await.unwrap();
    assert_eq!(late, AnswerReceipt::NotWaiting, "its frame still stands there, but it has ended");
}

async fn of_many_answers_one_is_accepted(place: Place) {
    let stores = [place.open(), place.open()];
    let fence = stores[0].create(&new_run("r")).await.unwrap();
    stores[0].checkpoint("r", fence, &asks("", "approve", 1)).await.unwrap();
    assert!(stores[0].park("r", fence).await.unwrap());
    let answers = (0..100).map(|n| {
        let store = stores[n % 2].clone();
        tokio::spawn(async move { (n, store.answer("r", "approve-1", &yes(&format!("user {n}"))).await.unwrap()) })
    });
    let mut receipts = Vec::new();
    for answer in answers.collect::<Vec<_>>() {
        receipts.push(answer.await.unwrap());
    }
    let accepted: Vec<usize> =
        receipts.iter().filter(|(_, receipt)| *receipt == AnswerReceipt::Accepted).map(|(n, _)| *n).collect();
    let [winner] = accepted[..] else { panic!("{} answers were accepted", accepted.len()) };
    let kept = yes(&format!("user {winner}"));
    for (n, receipt) in receipts {
        if n != winner {
            assert_eq!(receipt, AnswerReceipt::AlreadyAnswered(kept.clone()));
        }
    }
    assert_eq!(stores[1].pauses("r").await.unwrap()[0].answer, Some(kept));
}

async fn an_answer_to_nothing_is_refused(place: Place) {
    let store = place.open();
    let fence = store.create(&new_run("r")).await.unwrap();
    store.checkpoint("r", fence, &asks("", "approve", 1)).await.unwrap();
    let forged = store.answer("r", "approve-9", &yes("eve")).await.unwrap_err();
    assert!(matches!(&forged, StoreError::UnknownPause { run, pause } if run == "r" && pause == "approve-9"));
    store.checkpoint("r", fence, &step("", "moved on", &[])).await.unwrap();
    assert_eq!(store.answer("r", "approve-1", &yes("ann")).await.unwrap(), AnswerReceipt::NotWaiting);
    assert_eq!(store.pauses("r").await.unwrap()[0].answer, None);
}

async fn pauses_come_in_the_order_asked(place: Place) {
    let store = place.open();
    let fence = store.create(&new_run("r")).await.unwrap();
    for number in 1..=12 {
        store.checkpoint("r", fence, &asks(&format!("p.{number}"), "approve", number)).await.unwrap();
    }
    let pauses = store.pauses("r").await.unwrap();
    assert_eq!(pauses.iter().map(|pause| pause.pause.number).collect::<Vec<_>>(), (1..=12).collect::<Vec<_>>());
    assert_eq!(Some(&pauses[2].pause), asks("p.3", "approve", 3).asked.as_ref());
}

async fn everything_is_there_after_reopening(place: Place) {
    let store = place.open();
    let fence = store.create(&new_run("r")).await.unwrap();
    store.checkpoint("r", fence, &step("p.0", "x", &[("a", "1"), ("b", "[2]")])).await.unwrap();
    store.checkpoint("r", fence, &asks("", "approve", 1)).await.unwrap();
    assert_eq!(store.answer("r", "approve-1", &yes("ann")).await.unwrap(), AnswerReceipt::Accepted);
    let before = (store.find("r").await.unwrap(), frames(&*store, "r").await, store.pauses("r").await.unwrap());
    drop(store);
    let store = place.open();
    let after = (store.find("r").await.unwrap(), frames(&*store, "r").await, store.pauses("r").await.unwrap());
    assert_eq!(after, before);
}

async fn many_writers_lose_nothing(place: Place) {
    const WRITERS: usize = 64;
    const STEPS: usize = 20;
    let store = place.open();
    let writers = (0..WRITERS).map(|n| {
        let store = store.clone();
        tokio::spawn(async move {
            let run = format!("r{n}");
            let fence = store.create(&new_run(&run)).await.unwrap();
            for value in 1..=STEPS {
                store.checkpoint(&run, fence, &step("", "x", &[("n", &value.to_string())])).await.unwrap();
                let seen = frames(&*store, &run).await;
                assert_eq!(seen[""].2["n"], value.to_string(), "one reads what one has written");
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    drop(store);
    let store = place.open();
    for n in 0..WRITERS {
        assert_eq!(frames(&*store, &format!("r{n}")).await[""].2["n"], STEPS.to_string());
    }
}

async fn a_refusal_in_a_group_undoes_nobody_else(place: Place) {
    let store = place.open();
    let mut fences = Vec::new();
    for n in 0..64 {
        fences.push(store.create(&new_run(&format!("r{n}"))).await.unwrap());
    }
    for round in 0..10_u64 {
        let writes = fences.iter().enumerate().map(|(n, &fence)| {
            let store = store.clone();
            tokio::spawn(async move {
                let run = format!("r{n}");
                let value = round.to_string();
                match n % 4 {
                    1 => assert!(store.checkpoint(&run, fence + 7, &step("", "bad", &[])).await.is_err()),
                    2 => assert!(store.answer(&run, "nothing", &yes("eve")).await.is_err()),
                    3 => assert!(store.create(&new_run(&run)).await.is_err()),
                    _ => store.checkpoint(&run, fence, &step("", "good", &[("n", &value)])).await.unwrap(),
                }
            })
        });
        for write in writes.collect::<Vec<_>>() {
            write.await.unwrap();
        }
        for n in 0..64 {
            let found = frames(&*store, &format!("r{n}")).await;
            assert_eq!(found.get("").map(|frame| frame.2["n"].clone()), (n % 4 == 0).then(|| round.to_string()));
        }
    }
}

async fn any_text_is_kept(place: Place) {
    let store = place.open();
    let id = "r'\"; DROP TABLE runs; --\0 é \u{10ffff}";
    let fence = store.create(&new_run(id)).await.unwrap();
    store.checkpoint(id, fence, &step("päth\0x", "x", &[("näme", "\"\0 % _ '\"")])).await.unwrap();
    store.checkpoint(id, fence, &forgets("", "x", "päth\0y")).await.unwrap();
    assert_eq!(frames(&*store, id).await["päth\0x"].2["näme"], "\"\0 % _ '\"");
    let large = "x".repeat(3 << 20);
    store.checkpoint(id, fence, &step("", "x", &[("large", &large)])).await.unwrap();
    assert_eq!(frames(&*store, id).await[""].2["large"], large);
}
