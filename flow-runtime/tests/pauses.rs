//! Questions and answers: one or many open, in any order, from any process, each answer once.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{error::Error as _, future::IntoFuture as _, time::Duration};

use flow_runtime::{AnswerError, Memory, OpenPause, prelude::*, store::RunStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

type Result<T> = std::result::Result<T, String>;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Draft {
    title: String,
    words: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
enum Approval {
    Publish { by: String },
    Reject(String),
}

/// Please read the draft.
///
/// Publish it, or say what is wrong.
#[pause]
fn approve(draft: &Draft, round: u32) -> Approval;

#[pause]
fn check(fact: &str) -> bool;

#[step]
async fn long_step(hours: u64) -> Result<u64> {
    tokio::time::sleep(Duration::from_secs(hours * 3600)).await;
    Ok(hours)
}

#[step]
async fn fails_at_once() -> Result<bool> {
    Err("out of paper".to_owned())
}

workflow! {
    async fn publish(title: String) -> Result<String> {
        let mut draft = Draft { title, words: 0 };
        for round in 1..=3 {
            match pause(approve(&draft, round)).await {
                Approval::Publish { by } => return Ok(format!("{} by {by}, round {round}", draft.title)),
                Approval::Reject(why) => draft.words += why.len() as u32,
            }
        }
        Err(format!("rejected with {} words", draft.words))
    }
}

workflow! {
    async fn check_facts() -> Result<(bool, bool, bool)> {
        let (left, (middle, right)) = parallel!(
            async { Ok(pause(check("left")).await) },
            async {
                let both = parallel!(
                    async { Ok(pause(check("middle")).await) },
                    async { Ok(pause(check("right")).await) },
                )?;
                Ok(both)
            },
        )?;
        Ok((left, middle, right))
    }
}

workflow! {
    async fn ask_while_working(hours: u64) -> Result<(u64, bool)> {
        let (hours, sure) = parallel!(long_step(hours), async { Ok(pause(check("sure")).await) })?;
        Ok((hours, sure))
    }
}

workflow! {
    async fn ask_beside_a_failure() -> Result<bool> {
        let both = parallel!(async { Ok(pause(check("paper")).await) }, fails_at_once());
        match both {
            Ok((paper, _)) => Ok(paper),
            Err(_) => Ok(pause(check("go on without")).await),
        }
    }
}

mod legal {
    #[flow_runtime::pause]
    pub(crate) fn sign() -> bool;
}

mod style {
    #[flow_runtime::pause]
    pub(crate) fn sign() -> String;
}

workflow! {
    async fn sign_twice() -> Result<(bool, String)> {
        let legal = pause(legal::sign()).await;
        let style = pause(style::sign()).await;
        Ok((legal, style))
    }
}

fn app(store: Memory) -> App {
    App::builder()
        .store(store)
        .register::<Publish>(())
        .register::<CheckFacts>(())
        .register::<AskWhileWorking>(())
        .register::<AskBesideAFailure>(())
        .register::<SignTwice>(())
        .build()
        .unwrap()
}

fn open<T: std::fmt::Debug>(outcome: Outcome<T>) -> Vec<OpenPause> {
    match outcome {
        Outcome::Paused(pauses) => pauses,
        other => panic!("should wait: {other:?}"),
    }
}

fn ids(pauses: &[OpenPause]) -> Vec<&str> {
    pauses.iter().map(OpenPause::id).collect()
}

#[tokio::test]
async fn an_open_pause_says_all_about_itself() {
    let run = app(Memory::new()).start::<Publish>("Flow".to_owned()).await.unwrap();
    let pauses = open(run.wait().await.unwrap());
    let [pause] = &pauses[..] else { panic!("{pauses:?}") };
    assert_eq!((pause.id(), pause.name(), pause.path()), ("approve-1", "approve", ""));
    assert_eq!(pause.question(), "Please read the draft.\n\nPublish it, or say what is wrong.");
    assert_eq!(*pause.prompt(), json!({"draft": {"title": "Flow", "words": 0}, "round": 1}));
    assert_eq!(pause.schema()["title"], "Approval");
    assert!(pause.asked_at() > 1_700_000_000_000);
    assert_eq!(run.status().await.unwrap(), RunStatus::Paused);
    assert_eq!(run.pauses().await.unwrap(), pauses);
}

#[tokio::test]
async fn a_run_goes_on_in_another_process_with_the_answer() {
    let store = Memory::new();
    let id = {
        let app = app(store.clone());
        let run = app.start::<Publish>("Flow".to_owned()).await.unwrap();
        open(run.wait().await.unwrap());
        run.id().to_owned()
    };
    let run = app(store.reopen()).run::<Publish>(&id).await.unwrap();
    run.answer::<Approve>(Approval::Reject("too short".to_owned())).by("ben").await.unwrap();
    let pauses = open(run.wait().await.unwrap());
    assert_eq!(ids(&pauses), ["approve-2"]);
    assert_eq!(pauses[0].prompt()["draft"]["words"], 9);
    let run = app(store.reopen()).run::<Publish>(&id).await.unwrap();
    run.answer_json("approve-2", json!({"Publish": {"by": "ann"}})).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(text) if text == "Flow by ann, round 2"));
}

