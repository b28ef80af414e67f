//! Workers on one store: what a dead one leaves goes on in another, a stale one is refused, one that leaves gives its runs back.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    future::Future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use flow_runtime::{
    Event, EventKind, Memory, Merge, RunError, Store, StoreError,
    prelude::*,
    store::{Claim, RunFilter, RunStatus, StoreFuture},
    testing::{Fault, Faults, Hook, Hooked, Operation},
};
use futures::TryStreamExt as _;
use serde_json::json;
use tokio::sync::{Notify, Semaphore};

type Result<T> = std::result::Result<T, String>;

/// A desk with doors that open when a test says so.
#[derive(Default)]
struct Desk {
    done: Mutex<Vec<String>>,
    entered: Notify,
    at_work: AtomicUsize,
    doors: Option<Semaphore>,
}

impl Desk {
    fn open() -> Arc<Self> {
        Arc::new(Desk::default())
    }

    fn closed() -> Arc<Self> {
        Arc::new(Desk { doors: Some(Semaphore::new(0)), ..Desk::default() })
    }

    fn let_through(&self, count: usize) {
        self.doors.as_ref().unwrap().add_permits(count);
    }

    fn done(&self) -> Vec<String> {
        self.done.lock().unwrap().clone()
    }
}

#[step]
async fn first(desk: &Desk, name: &str) -> Result<String> {
    desk.at_work.fetch_add(1, Ordering::SeqCst);
    desk.entered.notify_one();
    if let Some(doors) = &desk.doors {
        doors.acquire().await.unwrap().forget();
    }
    desk.done.lock().unwrap().push(format!("first {name}"));
    Ok(format!("{name}!"))
}

#[step]
async fn second(desk: &Desk, name: &str) -> Result<String> {
    desk.done.lock().unwrap().push(format!("second {name}"));
    Ok(format!("{name}?"))
}

#[pause]
fn agree(name: &str) -> bool;

workflow! {
    async fn two_steps(desk: &Desk, name: String) -> Result<String> {
        let one = first(desk, &name).await?;
        let two = second(desk, &one).await?;
        Ok(two)
    }
}

workflow! {
    async fn asks_first(desk: &Desk, name: String) -> Result<String> {
        let agreed = pause(agree(&name)).await;
        let two = second(desk, &name).await?;
        Ok(format!("{two} {agreed}"))
    }
}

mod renamed {
    use super::*;

    #[step]
    async fn other(desk: &Desk, name: &str) -> Result<String> {
        second(desk, name).await
    }

    workflow! {
        pub(super) async fn two_steps(desk: &Desk, name: String) -> Result<String> {
            let other = other(desk, &name).await?;
            Ok(other)
        }
    }
}

fn app(store: impl Store, desk: &Arc<Desk>) -> App {
    App::builder().store(store).register::<TwoSteps>(desk.clone()).register::<AsksFirst>(desk.clone()).build().unwrap()
}

/// Waits until something is so.
async fn until<F: Future<Output = bool>>(is_so: impl Fn() -> F) {
    let wait = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait).await.expect("it never came to that");
}

async fn ended(store: &dyn Store, run: &str) -> Option<String> {
    let record = store.find(run).await.unwrap().unwrap();
    record.status.has_ended().then(|| record.output.unwrap_or_else(|| record.status.to_string()))
}

/// Two workers: the first dies in the middle of a step, with its handle of the store.
async fn dies_and_goes_on(one: impl Store, two: impl Store, look: impl Store) {
    let (stuck, desk) = (Desk::closed(), Desk::open());
    // A runtime of its own: when it stops, all that the worker does is dropped half-way.
    let worker = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let run = {
        let stuck = stuck.clone();
        let started = worker.spawn(async move {
            let app = app(one, &stuck);
            let run = app.start::<TwoSteps>("a".to_owned()).await.unwrap();
            stuck.entered.notified().await;
            run.id().to_owned()
        });
        started.await.unwrap()
    };
    worker.shutdown_background();
    let app = app(two, &desk);
    until(async || ended(&look, &run).await.is_some()).await;
    assert_eq!(ended(&look, &run).await.unwrap(), "\"a!?\"");
    assert_eq!(desk.done(), ["first a", "second a!"]);
    assert_eq!(stuck.done(), [""; 0]);
    assert_eq!(app.recover().await.unwrap(), 0);
}

