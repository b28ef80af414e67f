//! The asks that are built in: what they ask, what they take for an answer, who may give it, and what the workflow gets.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{error::Error as _, time::Duration};

use flow_runtime::{AnswerError, Memory, OpenPause, PauseState, prelude::*};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

type Result<T> = std::result::Result<T, String>;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Draft {
    title: String,
    words: u32,
}

/// Where a thing goes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
enum Route {
    Legal,
    Press,
    Nobody,
}

/// Shall it be published?
#[pause]
fn approve(draft: &Draft) -> bool;

workflow! {
    async fn sends(title: String) -> Result<String> {
        let draft = Draft { title, words: 7 };
        if !pause(confirm(format!("Send {}?", draft.title)).about(&draft)).await.is_yes() {
            return Ok("not sent".to_owned());
        }
        Ok("sent".to_owned())
    }
}

workflow! {
    async fn routes(routes: Vec<Route>) -> Result<(Route, Vec<String>)> {
        let route = pause(choose("Where to?", routes)).await;
        let people = vec!["ann".to_owned(), "ben".to_owned(), "cay".to_owned()];
        let told = pause(
            choose_many("Who is told?", people).labels(["Ann", "Ben", "Cay"]).at_least(1).at_most(2),
        ).await;
        Ok((route, told))
    }
}

workflow! {
    async fn reviews(title: String) -> Result<Draft> {
        let mut draft = Draft { title, words: 0 };
        #[max(3)]
        loop {
            match pause(review(&draft)).await {
                Review::Accept => break,
                Review::Edit(better) => draft = better,
                Review::Reject { feedback } => draft.words += feedback.len() as u32,
            }
        }
        Ok(draft)
    }
}

workflow! {
    async fn forms() -> Result<(Draft, Vec<Route>, String)> {
        let draft: Draft = pause(ask("What is it?")).await;
        let routes = pause(ask::<Vec<Route>>("Where to?")).await;
        let Review::Edit(text) = pause(review("a text").question("How should it read?")).await else {
            return Err("it was to be edited".to_owned());
        };
        Ok((draft, routes, text))
    }
}

workflow! {
    async fn two_agree(cx: &Context, title: String) -> Result<Vec<Answered<bool>>> {
        let draft = Draft { title, words: 1 };
        let mut have = Vec::new();
        let mut given = Vec::new();
        #[max(2)]
        while given.len() < 2 {
            let answer = pause(approve(&draft).question(format!("Approval {}", given.len() + 1)))
                .to_role("editor")
                .to("root")
                .except(cx.user_id())
                .except(&have)
                .answered()
                .await;
            have.extend(answer.by.clone());
            given.push(answer);
        }
        Ok(given)
    }
}

workflow! {
    async fn in_time() -> Result<(bool, bool)> {
        let day = Duration::from_secs(86_400);
        let first = pause(confirm("one").timeout(day).answered()).await;
        let second = pause(confirm("two")).answered().timeout(day).await;
        let by = |answer: &std::result::Result<Answered<Confirmation>, TimedOut>| {
            answer.as_ref().is_ok_and(|answer| answer.by.as_deref() == Some("ann"))
        };
        Ok((by(&first), by(&second)))
    }
}

workflow! {
    async fn impossible(kind: String) -> Result<String> {
        let _: String = match kind.as_str() {
            "none" => pause(choose("Which?", Vec::<String>::new())).await,
            "labels" => pause(choose("Which?", vec!["a".to_owned()]).labels(["A", "B"])).await,
            "many" => {
                let chosen = pause(choose_many("Which?", vec!["a".to_owned()]).at_least(2)).await;
                chosen.concat()
            }
            _ => pause(ask("Which?").to("ann").except("ann")).await,
        };
        Ok(kind)
    }
}