#[tokio::test]
async fn a_wrong_answer_names_the_field_and_changes_nothing() {
    let run = app(Memory::new()).start::<Publish>("Flow".to_owned()).await.unwrap();
    open(run.wait().await.unwrap());
    let error = run.answer_json("approve", json!({"Publish": {"by": 7}})).await.unwrap_err();
    assert_eq!(error.to_string(), "the answer does not fit pause `approve-1`");
    let cause = error.source().unwrap().to_string();
    assert!(cause.starts_with("at `Publish.by`: invalid type: integer `7`, expected a string"), "{cause}");
    let error = run.answer_json("approve-1", json!("Maybe")).await.unwrap_err();
    assert!(error.source().unwrap().to_string().contains("unknown variant `Maybe`, expected `Publish` or `Reject`"));
    run.answer::<Approve>(Approval::Publish { by: "ann".to_owned() }).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(_)));
}

#[tokio::test]
async fn several_pauses_are_answered_in_any_order() {
    for order in
        [["check-1", "check-2", "check-3"], ["check-3", "check-1", "check-2"], ["check-2", "check-3", "check-1"]]
    {
        let store = Memory::new();
        let id = app(store.clone()).start::<CheckFacts>(()).await.unwrap().id().to_owned();
        for (answered, pause) in order.iter().enumerate() {
            // A process of its own for every answer.
            let run = app(store.reopen()).run::<CheckFacts>(&id).await.unwrap();
            let pauses = open(run.wait().await.unwrap());
            assert_eq!(pauses.len(), 3 - answered);
            run.answer_json(pause, json!(*pause != "check-2")).await.unwrap();
            let _ = run.wait().await.unwrap();
        }
        let run = app(store.reopen()).run::<CheckFacts>(&id).await.unwrap();
        assert!(matches!(run.wait().await.unwrap(), Outcome::Done((true, false, true))));
    }
}

#[tokio::test]
async fn pauses_know_their_branch_and_an_ambiguous_answer_is_refused() {
    let run = app(Memory::new()).start::<CheckFacts>(()).await.unwrap();
    let pauses = open(run.wait().await.unwrap());
    let paths: Vec<&str> = pauses.iter().map(OpenPause::path).collect();
    assert_eq!(paths, ["parallel.0", "parallel.1/parallel.0", "parallel.1/parallel.1"]);
    let error = run.answer::<Check>(true).await.unwrap_err();
    assert!(matches!(&error, AnswerError::Ambiguous { ids, .. } if ids.len() == 3), "{error}");
    assert!(error.to_string().contains("answer one of check-1, check-2, check-3 by its id"), "{error}");
}