#[tokio::test]
async fn what_a_dead_worker_leaves_goes_on_in_another() {
    let store = Memory::new();
    dies_and_goes_on(store.reopen(), store.reopen(), store).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn what_a_dead_worker_leaves_goes_on_in_another_on_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let open = || flow_runtime::Sqlite::open(folder.path().join("flow.db")).unwrap();
    dies_and_goes_on(open(), open(), open()).await;
}

/// A run as a dead worker leaves it: claimed by a handle that is gone.
async fn abandoned(store: &Memory, workflow: &str, id: &str) {
    let dead = store.reopen();
    let run = flow_runtime::store::NewRun {
        id: id.to_owned(),
        workflow: workflow.to_owned(),
        input: format!("\"{id}\""),
        ..Default::default()
    };
    dead.create(&run, &Default::default()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn recovering_takes_up_every_abandoned_run_and_says_how_many() {
    let (store, desk) = (Memory::new(), Desk::closed());
    let app = app(store.reopen(), &desk);
    // It has looked once.
    tokio::time::sleep(Duration::from_millis(10)).await;
    for n in 0..3000 {
        abandoned(&store, "two-steps", &format!("r{n}")).await;
    }
    abandoned(&store, "not-registered", "other").await;
    assert_eq!(app.recover().await.unwrap(), 3000);
    assert_eq!(app.recover().await.unwrap(), 0);
    desk.let_through(3000);
    let running = RunFilter::new().workflow("two-steps").status(RunStatus::Running);
    until(async || app.runs(&running).await.unwrap().is_empty()).await;
    assert_eq!(desk.done().len(), 6000);
    assert_eq!(
        app.any_run("other").await.unwrap_err().to_string(),
        "workflow `not-registered` is not registered: add `.register::<…>(deps)` to the builder of the App"
    );
}

#[tokio::test(start_paused = true)]
async fn abandoned_runs_are_found_without_being_asked_for() {
    let (store, desk) = (Memory::new(), Desk::open());
    let _app = app(store.reopen(), &desk);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    abandoned(&store, "two-steps", "r").await;
    let since = tokio::time::Instant::now();
    until(async || ended(&store, "r").await.is_some()).await;
    assert!(since.elapsed() <= Duration::from_secs(16), "{:?}", since.elapsed());
}

#[tokio::test(start_paused = true)]
async fn runs_that_do_not_fit_block_nobody_and_are_left_alone_ever_longer() {
    let (store, desk) = (Memory::new(), Desk::open());
    for n in 0..2500 {
        let id = format!("a{n:04}");
        abandoned(&store, "two-steps", &id).await;
        let Claim::Claimed(fence) = store.reopen().claim(&id).await.unwrap() else { panic!() };
        let moved = flow_runtime::store::Checkpoint {
            path: "".into(),
            at: "first done".into(),
            bindings: vec![flow_runtime::store::Binding { name: "one".into(), value: "\"x\"".to_owned() }],
            ..Default::default()
        };
        store.checkpoint(&id, fence, &moved).await.unwrap();
    }
    abandoned(&store, "two-steps", "z").await;
    let changed = App::builder().store(store.reopen()).register_as::<renamed::TwoSteps>("two-steps", desk.clone());
    let changed = changed.build().unwrap();
    until(async || ended(&store, "z").await.is_some()).await;
    assert_eq!(desk.done(), ["second z"]);

    let claims = async || store.claim("a0000").await.unwrap();
    let Claim::Claimed(before) = claims().await else { panic!("it was given back") };
    store.release("a0000", before).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let Claim::Claimed(after) = claims().await else { panic!("it was given back") };
    assert!((2..20).contains(&(after - before)), "tried {} times in an hour", after - before - 1);
    store.release("a0000", after).await.unwrap();

    // Whoever asks for it hears why.
    let error = changed.any_run("a0000").await.unwrap().wait().await.unwrap_err();
    assert!(matches!(error, RunError::Refused { .. }), "{error}");
    drop(changed);
    let app = app(store.reopen(), &desk);
    until(async || ended(&store, "a2499").await.is_some()).await;
    drop(app);
}

/// A worker that lost its run while a step was at work, and knows nothing of it.
async fn a_stale_worker_is_refused<S: Store>(one: S, two: S, releases: impl AsyncFn(&str)) {
    let (stuck, desk) = (Desk::closed(), Desk::open());
    let stale = app(one, &stuck);
    let run = stale.start::<TwoSteps>("a".to_owned()).await.unwrap();
    stuck.entered.notified().await;
    releases(run.id()).await;
    let fresh = app(two, &desk);
    let taken = fresh.run::<TwoSteps>(run.id()).await.unwrap();
    assert!(matches!(taken.wait().await.unwrap(), Outcome::Done(text) if text == "a!?"));
    stuck.let_through(1);
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(text) if text == "a!?"));
    assert_eq!(desk.done(), ["first a", "second a!"]);
    assert!(!stuck.done().contains(&"second a!".to_owned()), "{:?}", stuck.done());
}

