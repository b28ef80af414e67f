//! What happens in a run is told: all of it, in order, without gaps, to whoever reads.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use flow_runtime::{
    Event, EventKind, Events, Memory, RunError, Store, StoreError,
    prelude::*,
    store::{Answer, AnswerReceipt},
    testing::{Fault, Faults, Hook, Hooked, Operation},
};
use futures::{StreamExt, TryStreamExt};
use tokio::sync::Semaphore;

type Result<T> = std::result::Result<T, String>;

#[step]
async fn count(text: &str) -> Result<u64> {
    Ok(text.len() as u64)
}

#[step(retries = 2, backoff = "1s")]
async fn flaky(number: u64) -> Result<u64> {
    match flow_runtime::attempt() {
        1 => Err("not yet".to_owned()),
        _ => Ok(number),
    }
}

#[step(undo = give)]
async fn take(number: u64) -> Result<u64> {
    Ok(number)
}

#[step]
async fn give(_number: u64, _taken: u64) -> Result<()> {
    Ok(())
}

#[step]
async fn refuse(text: &str) -> Result<u64> {
    Err(format!("no {text}"))
}

/// Go on?
#[pause]
fn agree(number: u64) -> bool;

workflow! {
    async fn inner(number: u64) -> Result<u64> {
        let number = flaky(number).await?;
        Ok(number + 1)
    }
}

workflow! {
    async fn everything(text: String) -> Result<u64> {
        let mut sum = count(&text).await?;
        sleep(Duration::from_secs(60)).await;
        for word in text.split(' ').map(str::to_owned).collect::<Vec<_>>() {
            sum += count(&word).await?;
        }
        if sum > 3 {
            sum += inner(sum).await?;
        } else {
            sum += count("little").await?;
        }
        let (a, agreed) = parallel!(
            count(&text),
            async { Ok(pause(agree(sum)).await) },
        )?;
        let sizes = parallel!(for n in vec![1, 2] { take(n).await }, limit = 1)?;
        if agreed { Ok(sum + a + sizes.len() as u64) } else { refuse(&text).await }
    }
}

/// The events in short, as far as they do not depend on the clock.
fn short(event: &Event) -> String {
    let path = &event.path;
    let told = serde_json::to_value(event).unwrap();
    let kind = told["kind"].as_str().unwrap();
    let about =
        ["step", "attempt", "pause", "name", "fork", "branches", "branch", "child", "round", "choice", "error", "by"];
    let about = about.iter().filter_map(|key| told.get(*key)).map(|value| value.to_string().replace('"', ""));
    format!("{path}: {kind} {}", about.collect::<Vec<_>>().join(" ")).trim_end().to_owned()
}

fn shorts(events: &[Event]) -> Vec<String> {
    events.iter().map(short).collect()
}

fn gapless(events: &[Event], from: u64) {
    let numbers: Vec<Option<u64>> = events.iter().map(|event| event.seq).collect();
    let wanted: Vec<Option<u64>> = (from..).map(Some).take(events.len()).collect();
    assert_eq!(numbers, wanted);
}

const BEFORE: &[&str] = &[
    ": run_started",
    ": step_started count 1",
    ": step_completed count 1",
    ": timer_set",
    ": run_paused",
    ": run_resumed",
    ": timer_fired",
    ": loop_iterated 1",
    ": step_started count 1",
    ": step_completed count 1",
    ": loop_iterated 2",
    ": step_started count 1",
    ": step_completed count 1",
    ": choice_taken yes",
    "inner(): child_started inner",
    "inner(): step_started flaky 1",
    "inner(): step_failed flaky 1 not yet",
    "inner(): step_retrying flaky 2",
    "inner(): step_started flaky 2",
    "inner(): step_completed flaky 2",
    "inner(): child_completed inner",
    ": fork_started parallel 2",
    "parallel.0: step_started count 1",
    "parallel.0: step_completed count 1",
    "parallel.0: branch_completed 0",
    "parallel.1: pause_asked agree-1 agree",
    ": run_paused",
    "parallel.1: pause_answered agree-1 ann",
    ": run_resumed",
    "parallel.1: branch_completed 1",
    ": fork_joined parallel",
    ": fork_started parallel#2 2",
    "parallel#2.0: step_started take 1",
    "parallel#2.0: step_completed take 1",
    "parallel#2.0: branch_completed 0",
    "parallel#2.1: step_started take 1",
    "parallel#2.1: step_completed take 1",
    "parallel#2.1: branch_completed 1",
    ": fork_joined parallel#2",
];

