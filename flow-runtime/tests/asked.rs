//! What becomes of every question of a run: answered, timed out, withdrawn, asked again.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use flow_runtime::{Event, EventKind, Memory, PauseState, prelude::*, store::RunStatus};
use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::json;
use tokio::sync::Semaphore;

type Result<T> = std::result::Result<T, String>;

#[derive(Default)]
struct Works {
    again: AtomicBool,
}

impl Works {
    #[step]
    async fn prepare(&self) -> Result<u32> {
        Ok(7)
    }

    #[step]
    async fn fails_once(&self) -> Result<u32> {
        if self.again.swap(true, Ordering::SeqCst) { Ok(1) } else { Err("out of paper".to_owned()) }
    }

    #[step]
    async fn fails(&self) -> Result<bool> {
        Err("never any paper".to_owned())
    }
}

struct Gate(Semaphore);

impl Gate {
    #[step]
    async fn wait(&self) -> Result<bool> {
        self.0.acquire().await.map_err(|error| error.to_string())?.forget();
        Ok(true)
    }
}

workflow! {
    async fn races() -> Result<(bool, bool)> {
        let first = race!(
            async { Ok(pause(confirm("Ann?")).await.is_yes()) },
            async { Ok(pause(confirm("Ben?")).await.is_yes()) },
        )?;
        let again = pause(confirm("Sure?")).await.is_yes();
        Ok((first, again))
    }
}

workflow! {
    async fn ends_with_a_race() -> Result<bool> {
        race!(
            async { Ok(pause(confirm("Ann?")).await.is_yes()) },
            async { Ok(pause(confirm("Ben?")).await.is_yes()) },
        )
    }
}

workflow! {
    async fn goes_on_after_a_failure(works: &Works) -> Result<bool> {
        let both = parallel!(async { Ok(pause(confirm("Paper?")).await.is_yes()) }, works.fails());
        match both {
            Ok((paper, _)) => Ok(paper),
            Err(_) => Ok(pause(confirm("Go on without?")).await.is_yes()),
        }
    }
}

workflow! {
    async fn fails_beside(works: &Works) -> Result<(bool, u32)> {
        let days = works.prepare().await?;
        let (sure, paper) = parallel!(
            async { Ok(pause(confirm("Sure?").about(&days)).await.is_yes()) },
            works.fails_once(),
        )?;
        Ok((sure, paper))
    }
}

workflow! {
    async fn asks_at_work(gate: &Gate) -> Result<(bool, bool)> {
        let (sure, done) = parallel!(async { Ok(pause(confirm("Sure?")).await.is_yes()) }, gate.wait())?;
        Ok((sure, done))
    }
}

workflow! {
    async fn rounds(max: u32) -> Result<u32> {
        let mut round = 0;
        #[max(9)]
        while round < max {
            if pause(confirm("Enough?")).await.is_yes() {
                return Ok(round);
            }
            round += 1;
        }
        Ok(round)
    }
}

fn app() -> App {
    App::builder()
        .store(Memory::new())
        .register::<Races>(())
        .register::<EndsWithARace>(())
        .register::<GoesOnAfterAFailure>(Works::default())
        .register::<FailsBeside>(Works::default())
        .register::<Rounds>(())
        .build()
        .unwrap()
}

async fn states<W: Workflow>(run: &Run<W>) -> Vec<(String, &'static str)> {
    let asked = run.asked().await.unwrap();
    let state = |state: &PauseState| match state {
        PauseState::Open => "open",
        PauseState::Answered(_) => "answered",
        PauseState::TimedOut { .. } => "timed out",
        PauseState::Withdrawn { at: Some(at) } if *at > 1_700_000_000_000 => "withdrawn",
        _ => "?",
    };
    asked.iter().map(|asked| (asked.id().to_owned(), state(asked.state()))).collect()
}

fn are(expected: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
    expected.iter().map(|(id, state)| ((*id).to_owned(), *state)).collect()
}

