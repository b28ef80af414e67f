//! Reminders of questions that stay open: at their times, whoever drives the run or nobody, and no more than there is reason for.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use flow_runtime::{
    Event, EventKind, Memory, OpenPause, PauseState, Store as _,
    prelude::*,
    store::{Answer, AnswerReceipt, RunStatus},
    testing::VirtualClock,
};
use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::json;

type Result<T> = std::result::Result<T, String>;

const MINUTE: Duration = Duration::from_secs(60);
/// Short, because in a test without a clock of its own an App looks around every few seconds of it.
const ROUND: Duration = Duration::from_secs(600);
const ROUND_MS: i64 = 600_000;

#[step]
async fn work(minutes: u32) -> Result<u32> {
    tokio::time::sleep(MINUTE * minutes).await;
    Ok(minutes)
}

workflow! {
    async fn asks() -> Result<bool> {
        Ok(pause(confirm("Sure?").remind_every(ROUND)).await.is_yes())
    }
}

workflow! {
    async fn asks_for_rounds(rounds: u32) -> Result<String> {
        let answer = pause(confirm("Sure?")).remind_every(ROUND).timeout(ROUND * rounds).await;
        Ok(match answer {
            Ok(answer) => format!("{answer:?}"),
            Err(late) => late.to_string(),
        })
    }
}

workflow! {
    async fn asks_for_a_while(minutes: u64) -> Result<bool> {
        let sure = race!(
            async { Ok(pause(confirm("Sure?").remind_every(ROUND)).await.is_yes()) },
            async { sleep(Duration::from_secs(60 * minutes)).await; Ok(false) },
        )?;
        sleep(ROUND * 9).await;
        Ok(sure)
    }
}

workflow! {
    async fn asks_two_at_work() -> Result<(bool, bool)> {
        let (_, one, two) = parallel!(
            work(100),
            async { Ok(pause(confirm("One?").remind_every(MINUTE * 40)).await.is_yes()) },
            async { Ok(pause(confirm("Two?").remind_every(MINUTE * 30)).timeout(MINUTE * 90).await.is_ok()) },
        )?;
        Ok((one, two))
    }
}

fn app(store: Memory) -> App {
    let app = App::builder().store(store).register::<Asks>(()).register::<AsksForRounds>(());
    app.register::<AsksForAWhile>(()).register::<AsksTwoAtWork>(()).build().unwrap()
}

fn open<T: std::fmt::Debug>(outcome: Outcome<T>) -> OpenPause {
    match outcome {
        Outcome::Paused(mut pauses) if pauses.len() == 1 => pauses.remove(0),
        other => panic!("should wait for one answer: {other:?}"),
    }
}