#[tokio::test(start_paused = true)]
async fn everything_is_told() {
    let app = App::builder().register::<Everything>(()).build().unwrap();
    for agreed in [true, false] {
        let run = app.start::<Everything>("ab cd".to_owned()).session("s-1").await.unwrap();
        let live = tokio::spawn(run.events(0).try_collect::<Vec<Event>>());
        let Outcome::Paused(_) = run.wait().await.unwrap() else { panic!("it asks") };
        run.answer::<Agree>(agreed).by("ann").await.unwrap();
        let ended = run.wait().await;
        let mut wanted: Vec<String> = BEFORE.iter().map(|text| (*text).to_owned()).collect();
        let end: &[&str] = match agreed {
            true => {
                assert!(matches!(ended, Ok(Outcome::Done(_))), "{ended:?}");
                &[": choice_taken yes", ": run_completed"]
            }
            false => {
                assert!(matches!(ended, Err(RunError::Failed(_))), "{ended:?}");
                &[
                    ": choice_taken no",
                    ": step_started refuse 1",
                    ": step_failed refuse 1 no ab cd",
                    ": run_failed no ab cd",
                    "parallel#2.1: step_undone take",
                    "parallel#2.0: step_undone take",
                    ": run_undone",
                ]
            }
        };
        wanted.extend(end.iter().map(|text| (*text).to_owned()));
        let stored: Vec<Event> = run.events(1).try_collect().await.unwrap();
        assert_eq!(shorts(&stored).join("\n"), wanted.join("\n"));
        gapless(&stored, 1);
        assert!(stored.iter().all(|event| event.run == run.id() && event.workflow == "everything"));
        assert!(stored.iter().all(|event| event.session.as_deref() == Some("s-1")));
        assert!(stored.is_sorted_by_key(|event| event.time));
        // Whoever has read along has read the same.
        assert_eq!(live.await.unwrap().unwrap(), stored);
        let rest: Vec<Event> = run.events(10).try_collect().await.unwrap();
        assert_eq!(rest, stored[9..]);
    }
}

fn events_of(store: impl Store) -> App {
    App::builder().store(store).register::<Everything>(()).build().unwrap()
}

/// Drives a run to its end, answers what it asks, and says whether anything went wrong on the way.
async fn drive(run: &Run<Everything>) -> std::result::Result<(), ()> {
    loop {
        match run.wait().await.map_err(drop)? {
            Outcome::Done(_) => return Ok(()),
            _ => drop(run.answer::<Agree>(true).by("ann").await),
        }
    }
}

/// Kills the process at every write, and takes the run up in another one: what a reader has seen stays as it was, and nothing
/// is told twice that happened once.
async fn killed<S: Store>(world: impl Fn() -> Box<dyn Fn() -> S>) {
    let mut deaths = 0;
    for write in 2.. {
        let mut undisturbed = false;
        for fault in [Fault::DiesBefore, Fault::DiesAfter] {
            let open = world();
            let app = events_of(Faults::at(write, fault).before(open()));
            let run = app.start::<Everything>("ab cd".to_owned()).await.unwrap();
            let id = run.id().to_owned();
            undisturbed |= drive(&run).await.is_ok();
            drop((run, app));
            let seen = open().events(&id, 1, 1_000).await.unwrap();
            let app = events_of(open());
            let run = app.run::<Everything>(&id).await.unwrap();
            drive(&run).await.unwrap();
            let events: Vec<Event> = run.events(0).try_collect().await.unwrap();
            gapless(&events, 1);
            let known = open().events(&id, 1, 1_000).await.unwrap();
            assert_eq!(known[..seen.len()], seen, "{write} {fault:?}");
            let shorts = shorts(&events);
            for once in [
                ": run_started",
                "parallel.1: pause_asked agree-1 agree",
                ": run_completed",
                "inner(): child_completed inner",
            ] {
                assert_eq!(
                    shorts.iter().filter(|text| *text == once).count(),
                    1,
                    "{write} {fault:?} {once}: {shorts:#?}"
                );
            }
            let completed = shorts.iter().filter(|text| text.contains("step_completed")).count();
            assert_eq!(completed, 7, "{write} {fault:?}: {shorts:#?}");
            deaths += u32::from(!undisturbed);
        }
        if undisturbed {
            break;
        }
    }
    assert!(deaths > 20, "{deaths}");
}

#[tokio::test(start_paused = true)]
async fn nothing_acknowledged_is_lost_or_told_twice() {
    killed(|| {
        let memory = Memory::new();
        Box::new(move || memory.reopen())
    })
    .await;
}

#[cfg(feature = "sqlite")]
#[tokio::test(start_paused = true)]
async fn nothing_acknowledged_is_lost_or_told_twice_in_a_file() {
    killed(|| {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        Box::new(move || flow_runtime::Sqlite::open(folder.path().join("flow.db")).unwrap())
    })
    .await;
}

/// Waits to be told to go on.
struct Gate(Semaphore);