/// Pauses and ends of runs, as one line each.
fn told(events: &[Event]) -> Vec<String> {
    let text = |event: &Event| {
        let name = event.kind.name();
        match &event.kind {
            EventKind::PauseAsked { pause, .. }
            | EventKind::PauseAnswered { pause, .. }
            | EventKind::PauseWithdrawn { pause } => Some(format!("{}: {name} {pause}", event.path)),
            EventKind::RunStarted
            | EventKind::RunCompleted
            | EventKind::RunFailed { .. }
            | EventKind::RunCancelled
            | EventKind::RunRetried
            | EventKind::ForkJoined { .. } => Some(name.to_owned()),
            _ => None,
        }
    };
    events.iter().filter_map(text).collect()
}

async fn all<W: Workflow>(run: &Run<W>) -> Vec<String> {
    told(&run.events(0).try_collect::<Vec<Event>>().await.unwrap())
}

#[tokio::test]
async fn who_lost_a_race_need_not_answer() {
    let run = app().start::<Races>(()).await.unwrap();
    run.wait().await.unwrap();
    assert_eq!(states(&run).await, are(&[("confirm-1", "open"), ("confirm-2", "open")]));
    run.answer_json("confirm-2", json!("Yes")).await.unwrap();
    run.wait().await.unwrap();
    let now = are(&[("confirm-1", "withdrawn"), ("confirm-2", "answered"), ("confirm-3", "open")]);
    assert_eq!(states(&run).await, now);
    run.answer_json("confirm-1", json!("Yes")).await.unwrap_err();
    run.answer_json("confirm-3", json!("Yes")).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done((true, true))));
    let expected = [
        "run_started",
        "race.0: pause_asked confirm-1",
        "race.1: pause_asked confirm-2",
        "race.1: pause_answered confirm-2",
        "race.0: pause_withdrawn confirm-1",
        "fork_joined",
        ": pause_asked confirm-3",
        ": pause_answered confirm-3",
        "run_completed",
    ];
    assert_eq!(all(&run).await, expected);
    assert_eq!(states(&run).await[0], ("confirm-1".to_owned(), "withdrawn"));
}

#[tokio::test]
async fn a_run_that_ends_withdraws_what_is_left() {
    let run = app().start::<EndsWithARace>(()).await.unwrap();
    run.wait().await.unwrap();
    run.answer_json("confirm-1", json!("No")).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(false)));
    assert_eq!(states(&run).await, are(&[("confirm-1", "answered"), ("confirm-2", "withdrawn")]));
    let told = all(&run).await;
    assert_eq!(told.iter().filter(|text| text.contains("withdrawn")).count(), 1, "{told:?}");
    assert_eq!(told.last().unwrap(), "run_completed");
}

#[tokio::test]
async fn a_failed_fork_withdraws_what_its_branches_asked() {
    let run = app().start::<GoesOnAfterAFailure>(()).await.unwrap();
    run.wait().await.unwrap();
    assert_eq!(states(&run).await, are(&[("confirm-1", "withdrawn"), ("confirm-2", "open")]));
    let told = all_now(&run).await;
    assert!(told.iter().any(|text| text == "parallel.0: pause_withdrawn confirm-1"), "{told:?}");
    run.answer::<Confirm>(Confirmation::Yes).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(true)));
}

/// What is told so far.
async fn all_now<W: Workflow>(run: &Run<W>) -> Vec<String> {
    let paused = |event: &Event| matches!(event.kind, EventKind::RunPaused { .. });
    let mut events = Vec::new();
    let mut stream = run.events(0);
    while let Some(event) = stream.next().await {
        events.push(event.unwrap());
        if events.last().is_some_and(paused) {
            break;
        }
    }
    told(&events)
}

#[tokio::test]
async fn a_cancelled_run_withdraws_its_questions() {
    let run = app().start::<Races>(()).await.unwrap();
    run.wait().await.unwrap();
    run.cancel().await.unwrap();
    assert_eq!(states(&run).await, are(&[("confirm-1", "withdrawn"), ("confirm-2", "withdrawn")]));
    let told = all(&run).await;
    let end = ["race.0: pause_withdrawn confirm-1", "race.1: pause_withdrawn confirm-2", "run_cancelled"];
    assert_eq!(told[told.len() - 3..], end);
    assert!(run.cancel().await.is_err());
    assert_eq!(all(&run).await, told);
}