fn app() -> App {
    App::builder()
        .store(Memory::new())
        .register::<Sends>(())
        .register::<Routes>(())
        .register::<Reviews>(())
        .register::<Forms>(())
        .register::<TwoAgree>(())
        .register::<InTime>(())
        .register::<Impossible>(())
        .build()
        .unwrap()
}

fn open<T: std::fmt::Debug>(outcome: Outcome<T>) -> OpenPause {
    match outcome {
        Outcome::Paused(mut pauses) if pauses.len() == 1 => pauses.remove(0),
        other => panic!("should wait for one answer: {other:?}"),
    }
}

fn done<T: std::fmt::Debug>(outcome: Outcome<T>) -> T {
    match outcome {
        Outcome::Done(output) => output,
        other => panic!("should be done: {other:?}"),
    }
}

fn invalid(error: AnswerError) -> Vec<(String, String)> {
    match error {
        AnswerError::Invalid { errors, .. } => {
            errors.iter().map(|error| (error.path().to_owned(), error.message().to_owned())).collect()
        }
        other => panic!("should be invalid: {other:?}"),
    }
}

#[tokio::test]
async fn a_confirmation_is_yes_or_no() {
    let run = app().start::<Sends>("Flow".to_owned()).await.unwrap();
    let pause = open(run.wait().await.unwrap());
    assert_eq!((pause.id(), pause.name(), pause.point()), ("confirm-1", "confirm", "confirm"));
    assert_eq!((pause.question(), pause.asked_before()), ("Send Flow?", 0));
    assert_eq!(*pause.prompt(), json!({"about": {"title": "Flow", "words": 7}}));
    let consts: Vec<&Value> = pause.schema()["oneOf"].as_array().unwrap().iter().map(|one| &one["const"]).collect();
    assert_eq!(consts, ["Yes", "No"]);
    assert!(pause.allowed().is_anyone() && pause.remind_every().is_none());
    assert!(matches!(run.answer_json("confirm", json!(true)).await, Err(AnswerError::Mismatch { .. })));
    run.answer::<Confirm>(Confirmation::Yes).comment("at last").await.unwrap();
    assert_eq!(done(run.wait().await.unwrap()), "sent");
    let asked = run.asked().await.unwrap();
    let PauseState::Answered(answered) = asked[0].state() else { panic!("{asked:?}") };
    assert_eq!((&answered.answer, answered.comment.as_deref()), (&json!("Yes"), Some("at last")));
    let shown = serde_json::to_value(&asked[0]).unwrap();
    assert_eq!(
        (&shown["id"], &shown["state"], &shown["comment"]),
        (&json!("confirm-1"), &json!("answered"), &json!("at last"))
    );
}