#[tokio::test]
async fn of_a_hundred_answers_exactly_one_counts() {
    let run = app(Memory::new()).start::<Publish>("Flow".to_owned()).await.unwrap();
    open(run.wait().await.unwrap());
    let answers = (0..100).map(|n| {
        let run = run.clone();
        tokio::spawn(async move { run.answer_json("approve-1", json!({"Publish": {"by": format!("{n}")}})).await })
    });
    let (mut accepted, mut refused) = (0, 0);
    for answer in answers.collect::<Vec<_>>() {
        match answer.await.unwrap() {
            Ok(()) => accepted += 1,
            Err(AnswerError::AlreadyAnswered { pause, answer }) => {
                assert_eq!(pause, "approve-1");
                assert!(answer.value.starts_with(r#"{"Publish":"#));
                refused += 1;
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!((accepted, refused), (1, 99));
}

#[tokio::test]
async fn an_answer_to_nothing_is_refused() {
    let app = app(Memory::new());
    let run = app.start::<Publish>("Flow".to_owned()).await.unwrap();
    open(run.wait().await.unwrap());
    let error = run.answer_json("approve-7", json!(1)).await.unwrap_err();
    assert!(error.to_string().ends_with("does not wait at a pause `approve-7`; it waits at approve-1"), "{error}");
    let error = run.answer::<Check>(true).await.unwrap_err();
    assert!(matches!(error, AnswerError::NoSuchPause { .. }), "{error}");
    run.answer::<Approve>(Approval::Publish { by: "ann".to_owned() }).await.unwrap();
    run.wait().await.unwrap();
    let error = run.answer::<Approve>(Approval::Reject("late".to_owned())).await.unwrap_err();
    assert!(matches!(error, AnswerError::AlreadyAnswered { .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_branch_takes_its_answer_while_another_one_works() {
    let store = Memory::new();
    let app = app(store.clone());
    let run = app.start::<AskWhileWorking>(3).await.unwrap();
    let mut pauses = Vec::new();
    while pauses.is_empty() {
        tokio::task::yield_now().await;
        pauses = run.pauses().await.unwrap();
    }
    assert_eq!(ids(&pauses), ["check-1"]);
    assert_eq!(run.status().await.unwrap(), RunStatus::Running, "the other branch is still at work");
    run.answer::<Check>(true).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done((3, true))));
}

#[tokio::test(start_paused = true)]
async fn an_answer_from_another_process_reaches_a_driver_at_work() {
    let store = Memory::new();
    let (first, second) = (app(store.clone()), app(store.reopen()));
    let run = first.start::<AskWhileWorking>(3).await.unwrap();
    while run.pauses().await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let elsewhere = second.run::<AskWhileWorking>(run.id()).await.unwrap();
    elsewhere.answer::<Check>(false).await.unwrap();
    assert!(matches!(elsewhere.wait().await.unwrap(), Outcome::Done((3, false))));
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done((3, false))));
}

#[tokio::test]
async fn the_pause_of_a_dropped_branch_is_withdrawn() {
    let run = app(Memory::new()).start::<AskBesideAFailure>(()).await.unwrap();
    let pauses = open(run.wait().await.unwrap());
    assert_eq!(ids(&pauses), ["check-2"], "check-1 went with its branch");
    let error = run.answer_json("check-1", json!(true)).await.unwrap_err();
    assert!(matches!(error, AnswerError::NotWaiting { .. }), "{error}");
    // By kind there is one left to answer.
    run.answer::<Check>(true).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(true)));
}

#[tokio::test]
async fn pauses_of_one_name_are_told_apart_by_what_they_ask_for() {
    let run = app(Memory::new()).start::<SignTwice>(()).await.unwrap();
    open(run.wait().await.unwrap());
    let error = run.answer::<style::Sign>("fine".to_owned()).await.unwrap_err();
    assert!(matches!(error, AnswerError::Mismatch { .. }), "{error}");
    run.answer::<legal::Sign>(true).await.unwrap();
    open(run.wait().await.unwrap());
    run.answer::<style::Sign>("fine".to_owned()).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done((true, text)) if text == "fine"));
}

#[tokio::test]
async fn an_answer_reaches_its_run_even_if_nobody_waits_for_that() {
    let run = app(Memory::new()).start::<Publish>("Flow".to_owned()).await.unwrap();
    open(run.wait().await.unwrap());
    let answer = run.answer::<Approve>(Approval::Publish { by: "ann".to_owned() }).into_future();
    // Polled until the answer is on its way, then dropped, as a server does when its client goes away.
    tokio::select! {
        biased;
        result = answer => result.unwrap(),
        () = async { tokio::task::yield_now().await } => {}
    }
    while run.status().await.unwrap() != RunStatus::Completed {
        tokio::task::yield_now().await;
    }
}

#[test]
fn another_runtime_takes_a_run_up_that_the_first_one_left_behind() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let app = app(Memory::new());
    let first = runtime();
    let run = first.block_on(async { app.start::<AskWhileWorking>(1).await.unwrap() });
    drop(first);
    let outcome = runtime().block_on(async {
        let run = run.clone();
        let waiting = tokio::spawn({
            let run = run.clone();
            async move { run.wait().await }
        });
        while run.pauses().await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        run.answer::<Check>(true).await.unwrap();
        waiting.await.unwrap().unwrap()
    });
    assert!(matches!(outcome, Outcome::Done((1, true))));
}