impl Gate {
    async fn pass(&self) {
        self.0.acquire().await.unwrap().forget();
    }
}

#[step]
async fn wait_there(cx: &Context, gate: &Gate) -> Result<u64> {
    gate.pass().await;
    cx.progress(0.5, "half of it");
    cx.emit_live("word", "hello");
    cx.emit("noted", &[1, 2]);
    gate.pass().await;
    cx.progress(None, None);
    Ok(1)
}

workflow! {
    async fn waits(gate: &Gate, cx: &Context) -> Result<u64> {
        wait_there(cx, gate).await
    }
}

fn kinds(events: &[Event]) -> Vec<EventKind> {
    events.iter().map(|event| event.kind.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_long_step_is_told_while_it_runs() {
    let (memory, gate) = (Memory::new(), Arc::new(Gate(Semaphore::new(0))));
    let app = App::builder().store(memory.reopen()).register::<Waits>(gate.clone()).build().unwrap();
    let run = app.start::<Waits>(()).await.unwrap();
    let mut here = run.events(0);
    gate.0.add_permits(1);
    // Another process reads along.
    let other = App::builder().store(memory.reopen()).register::<Waits>(gate.clone()).build().unwrap();
    let there = other.run::<Waits>(run.id()).await.unwrap().events(2);
    let mut there = tokio::spawn(async move { there.take(3).try_collect::<Vec<Event>>().await });
    let told = (&mut there).await.unwrap().unwrap();
    let (step, attempt) = ("wait_there".to_owned(), 1);
    let started = EventKind::StepStarted { step: step.clone(), attempt };
    let progress =
        EventKind::StepProgress { step: step.clone(), fraction: Some(0.5), message: Some("half of it".to_owned()) };
    let noted = EventKind::Custom { name: "noted".to_owned(), data: serde_json::json!([1, 2]) };
    assert_eq!(kinds(&told), [started, progress, noted]);
    // What is not stored has reached those who read here, once and at once.
    let mut live = Vec::new();
    while live.len() < 5 {
        live.push(here.next().await.unwrap().unwrap());
    }
    assert_eq!(live.iter().filter(|event| event.seq.is_none()).count(), 1);
    gate.0.add_permits(1);
    let rest: Vec<Event> = here.try_collect().await.unwrap();
    assert_eq!(rest.len(), 3, "{rest:?}");
    assert!(matches!(rest[1].kind, EventKind::StepCompleted { .. }));
    assert_eq!(rest[2].kind, EventKind::RunCompleted);
}

#[tokio::test(start_paused = true)]
async fn what_is_stored_can_be_chosen() {
    for (choice, stored) in [(Events::none(), 0), (Events::all().without(["step_progress", "step_started"]), 4)] {
        let gate = Arc::new(Gate(Semaphore::new(0)));
        let app = App::builder().events(choice).register::<Waits>(gate.clone()).build().unwrap();
        let run = app.start::<Waits>(()).await.unwrap();
        let live = run.events(0);
        gate.0.add_permits(2);
        let live: Vec<Event> = live.try_collect().await.unwrap();
        run.wait().await.unwrap();
        let kept: Vec<Event> = run.events(0).try_collect().await.unwrap();
        assert_eq!(kept.len(), stored, "{kept:?}");
        gapless(&kept, 1);
        // Two of progress, two of its own, the end of the step and of the run: stored or not.
        assert!(live.len() >= 6, "{live:?}");
        assert_eq!(live.last().unwrap().kind, EventKind::RunCompleted);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_read_one_run() {
    let app = App::builder().register::<Long>(()).build().unwrap();
    let run = app.start::<Long>(300).await.unwrap();
    let streams: Vec<_> = (0..50).map(|from| tokio::spawn(run.events(from * 3).try_collect::<Vec<Event>>())).collect();
    let mut slow = run.events(0);
    assert!(slow.next().await.is_some());
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(300)));
    for (number, stream) in streams.into_iter().enumerate() {
        let events = stream.await.unwrap().unwrap();
        gapless(&events, (number as u64 * 3).max(1));
        assert_eq!(events.last().unwrap().kind, EventKind::RunCompleted);
    }
    let rest: Vec<Event> = slow.try_collect().await.unwrap();
    gapless(&rest, 2);
    assert_eq!(rest.len() as u64, 1 + 300 * 3);
}

#[step]
async fn add(sum: u64) -> Result<u64> {
    Ok(sum + 1)
}

workflow! {
    async fn long(times: u64) -> Result<u64> {
        let mut sum = 0;
        for _ in 0..times {
            sum = add(sum).await?;
        }
        Ok(sum)
    }
}

#[step(tx)]
async fn visit(cx: &Context<u64>) -> Result<u64> {
    cx.session().update(|visits| *visits += 1).await.map_err(|error| error.to_string())?;
    Ok(1)
}

workflow! {
    async fn visits(cx: &Context<u64>) -> Result<u64> {
        visit(cx).await
    }
}

workflow! {
    async fn visits_below(cx: &Context<u64>) -> Result<u64> {
        visits(cx).await
    }
}

/// Another run has always been at the session when the first transaction ends.
#[derive(Default)]
struct Overtaken(AtomicBool);

impl Hook for Overtaken {
    fn before(&self, operation: &Operation<'_>) -> std::result::Result<(), StoreError> {
        match operation.name == "commit" && !self.0.swap(true, Ordering::SeqCst) {
            true => Err(StoreError::SessionChanged { session: "s".to_owned() }),
            false => Ok(()),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_goes_with_a_transaction_is_told_when_it_has_to_run_again() {
    let store = Hooked::new(Memory::new(), Overtaken::default());
    let app = App::builder().store(store.clone()).register::<VisitsBelow>(()).build().unwrap();
    let run = app.start::<VisitsBelow>(()).session("s").await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(1)));
    assert!(store.hook().0.load(Ordering::SeqCst));
    let events: Vec<Event> = run.events(0).try_collect().await.unwrap();
    let wanted = [
        ": run_started",
        "visits(): child_started visits",
        "visits(): step_started visit 1",
        "visits(): step_started visit 1",
        "visits(): step_completed visit 1",
        "visits(): child_completed visits",
        ": run_completed",
    ];
    assert_eq!(shorts(&events), wanted);
}

workflow! {
    async fn asks() -> Result<bool> {
        Ok(pause(agree(1)).await)
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_stored_is_told_if_it_happens() {
    let app = App::builder().events(Events::none()).register::<Asks>(()).build().unwrap();
    let run = app.start::<Asks>(()).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Paused(_)));
    let live = tokio::spawn(run.events(0).try_collect::<Vec<Event>>());
    run.retry().await.unwrap_err();
    // Of two who answer at once, one is late.
    let (one, other) = futures::join!(run.answer::<Agree>(true).into_future(), run.answer::<Agree>(true).into_future());
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(true)));
    let live = shorts(&live.await.unwrap().unwrap());
    assert!(!live.iter().any(|text| text == ": run_retried"), "{live:?}");
    assert_eq!(live.iter().filter(|text| text.contains("pause_answered")).count(), 1, "{live:?}");
    assert_eq!(live.last().unwrap(), ": run_completed");
}

workflow! {
    async fn asks_for_an_hour() -> Result<bool> {
        Ok(pause(agree(1)).timeout(Duration::from_secs(3600)).await.unwrap_or(false))
    }
}

#[tokio::test(start_paused = true)]
async fn that_nobody_has_answered_in_time_is_told_even_if_somebody_is_late() {
    let memory = Memory::new();
    let app = App::builder().store(memory.reopen()).register::<AsksForAnHour>(()).build().unwrap();
    let run = app.start::<AsksForAnHour>(()).await.unwrap();
    let Outcome::Paused(open) = run.wait().await.unwrap() else { panic!("it asks") };
    let late = Answer { value: "true".to_owned(), by: None, at: open[0].deadline().unwrap(), comment: None };
    assert_eq!(memory.answer(run.id(), open[0].id(), &late, &[]).await.unwrap(), AnswerReceipt::Expired);
    let events: Vec<Event> = run.events(0).try_collect().await.unwrap();
    assert!(events.iter().any(|event| matches!(event.kind, EventKind::PauseExpired { .. })), "{events:?}");
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(false)));
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_what_is_to_come_keeps_nothing_from_others() {
    let gate = Arc::new(Gate(Semaphore::new(0)));
    let app = App::builder().register::<Waits>(gate.clone()).build().unwrap();
    let run = app.start::<Waits>(()).await.unwrap();
    let to_come = tokio::spawn(run.events(1_000).try_collect::<Vec<Event>>());
    // A clock that stands still goes on when nobody has anything to do.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut events = run.events(1);
    let mut told = Vec::new();
    let began = tokio::time::Instant::now();
    while told.len() < 4 {
        let event = tokio::time::timeout(Duration::from_secs(60), events.next()).await.ok().flatten();
        let event = event.unwrap_or_else(|| panic!("no more than {told:?}")).unwrap();
        told.extend(event.seq);
        if told == [1, 2] {
            gate.0.add_permits(1);
        }
    }
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    gate.0.add_permits(1);
    let rest: Vec<Event> = events.try_collect().await.unwrap();
    gapless(&rest, 5);
    assert_eq!(to_come.await.unwrap().unwrap().iter().filter(|event| event.seq.is_some()).count(), 0);
}