/// The reminders of these events: which, the how-manieth, when.
fn reminders(events: &[Event]) -> Vec<(String, u32, i64)> {
    let of = |event: &Event| match &event.kind {
        EventKind::PauseReminded { pause, times } => Some((pause.clone(), *times, event.time)),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

/// Reads on until there were so many reminders.
async fn remind<W: Workflow>(run: &Run<W>, count: usize) -> Vec<(String, u32, i64)> {
    let mut events = run.events(0);
    let mut seen = Vec::new();
    while reminders(&seen).len() < count {
        seen.push(events.next().await.expect("the run goes on").unwrap());
    }
    reminders(&seen)
}

async fn all<W: Workflow>(run: &Run<W>) -> Vec<Event> {
    run.events(0).try_collect().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn of_a_parked_run_somebody_is_reminded_until_it_is_answered() {
    let app = app(Memory::new());
    let run = app.start::<Asks>(()).await.unwrap();
    let pause = open(run.wait().await.unwrap());
    assert_eq!((pause.remind_every(), run.status().await.unwrap()), (Some(ROUND), RunStatus::Paused));
    let told = remind(&run, 3).await;
    let expected = |times: u32| ("confirm-1".to_owned(), times);
    let found: Vec<(String, u32)> = told.iter().map(|(pause, times, _)| (pause.clone(), *times)).collect();
    assert_eq!(found, [expected(1), expected(2), expected(3)]);
    for (_, times, at) in &told {
        // By the stored time, and not from the last reminder on.
        let late = at - pause.asked_at() - ROUND_MS * i64::from(*times);
        assert!((0..1_000).contains(&late), "reminder {times} is {late} ms late");
    }
    assert_eq!(open(run.wait().await.unwrap()).id(), "confirm-1");
    assert_eq!(run.asked().await.unwrap()[0].reminded(), 3);
    run.answer::<Confirm>(Confirmation::Yes).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(true)));
    assert_eq!(reminders(&all(&run).await).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn any_process_reminds() {
    let store = Memory::new();
    let (id, asked_at) = {
        let app = app(store.reopen());
        let run = app.start::<Asks>(()).await.unwrap();
        let asked_at = open(run.wait().await.unwrap()).asked_at();
        remind(&run, 1).await;
        open(run.wait().await.unwrap());
        (run.id().to_owned(), asked_at)
    };
    // Another process, to which nobody names the run.
    let other = app(store.reopen());
    let run = other.run::<Asks>(&id).await.unwrap();
    let told = remind(&run, 2).await;
    assert_eq!((told[1].1, (told[1].2 - asked_at) / ROUND_MS), (2, 2));
}

#[tokio::test]
async fn what_fell_due_while_nothing_ran_is_told_once() {
    let (store, clock) = (Memory::new(), VirtualClock::stopped());
    let app = |store: &Memory| App::builder().store(store.reopen()).clock(&clock).register::<Asks>(()).build().unwrap();
    let (id, asked_at) = {
        let app = app(&store);
        let run = app.start::<Asks>(()).await.unwrap();
        let pause = open(run.wait().await.unwrap());
        assert_eq!(app.runs(&Default::default()).await.unwrap()[0].wake, Some(pause.asked_at() + ROUND_MS));
        (run.id().to_owned(), pause.asked_at())
    };
    clock.advance(ROUND * 10 + MINUTE);
    let app = app(&store);
    let run = app.run::<Asks>(&id).await.unwrap();
    assert_eq!(remind(&run, 1).await, [("confirm-1".to_owned(), 1, asked_at + ROUND_MS * 10 + 60_000)]);
    open(run.wait().await.unwrap());
    let record = run.any().record().await.unwrap();
    assert_eq!(record.wake, Some(asked_at + ROUND_MS * 11), "the next is at its own time");
    clock.advance(MINUTE * 9);
    assert_eq!(remind(&run, 2).await[1], ("confirm-1".to_owned(), 2, asked_at + ROUND_MS * 11));
}

#[tokio::test(start_paused = true)]
async fn at_the_deadline_nobody_is_reminded() {
    for (rounds, reminded) in [(1, 0), (3, 2)] {
        let app = app(Memory::new());
        let run = app.start::<AsksForRounds>(rounds).await.unwrap();
        open(run.wait().await.unwrap());
        let events = all(&run).await;
        assert_eq!(reminders(&events).len(), reminded, "{events:?}");
        let Outcome::Done(text) = run.wait().await.unwrap() else { panic!("time is over") };
        assert!(text.starts_with("pause `confirm` was not answered within"), "{text}");
        assert!(matches!(run.asked().await.unwrap()[0].state(), PauseState::TimedOut { .. }));
    }
}

#[tokio::test]
async fn a_deadline_that_passed_with_a_reminder_ends_the_question() {
    let (store, clock) = (Memory::new(), VirtualClock::stopped());
    let app = |store: &Memory| {
        App::builder().store(store.reopen()).clock(&clock).register::<AsksForRounds>(()).build().unwrap()
    };
    let id = {
        let app = app(&store);
        let run = app.start::<AsksForRounds>(4).await.unwrap();
        open(run.wait().await.unwrap());
        run.id().to_owned()
    };
    clock.advance(ROUND * 5);
    let run = app(&store).run::<AsksForRounds>(&id).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(text) if text.contains("was not answered within 40m")));
    assert_eq!(reminders(&all(&run).await), []);
}

#[tokio::test(start_paused = true)]
async fn of_what_is_withdrawn_nobody_is_reminded_any_more() {
    let app = app(Memory::new());
    let run = app.start::<AsksForAWhile>(25).await.unwrap();
    open(run.wait().await.unwrap());
    let events = all(&run).await;
    let of_pause: Vec<&str> =
        events.iter().map(|event| event.kind.name()).filter(|name| name.starts_with("pause_")).collect();
    assert_eq!(of_pause, ["pause_asked", "pause_reminded", "pause_reminded", "pause_withdrawn"]);
    assert!(matches!(run.asked().await.unwrap()[0].state(), PauseState::Withdrawn { at: Some(_) }));
}

#[tokio::test(start_paused = true)]
async fn branches_are_reminded_each_at_its_times_while_others_work() {
    let app = app(Memory::new());
    let run = app.start::<AsksTwoAtWork>(()).await.unwrap();
    let told = remind(&run, 4).await;
    let found: Vec<(&str, u32)> = told.iter().map(|(pause, times, _)| (pause.as_str(), *times)).collect();
    assert_eq!(found, [("confirm-2", 1), ("confirm-1", 1), ("confirm-2", 2), ("confirm-1", 2)]);
    run.answer_json("confirm-1", json!("Yes")).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done((true, false))));
    assert_eq!(reminders(&all(&run).await).len(), 4, "the third of the second would be at its deadline");
}

#[tokio::test]
async fn who_has_answered_elsewhere_is_not_reminded() {
    let (store, clock) = (Memory::new(), VirtualClock::stopped());
    let app = App::builder().store(store.reopen()).clock(&clock).register::<Asks>(()).build().unwrap();
    let run = app.start::<Asks>(()).await.unwrap();
    let pause = open(run.wait().await.unwrap());
    let answer = Answer { value: r#""Yes""#.to_owned(), at: pause.asked_at() + 1, ..Answer::default() };
    assert_eq!(store.answer(run.id(), pause.id(), &answer, &[]).await.unwrap(), AnswerReceipt::Accepted);
    clock.advance(ROUND * 2);
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(true)));
    assert_eq!(reminders(&all(&run).await), []);
}

#[tokio::test(start_paused = true)]
async fn without_an_app_nobody_is_reminded() {
    let error = Asks::run(&(), ()).await.unwrap_err();
    assert!(matches!(error, flow_runtime::RunError::Paused(pauses) if pauses.len() == 1));
}