#[tokio::test]
async fn the_commit_of_a_stale_worker_is_refused() {
    let store = Memory::new();
    let (one, two) = (store.reopen(), store.reopen());
    a_stale_worker_is_refused(one, two, async |run| {
        store.release(run, 1).await.unwrap();
        let Claim::Claimed(fence) = store.claim(run).await.unwrap() else { panic!("it is free") };
        let late = store.checkpoint(run, 1, &Default::default()).await.unwrap_err();
        assert!(matches!(late, StoreError::Fenced { .. }), "{late}");
        store.release(run, fence).await.unwrap();
    })
    .await;
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn the_commit_of_a_stale_worker_is_refused_on_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let open = || flow_runtime::Sqlite::open(folder.path().join("flow.db")).unwrap();
    let third = open();
    a_stale_worker_is_refused(open(), open(), async |run| third.release(run, 1).await.unwrap()).await;
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_leaves_gives_back_what_waits_for_its_turn() {
    let (store, desk, next) = (Memory::new(), Desk::closed(), Desk::open());
    let leaving = App::builder().store(store.reopen()).register::<TwoSteps>(desk.clone());
    let leaving = leaving.limit_workflow("two-steps", 1).build().unwrap();
    let mut runs = Vec::new();
    for n in 0..20 {
        runs.push(leaving.start::<TwoSteps>(format!("n{n}")).await.unwrap());
    }
    desk.entered.notified().await;
    let report = leaving.shutdown_within(Duration::ZERO).await;
    assert_eq!((report.runs, report.interrupted), (20, 1));
    assert_eq!(desk.at_work.load(Ordering::SeqCst), 1, "no other has begun");
    let staying = app(store.reopen(), &next);
    for run in &runs {
        let run = staying.run::<TwoSteps>(run.id()).await.unwrap();
        assert!(matches!(run.wait().await.unwrap(), Outcome::Done(_)));
    }
    assert_eq!(next.done().len(), 40);
}

/// What others do to a run is heard where the store tells, so nobody has to look again and again.
#[tokio::test(start_paused = true)]
async fn what_others_do_is_heard_at_once() {
    let (store, desk) = (Memory::new(), Desk::closed());
    let (one, two) = (app(store.reopen(), &desk), app(store.reopen(), &desk));
    tokio::time::sleep(Duration::from_millis(10)).await;

    let run = one.start::<AsksFirst>("a".to_owned()).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Paused(_)));
    let elsewhere = two.run::<AsksFirst>(run.id()).await.unwrap();
    let began = tokio::time::Instant::now();
    elsewhere.answer::<Agree>(true).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(text) if text == "a? true"));
    assert!(began.elapsed() < Duration::from_millis(400), "{:?}", began.elapsed());

    // Cancelled elsewhere, in the middle of a step that never ends.
    let run = one.start::<TwoSteps>("b".to_owned()).await.unwrap();
    desk.entered.notified().await;
    let began = tokio::time::Instant::now();
    two.run::<TwoSteps>(run.id()).await.unwrap().cancel().await.unwrap();
    assert!(matches!(run.wait().await.unwrap_err(), RunError::Cancelled { .. }));
    assert!(began.elapsed() < Duration::from_millis(400), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_start_with_a_key_is_one_run() {
    let (store, desk) = (Memory::new(), Desk::open());
    let apps = [app(store.reopen(), &desk), app(store.reopen(), &desk)];
    let starts = (0..100).map(|n| apps[n % 2].start::<TwoSteps>(format!("n{n}")).key("order-7").into_future());
    let runs: Vec<Run<TwoSteps>> =
        futures::future::join_all(starts).await.into_iter().map(std::result::Result::unwrap).collect();
    assert!(runs.iter().all(|run| run.id() == runs[0].id()));
    for run in &runs {
        assert!(matches!(run.wait().await.unwrap(), Outcome::Done(text) if text == "n0!?"));
    }
    assert_eq!(desk.done(), ["first n0", "second n0!"]);
    let again = apps[1].start::<TwoSteps>("other".to_owned()).key("order-7").await.unwrap();
    assert_eq!(again.id(), runs[0].id(), "also when it has ended");
    let other = apps[1].start::<AsksFirst>("other".to_owned()).key("order-7").await.unwrap();
    assert_ne!(other.id(), runs[0].id(), "a key is one of its workflow");
}

#[tokio::test(start_paused = true)]
async fn a_strict_key_belongs_to_one_input_session_and_user() {
    let app = app(Memory::new(), &Desk::open());
    let start = || app.start_json(TwoSteps::ID, json!("a")).session("s").user("ann").strict_key("order-7");
    let run = start().await.unwrap();
    assert_eq!(start().await.unwrap().id(), run.id());
    let other = app.start_json(TwoSteps::ID, json!("b")).session("s").user("ann").strict_key("order-7");
    for (start, what) in [(other, "input"), (start().session("t"), "session"), (start().user("bob"), "user")] {
        let error = start.await.unwrap_err();
        let RunError::KeyReused { key, run: found, differs } = &error else { panic!("{error}") };
        assert_eq!((key.as_str(), found.as_str(), *differs), ("order-7", run.id(), what));
    }
    let with_state = start().session_state(json!({ "x": 1 }), Merge::Deep).session("t").await.unwrap_err();
    assert!(matches!(with_state, RunError::KeyReused { .. }), "{with_state}");
    assert_eq!(app.session("t").record().await.unwrap(), None, "nothing has changed");
    assert_eq!(app.runs(&RunFilter::new()).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_copy_with_a_key_is_one_run() {
    let app = app(Memory::new(), &Desk::open());
    let run = app.start::<TwoSteps>("a".to_owned()).await.unwrap();
    run.wait().await.unwrap();
    let copy = run.fork(0).key("again").await.unwrap();
    assert_ne!(copy.id(), run.id());
    assert_eq!(run.fork(0).key("again").await.unwrap().id(), copy.id());
    assert_ne!(run.fork(0).await.unwrap().id(), copy.id());
}

#[tokio::test(start_paused = true)]
async fn a_start_that_is_not_heard_of_blocks_nobody() {
    let (store, desk) = (Memory::new(), Desk::open());
    let app = app(Faults::at(1, Fault::Unheard).before(store.reopen()), &desk);
    let unheard = app.start::<TwoSteps>("a".to_owned()).key("order-7").await.unwrap_err();
    assert!(matches!(unheard, RunError::Store(StoreError::Backend { .. })), "{unheard}");
    let run = app.start::<TwoSteps>("a".to_owned()).key("order-7").await.unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(60), run.wait()).await.expect("somebody drives it");
    assert!(matches!(ended.unwrap(), Outcome::Done(text) if text == "a!?"));
    assert_eq!(desk.done(), ["first a", "second a!"]);
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_leaves_finishes_its_steps_and_gives_its_runs_back() {
    let (store, desk, next) = (Memory::new(), Desk::closed(), Desk::open());
    let leaving = app(store.reopen(), &desk);
    let run = leaving.start::<TwoSteps>("a".to_owned()).await.unwrap();
    desk.entered.notified().await;
    let staying = app(store.reopen(), &next);
    tokio::time::sleep(Duration::from_millis(10)).await;

    let (waits, shutdown) = (run.clone(), leaving.clone());
    let waits = tokio::spawn(async move { waits.wait().await });
    let shutdown = tokio::spawn(async move { shutdown.shutdown().await });
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(!shutdown.is_finished(), "the step is at work");
    assert_eq!(staying.recover().await.unwrap(), 0);

    let began = tokio::time::Instant::now();
    desk.let_through(1);
    let report = shutdown.await.unwrap();
    assert_eq!((report.runs, report.interrupted), (1, 0));
    assert_eq!(desk.done(), ["first a"], "and no other step has begun there");
    let told = waits.await.unwrap().unwrap_err();
    assert_eq!(
        told.to_string(),
        format!(
            "this App was shut down, and run `{}` is not done: it goes on where another App is on the store, open it there",
            run.id()
        )
    );

    until(async || ended(&store, run.id()).await.is_some()).await;
    assert!(began.elapsed() < Duration::from_millis(500), "taken up at once: {:?}", began.elapsed());
    assert_eq!(next.done(), ["second a!"], "what was done stays done");
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(text) if text == "a!?"), "follows the store");
    assert_eq!(leaving.shutdown().await, Default::default());
}

#[tokio::test(start_paused = true)]
async fn a_step_that_takes_too_long_is_dropped_and_runs_again_elsewhere() {
    let (store, desk, next) = (Memory::new(), Desk::closed(), Desk::open());
    let leaving = app(store.reopen(), &desk);
    let run = leaving.start::<TwoSteps>("a".to_owned()).await.unwrap();
    desk.entered.notified().await;
    let began = tokio::time::Instant::now();
    let report = leaving.shutdown_within(Duration::from_secs(20)).await;
    assert_eq!((report.runs, report.interrupted), (1, 1));
    assert_eq!(began.elapsed().as_secs(), 20);
    let _staying = app(store.reopen(), &next);
    until(async || ended(&store, run.id()).await.is_some()).await;
    assert_eq!(next.done(), ["first a", "second a!"]);
    assert_eq!(desk.done(), [""; 0]);
}

/// A store in which writes of nothing but events never end, and runs are given back slowly.
#[derive(Default)]
struct Stuck {
    emits: Notify,
    released: AtomicBool,
}

impl Hook for Stuck {
    fn after<'a>(&'a self, operation: &'a Operation<'a>, _: bool, _: &'a dyn Store) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            match operation.name {
                "emit" => {
                    self.emits.notify_one();
                    std::future::pending().await
                }
                "release" => {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    self.released.store(true, Ordering::SeqCst);
                }
                _ => {}
            }
            Ok(())
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_driver_that_does_not_leave_is_dropped_and_its_run_is_given_back() {
    let (store, desk, next) = (Memory::new(), Desk::closed(), Desk::open());
    let slow = Hooked::new(store.reopen(), Stuck::default());
    let leaving = app(slow.clone(), &desk);
    let run = leaving.start::<TwoSteps>("a".to_owned()).await.unwrap();
    let events = tokio::spawn(run.events(0).try_collect::<Vec<Event>>());
    slow.hook().emits.notified().await;
    let report = leaving.shutdown_within(Duration::ZERO).await;
    assert_eq!((report.runs, report.interrupted), (1, 1));
    assert!(slow.hook().released.load(Ordering::SeqCst), "it is given back by now");

    let _staying = app(store.reopen(), &next);
    let events = tokio::time::timeout(Duration::from_secs(60), events).await.expect("the run ends");
    assert_eq!(events.unwrap().unwrap().last().unwrap().kind, EventKind::RunCompleted);
    assert_eq!(next.done(), ["first a", "second a!"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_of_a_worker_that_has_left_still_counts() {
    let (store, desk, next) = (Memory::new(), Desk::open(), Desk::open());
    let left = app(store.reopen(), &desk);
    let asks = left.start::<AsksFirst>("a".to_owned()).await.unwrap();
    let cancelled = left.start::<AsksFirst>("b".to_owned()).await.unwrap();
    assert!(matches!(asks.wait().await.unwrap(), Outcome::Paused(_)));
    assert!(matches!(cancelled.wait().await.unwrap(), Outcome::Paused(_)));
    assert_eq!(left.shutdown().await.runs, 0, "nothing was at work");

    asks.answer::<Agree>(true).await.unwrap();
    cancelled.cancel().await.unwrap();
    let started = left.start::<TwoSteps>("c".to_owned()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert_eq!(desk.done(), [""; 0], "nothing is driven here any more");
    assert_eq!(left.recover().await.unwrap(), 0);
    assert!(matches!(started.wait().await.unwrap_err(), RunError::Shutdown { .. }));
    assert!(matches!(cancelled.wait().await.unwrap_err(), RunError::Cancelled { .. }));

    let _staying = app(store.reopen(), &next);
    until(async || ended(&store, asks.id()).await.is_some() && ended(&store, started.id()).await.is_some()).await;
    assert_eq!(next.done().len(), 3);
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn runs_are_given_back_on_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let open = || flow_runtime::Sqlite::open(folder.path().join("flow.db")).unwrap();
    let (desk, next) = (Desk::closed(), Desk::open());
    let leaving = app(open(), &desk);
    let run = leaving.start::<TwoSteps>("a".to_owned()).await.unwrap();
    desk.entered.notified().await;
    let staying = app(open(), &next);
    desk.let_through(1);
    leaving.shutdown().await;
    staying.recover().await.unwrap();
    let run = staying.run::<TwoSteps>(run.id()).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(text) if text == "a!?"));
    assert_eq!([desk.done(), next.done()].concat(), ["first a", "second a!"]);
}