#[tokio::test]
async fn a_run_that_is_cancelled_at_work_withdraws_its_questions() {
    let gate = Arc::new(Gate(Semaphore::new(0)));
    let app = App::builder().register::<AsksAtWork>(gate.clone()).build().unwrap();
    let run = app.start::<AsksAtWork>(()).await.unwrap();
    let mut events = run.events(0);
    while !matches!(events.next().await.unwrap().unwrap().kind, EventKind::PauseAsked { .. }) {}
    assert_eq!(run.status().await.unwrap(), RunStatus::Running);
    run.cancel().await.unwrap();
    let told = all(&run).await;
    assert_eq!(told[told.len() - 2..], ["parallel.0: pause_withdrawn confirm-1", "run_cancelled"]);
    assert_eq!(states(&run).await, are(&[("confirm-1", "withdrawn")]));
}

#[tokio::test]
async fn a_failed_run_that_is_tried_again_asks_again() {
    let run = app().start::<FailsBeside>(()).await.unwrap();
    run.wait().await.unwrap_err();
    assert_eq!(states(&run).await, are(&[("confirm-1", "withdrawn")]));
    assert!(run.answer::<Confirm>(Confirmation::Yes).await.is_err());
    run.retry().await.unwrap();
    let Outcome::Paused(open) = run.wait().await.unwrap() else { panic!("it is asked again") };
    assert_eq!((open[0].id(), open[0].asked_before(), open[0].prompt()), ("confirm-1", 0, &json!({"about": 7})));
    assert_eq!(states(&run).await, are(&[("confirm-1", "open")]));
    run.answer::<Confirm>(Confirmation::Yes).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done((true, 1))));
    let expected = [
        "run_started",
        "parallel.0: pause_asked confirm-1",
        "parallel.0: pause_withdrawn confirm-1",
        "run_failed",
        "run_retried",
        "parallel.0: pause_asked confirm-1",
        "parallel.0: pause_answered confirm-1",
        "fork_joined",
        "run_completed",
    ];
    assert_eq!(all(&run).await, expected);
}

#[tokio::test]
async fn a_copy_asks_again_and_goes_on_counting() {
    let run = app().start::<Rounds>(5).await.unwrap();
    for _ in 0..2 {
        run.wait().await.unwrap();
        run.answer::<Confirm>(Confirmation::No).by("ann").comment("more").await.unwrap();
    }
    let Outcome::Paused(open) = run.wait().await.unwrap() else { panic!("it asks") };
    assert_eq!((open[0].id(), open[0].asked_before()), ("confirm-3", 2));
    let checkpoints = run.checkpoints().await.unwrap();
    // Where the second one was asked.
    let copy = run.fork(checkpoints[1].seq).await.unwrap();
    let Outcome::Paused(open) = copy.wait().await.unwrap() else { panic!("it asks") };
    assert_eq!((open[0].id(), open[0].asked_before()), ("confirm-2", 1));
    assert_eq!(states(&copy).await, are(&[("confirm-2", "open")]));
    copy.answer::<Confirm>(Confirmation::No).await.unwrap();
    let Outcome::Paused(open) = copy.wait().await.unwrap() else { panic!("it asks once more") };
    assert_eq!((open[0].id(), open[0].asked_before()), ("confirm-3", 2));
    copy.answer::<Confirm>(Confirmation::Yes).await.unwrap();
    assert!(matches!(copy.wait().await.unwrap(), Outcome::Done(2)));
    let told = all(&copy).await;
    assert_eq!(told[..3], ["run_started", ": pause_asked confirm-2", ": pause_answered confirm-2"]);
    // The original waits where it did.
    assert_eq!(states(&run).await, are(&[("confirm-1", "answered"), ("confirm-2", "answered"), ("confirm-3", "open")]));
}
