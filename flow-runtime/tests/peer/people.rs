//! Questions to people: confirmation, user input, a choice of routes, review of outputs and iterations, deadlines.

use std::{error::Error as _, time::Duration};

use flow_runtime::{AnswerError, prelude::*};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::common::{HOUR, Log, Result, asked, done, everywhere, failed, ids, open, opened, started};

#[step]
async fn work(log: &Log, what: &str) -> Result<String> {
    log.note(what);
    Ok(format!("<{what}>"))
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
enum Decision {
    Go,
    Skip,
    Cancel,
    Else,
    Again,
}

/// May the mail be sent?
#[pause]
fn confirm(to: &str, asked: u32) -> Decision;

workflow! {
    async fn confirmed(log: &Log, to: String) -> Result<String> {
        let mut text = work(log, "draft").await?;
        let mut asked = 0;
        #[max(3)]
        loop {
            asked += 1;
            match pause(confirm(&to, asked)).await {
                Decision::Go => {
                    let sent = work(log, "send").await?;
                    text.push_str(&sent);
                    break;
                }
                Decision::Skip => break,
                Decision::Cancel => return Err("the mail is cancelled".to_owned()),
                Decision::Else => {
                    let kept = work(log, "keep").await?;
                    text.push_str(&kept);
                    break;
                }
                Decision::Again => text = work(log, "draft again").await?,
            }
        }
        let filed = work(log, "file").await?;
        Ok(text + &filed)
    }
}

async fn decide(place: &super::common::Place, log: &Log, decision: Decision) -> Run<Confirmed> {
    let id = started::<Confirmed>(place, log, "ann".to_owned()).await;
    assert_eq!(log.take(), ["draft"], "nothing is sent before somebody has said so");
    let run = opened::<Confirmed>(place, log, &id).await;
    run.answer::<Confirm>(decision).await.unwrap();
    run
}

#[tokio::test(start_paused = true)]
async fn a_confirmed_step_runs() {
    everywhere(async |place| {
        let log = Log::default();
        let run = decide(place, &log, Decision::Go).await;
        assert_eq!(done(&run).await, "<draft><send><file>");
        assert_eq!(log.take(), ["send", "file"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_rejected_step_is_skipped_and_the_rest_runs() {
    everywhere(async |place| {
        let log = Log::default();
        let run = decide(place, &log, Decision::Skip).await;
        assert_eq!(done(&run).await, "<draft><file>");
        assert_eq!(log.take(), ["file"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_rejection_that_cancels_ends_the_run() {
    everywhere(async |place| {
        let log = Log::default();
        let run = decide(place, &log, Decision::Cancel).await;
        assert_eq!(failed(&run).await.chain(), ["the mail is cancelled"]);
        assert!(log.take().is_empty());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_rejection_takes_the_else_steps() {
    everywhere(async |place| {
        let log = Log::default();
        let run = decide(place, &log, Decision::Else).await;
        assert_eq!(done(&run).await, "<draft><keep><file>");
        assert_eq!(log.take(), ["keep", "file"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_rejection_with_retry_does_the_work_again_and_asks_again() {
    everywhere(async |place| {
        let log = Log::default();
        let run = decide(place, &log, Decision::Again).await;
        let pause = asked(&run).await;
        assert_eq!((pause.id(), pause.prompt()), ("confirm-2", &json!({"to": "ann", "asked": 2})));
        assert_eq!(log.take(), ["draft again"], "what was to be confirmed has not run");
        run.answer::<Confirm>(Decision::Go).await.unwrap();
        assert_eq!(done(&run).await, "<draft again><send><file>");
    })
    .await;
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Address {
    /// Street and number.
    street: String,
    zip: u32,
    #[serde(default)]
    note: Option<String>,
}

/// Where does it go?
#[pause]
fn ask_address(customer: &str) -> Address;

workflow! {
    async fn ship(log: &Log, customer: String) -> Result<String> {
        let Address { street, zip, note } = pause(ask_address(&customer)).await;
        let label = work(log, &street).await?;
        Ok(format!("{label} {zip} {note:?}"))
    }
}

#[tokio::test(start_paused = true)]
async fn user_input_has_fields_and_a_wrong_one_is_named() {
    everywhere(async |place| {
        let log = Log::default();
        let id = started::<Ship>(place, &log, "ann".to_owned()).await;
        let run = opened::<Ship>(place, &log, &id).await;
        let pause = asked(&run).await;
        assert_eq!((pause.question(), pause.prompt()), ("Where does it go?", &json!({"customer": "ann"})));
        assert_eq!(pause.schema()["required"], json!(["street", "zip"]));
        assert_eq!(pause.schema()["properties"]["street"]["description"], "Street and number.");
        for (wrong, why) in [
            (json!({"street": "Mill Lane 1", "zip": "x"}), "at `zip`: invalid type: string \"x\", expected u32"),
            (json!({"street": "Mill Lane 1"}), "missing field `zip`"),
            (json!("Mill Lane 1"), "invalid type: string \"Mill Lane 1\", expected struct Address"),
        ] {
            let error = run.answer_json("ask_address", wrong).await.unwrap_err();
            assert!(matches!(error, AnswerError::Mismatch { .. }));
            assert!(error.source().unwrap().to_string().starts_with(why), "{error:?}");
        }
        run.answer_json("ask_address", json!({"street": "Mill Lane 1", "zip": 7})).by("ann").await.unwrap();
        assert_eq!(done(&run).await, "<Mill Lane 1> 7 None");
        let pauses = place.store().pauses(&id).await.unwrap();
        assert_eq!(pauses[0].answer.as_ref().unwrap().by.as_deref(), Some("ann"));
    })
    .await;
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
enum Route {
    Web,
    Library,
    Expert,
}

#[pause]
fn choose(topic: &str) -> Route;

#[pause]
fn choose_many(topic: &str) -> Vec<Route>;

workflow! {
    async fn routed(log: &Log, topic: String) -> Result<String> {
        let first = match pause(choose(&topic)).await {
            Route::Web => work(log, "web").await?,
            Route::Library => work(log, "library").await?,
            Route::Expert => work(log, "expert").await?,
        };
        let mut more = Vec::new();
        for route in pause(choose_many(&topic)).await {
            let one = match route {
                Route::Web => work(log, "web").await?,
                Route::Library => work(log, "library").await?,
                Route::Expert => work(log, "expert").await?,
            };
            more.push(one);
        }
        Ok(format!("{first} {}", more.concat()))
    }
}

#[tokio::test(start_paused = true)]
async fn somebody_picks_one_route_or_many() {
    everywhere(async |place| {
        let log = Log::default();
        let id = started::<Routed>(place, &log, "bees".to_owned()).await;
        let run = opened::<Routed>(place, &log, &id).await;
        let error = run.answer_json("choose", json!("Attic")).await.unwrap_err();
        assert!(error.source().unwrap().to_string().contains("unknown variant `Attic`, expected one of `Web`"));
        run.answer::<Choose>(Route::Library).await.unwrap();
        open(&run).await;
        run.answer::<ChooseMany>(vec![Route::Expert, Route::Web]).await.unwrap();
        assert_eq!(done(&run).await, "<library> <expert><web>");
        assert_eq!(log.take(), ["library", "expert", "web"]);
        // No route at all.
        let run = place.app::<Routed>(&log).start::<Routed>("bees".to_owned()).await.unwrap();
        open(&run).await;
        run.answer::<Choose>(Route::Web).await.unwrap();
        open(&run).await;
        run.answer::<ChooseMany>(Vec::new()).await.unwrap();
        assert_eq!(done(&run).await, "<web> ");
        assert_eq!(log.take(), ["web"]);
    })
    .await;
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
enum Review {
    Accept,
    Edit(String),
    Reject { feedback: String },
}

/// Is this text good?
#[pause]
fn check(text: &str) -> Review;

workflow! {
    async fn reviewed(log: &Log, topic: String) -> Result<String> {
        let mut text = work(log, &topic).await?;
        #[max(5)]
        loop {
            match pause(check(&text)).await {
                Review::Accept => break,
                Review::Edit(better) => {
                    text = better;
                    break;
                }
                Review::Reject { feedback } => {
                    let task = format!("{topic}, {feedback}");
                    text = work(log, &task).await?;
                }
            }
        }
        work(log, &text).await
    }
}

#[tokio::test(start_paused = true)]
async fn an_accepted_output_goes_on_as_it_is() {
    everywhere(async |place| {
        let log = Log::default();
        let id = started::<Reviewed>(place, &log, "bees".to_owned()).await;
        let run = opened::<Reviewed>(place, &log, &id).await;
        assert_eq!(asked(&run).await.prompt()["text"], "<bees>");
        run.answer_json("check", json!("Accept")).await.unwrap();
        assert_eq!(done(&run).await, "<<bees>>");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_edited_output_is_what_the_next_step_gets() {
    everywhere(async |place| {
        let log = Log::default();
        let id = started::<Reviewed>(place, &log, "bees".to_owned()).await;
        let run = opened::<Reviewed>(place, &log, &id).await;
        run.answer_json("check", json!({"Edit": "wasps"})).await.unwrap();
        assert_eq!(done(&run).await, "<wasps>");
        assert_eq!(log.take(), ["bees", "wasps"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_rejected_output_is_made_again_with_the_feedback() {
    everywhere(async |place| {
        let log = Log::default();
        let id = started::<Reviewed>(place, &log, "bees".to_owned()).await;
        for feedback in ["longer", "shorter"] {
            let run = opened::<Reviewed>(place, &log, &id).await;
            run.answer::<Check>(Review::Reject { feedback: feedback.to_owned() }).await.unwrap();
            assert_eq!(asked(&run).await.prompt()["text"], format!("<bees, {feedback}>"));
        }
        let run = opened::<Reviewed>(place, &log, &id).await;
        run.answer_json("check-3", json!("Accept")).await.unwrap();
        assert_eq!(done(&run).await, "<<bees, shorter>>");
        assert_eq!(log.take(), ["bees", "bees, longer", "bees, shorter", "<bees, shorter>"]);
    })
    .await;
}

#[pause]
fn approve(draft: &str) -> bool;

workflow! {
    async fn in_time(log: &Log, otherwise: String) -> Result<String> {
        let draft = work(log, "draft").await?;
        let approved = match pause(approve(&draft)).timeout(Duration::from_secs(2 * 86_400)).await {
            Ok(approved) => approved,
            Err(late) => match otherwise.as_str() {
                "cancel" => return Err(late.to_string()),
                "skip" => false,
                _ => true,
            },
        };
        if approved { work(log, "publish").await } else { Ok(draft) }
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_nobody_answers_in_time_cancels_skips_or_approves() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<InTime>(&log);
        for otherwise in ["cancel", "skip", "approve"] {
            let run = app.start::<InTime>(otherwise.to_owned()).await.unwrap();
            let pause = asked(&run).await;
            assert_eq!(pause.deadline(), Some(pause.asked_at() + 2 * 86_400_000));
            assert_eq!(log.take(), ["draft"]);
            // Nobody waits for the run when the time is over.
            tokio::time::sleep(HOUR * 49).await;
            let status = super::common::settled(&run).await;
            match otherwise {
                "cancel" => {
                    assert_eq!(failed(&run).await.chain(), ["pause `approve` was not answered within 2 days"]);
                    assert_eq!(status, flow_runtime::store::RunStatus::Failed);
                }
                "skip" => assert_eq!(done(&run).await, "<draft>"),
                _ => assert_eq!(done(&run).await, "<publish>"),
            }
            let late = run.answer::<Approve>(true).await.unwrap_err();
            assert!(matches!(late, AnswerError::NotWaiting { .. }), "{late}");
            assert_eq!(log.take().len(), usize::from(otherwise == "approve"));
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_time_counts() {
    everywhere(async |place| {
        let log = Log::default();
        let id = started::<InTime>(place, &log, "cancel".to_owned()).await;
        let run = opened::<InTime>(place, &log, &id).await;
        tokio::time::sleep(HOUR * 47).await;
        run.answer::<Approve>(false).await.unwrap();
        assert_eq!(done(&run).await, "<draft>");
    })
    .await;
}

workflow! {
    async fn four_eyes(log: &Log) -> Result<String> {
        let draft = work(log, "draft").await?;
        let (ann, bob) = parallel!(
            async { Ok(pause(approve(&draft)).await) },
            async { Ok(pause(approve(&draft)).timeout(HOUR).await.is_ok_and(|yes| yes)) },
        )?;
        if ann && bob { work(log, "publish").await } else { Ok(draft) }
    }
}

#[tokio::test(start_paused = true)]
async fn two_people_are_asked_at_once_and_one_may_be_late() {
    everywhere(async |place| {
        let log = Log::default();
        let app = place.app::<FourEyes>(&log);
        let run = app.start::<FourEyes>(()).await.unwrap();
        assert_eq!(ids(&open(&run).await), ["approve-1", "approve-2"]);
        run.answer_json("approve-2", json!(true)).await.unwrap();
        assert_eq!(ids(&open(&run).await), ["approve-1"]);
        run.answer_json("approve-1", json!(true)).await.unwrap();
        assert_eq!(done(&run).await, "<publish>");

        let run = app.start::<FourEyes>(()).await.unwrap();
        open(&run).await;
        tokio::time::sleep(HOUR * 2).await;
        assert_eq!(ids(&open(&run).await), ["approve-1"]);
        let late = run.answer_json("approve-2", json!(true)).await.unwrap_err();
        assert!(late.to_string().starts_with("pause `approve-2` was to be answered before"), "{late}");
        run.answer_json("approve-1", json!(true)).await.unwrap();
        assert_eq!(done(&run).await, "<draft>");
    })
    .await;
}

workflow! {
    async fn first_of_two(log: &Log) -> Result<String> {
        let draft = work(log, "draft").await?;
        race!(
            async {
                let yes = pause(approve("ann")).await;
                Ok(format!("ann {yes} {draft}"))
            },
            async {
                let yes = pause(approve("bob")).await;
                Ok(format!("bob {yes} {draft}"))
            },
        )
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_of_two_people_decides() {
    everywhere(async |place| {
        let log = Log::default();
        let id = started::<FirstOfTwo>(place, &log, ()).await;
        let run = opened::<FirstOfTwo>(place, &log, &id).await;
        run.answer_json("approve-2", json!(false)).await.unwrap();
        assert_eq!(done(&run).await, "bob false <draft>");
        let late = run.answer_json("approve-1", json!(true)).await.unwrap_err();
        assert!(matches!(late, AnswerError::NotWaiting { .. }), "{late}");
        assert_eq!(log.take(), ["draft"]);
    })
    .await;
}