#[tokio::test]
async fn what_is_chosen_is_one_of_the_options() {
    let run = app().start::<Routes>(vec![Route::Legal, Route::Press]).await.unwrap();
    let pause = open(run.wait().await.unwrap());
    assert_eq!((pause.id(), pause.question()), ("choose-1", "Where to?"));
    assert_eq!((&pause.schema()["title"], &pause.schema()["enum"]), (&json!("Route"), &json!(["Legal", "Press"])));
    // Of the type, but not offered here.
    let errors = invalid(run.answer::<Choose<Route>>(Route::Nobody).await.unwrap_err());
    assert_eq!(errors, [(String::new(), r#""Nobody" is none of the options: "Legal", "Press""#.to_owned())]);
    let error = run.answer_json("choose", json!("Moon")).await.unwrap_err();
    assert!(error.source().unwrap().to_string().contains("unknown variant `Moon`"), "{error:?}");
    run.answer::<Choose<Route>>(Route::Press).await.unwrap();

    let pause = open(run.wait().await.unwrap());
    let labelled =
        json!([{"const": "ann", "title": "Ann"}, {"const": "ben", "title": "Ben"}, {"const": "cay", "title": "Cay"}]);
    let schema = pause.schema();
    assert_eq!(
        (&schema["type"], &schema["uniqueItems"], &schema["items"]["oneOf"]),
        (&json!("array"), &json!(true), &labelled)
    );
    assert_eq!((&schema["minItems"], &schema["maxItems"]), (&json!(1), &json!(2)));
    let errors = invalid(run.answer_json("choose_many", json!(["dan", "ann", "ann"])).await.unwrap_err());
    assert_eq!(errors.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["[0]", "[2]", ""], "{errors:?}");
    assert_eq!((errors[1].1.as_str(), errors[2].1.as_str()), ("chosen twice", "3 chosen, expected at most 2"));
    let errors = invalid(run.answer_json("choose_many", json!([])).await.unwrap_err());
    assert_eq!(errors[0].1, "0 chosen, expected at least 1");
    run.answer::<ChooseMany<String>>(vec!["cay".to_owned(), "ann".to_owned()]).await.unwrap();
    let (route, told) = done(run.wait().await.unwrap());
    assert_eq!((route, told), (Route::Press, vec!["cay".to_owned(), "ann".to_owned()]));
}

#[tokio::test]
async fn a_review_accepts_edits_or_rejects() {
    let run = app().start::<Reviews>("Flow".to_owned()).await.unwrap();
    let pause = open(run.wait().await.unwrap());
    assert_eq!((pause.id(), pause.question()), ("review-1", "Is this good?"));
    assert_eq!(*pause.prompt(), json!({"value": {"title": "Flow", "words": 0}}));
    run.answer_json("review", json!({"Reject": {"feedback": "too short"}})).await.unwrap();
    let pause = open(run.wait().await.unwrap());
    assert_eq!((pause.prompt()["value"]["words"].clone(), pause.asked_before()), (json!(9), 1));
    let better = Draft { title: "Flows".to_owned(), words: 90 };
    run.answer::<ReviewOf<Draft>>(Review::Edit(better.clone())).await.unwrap();
    assert_eq!(open(run.wait().await.unwrap()).asked_before(), 2);
    run.answer::<ReviewOf<Draft>>(Review::Accept).await.unwrap();
    assert_eq!(done(run.wait().await.unwrap()), better);
}

#[tokio::test]
async fn a_form_asks_for_any_type() {
    let run = app().start::<Forms>(()).await.unwrap();
    let pause = open(run.wait().await.unwrap());
    assert_eq!((pause.id(), pause.name(), pause.question()), ("ask-1", "ask", "What is it?"));
    assert_eq!(pause.schema()["properties"]["words"]["type"], "integer");
    let error = run.answer_json("ask", json!({"title": "Flow", "words": "many"})).await.unwrap_err();
    assert!(error.source().unwrap().to_string().starts_with("at `words`: "), "{error:?}");
    run.answer_json("ask", json!({"title": "Flow", "words": 3})).await.unwrap();
    let pause = open(run.wait().await.unwrap());
    // Another point of the same name: it was not asked before.
    assert_eq!((pause.id(), pause.point(), pause.asked_before()), ("ask-2", "ask#2", 0));
    run.answer_json("ask", json!(["Press", "Legal"])).await.unwrap();
    let pause = open(run.wait().await.unwrap());
    assert_eq!((pause.question(), pause.prompt()), ("How should it read?", &json!({"value": "a text"})));
    run.answer::<ReviewOf<String>>(Review::Edit("another".to_owned())).await.unwrap();
    let (draft, routes, text) = done(run.wait().await.unwrap());
    assert_eq!((draft.words, routes, text.as_str()), (3, vec![Route::Press, Route::Legal], "another"));
}

#[tokio::test]
async fn two_others_have_to_agree() {
    let run = app().start::<TwoAgree>("Flow".to_owned()).user("ann").await.unwrap();
    let pause = open(run.wait().await.unwrap());
    assert_eq!((pause.question(), pause.prompt()["draft"]["words"].clone()), ("Approval 1", json!(1)));
    assert_eq!(
        serde_json::to_value(pause.allowed()).unwrap(),
        json!({"users": ["root"], "roles": ["editor"], "except": ["ann"]})
    );
    let error = run.answer::<Approve>(true).await.unwrap_err();
    let text = "pause `approve-1` is for root or anyone with role editor, but not ann: say who answers with `.by(…)`";
    assert_eq!(error.to_string(), text);
    let error = run.answer::<Approve>(true).by("ann").roles("editor").await.unwrap_err();
    assert!(matches!(&error, AnswerError::NotAllowed { by: Some(by), .. } if by == "ann"), "{error}");
    assert!(run.answer::<Approve>(true).by("ben").roles(["writer"]).await.is_err());
    run.answer::<Approve>(true).by("ben").roles(["writer", "editor"]).comment("fine").await.unwrap();
    let pause = open(run.wait().await.unwrap());
    assert_eq!((pause.question(), pause.asked_before()), ("Approval 2", 1));
    assert!(matches!(run.answer::<Approve>(true).by("ben").roles("editor").await, Err(AnswerError::NotAllowed { .. })));
    run.answer::<Approve>(false).by("root").await.unwrap();
    let given = done(run.wait().await.unwrap());
    assert_eq!(
        (given[0].by.as_deref(), given[0].answer, given[0].comment.as_deref()),
        (Some("ben"), true, Some("fine"))
    );
    assert_eq!((given[1].by.as_deref(), given[1].answer, given[1].comment.as_deref()), (Some("root"), false, None));
    assert!(given[0].at > 1_700_000_000_000);
}

#[tokio::test]
async fn deadline_and_who_answered_go_together_in_either_order() {
    let run = app().start::<InTime>(()).await.unwrap();
    for pause in ["confirm-1", "confirm-2"] {
        let open = open(run.wait().await.unwrap());
        assert_eq!(open.id(), pause);
        assert_eq!(open.deadline(), Some(open.asked_at() + 86_400_000));
        run.answer_json(pause, json!("No")).by("ann").await.unwrap();
    }
    assert_eq!(done(run.wait().await.unwrap()), (true, true));
}

#[tokio::test]
async fn a_question_nobody_could_answer_fails_the_run() {
    for (kind, why) in [
        ("none", "pause `choose` cannot be asked: it has no options, so that nobody could ever answer"),
        ("labels", "pause `choose` cannot be asked: it has 2 labels for 1 options"),
        (
            "many",
            "pause `choose_many` cannot be asked: it asks for at least 2 of 1 options, so that nobody could ever answer",
        ),
        ("self", "pause `ask` cannot be asked: it is for ann, but not ann, so that nobody could ever answer"),
    ] {
        let run = app().start::<Impossible>(kind.to_owned()).await.unwrap();
        assert_eq!(run.wait().await.unwrap_err().to_string(), format!("the run failed: {why}"), "{kind}");
        assert!(run.asked().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn answers_are_kept_by_every_store() {
    #[cfg(feature = "sqlite")]
    {
        let folder = tempfile::tempdir().unwrap();
        let store = || flow_runtime::Sqlite::open(folder.path().join("flow.db")).unwrap();
        let app = |store| App::builder().store(store).register::<TwoAgree>(()).build().unwrap();
        let id = {
            let run = app(store()).start::<TwoAgree>("Flow".to_owned()).await.unwrap();
            open(run.wait().await.unwrap());
            run.id().to_owned()
        };
        let run = app(store()).run::<TwoAgree>(&id).await.unwrap();
        assert!(run.answer::<Approve>(true).by("ann").await.is_err());
        run.answer::<Approve>(true).by("ann").roles("editor").comment("ok").await.unwrap();
        let asked_before = open(run.wait().await.unwrap()).asked_before();
        let states: Vec<Value> =
            run.asked().await.unwrap().iter().map(|asked| serde_json::to_value(asked.state()).unwrap()).collect();
        assert_eq!((asked_before, &states[0]["comment"], &states[1]["state"]), (1, &json!("ok"), &json!("open")));
    }
}
