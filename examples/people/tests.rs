//! Every pattern with every answer: undisturbed, and killed before and after each of its writes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{sync::Arc, time::Duration};

use flow_runtime::{
    AnswerError, Confirm, Form, OpenPause, ReviewOf,
    prelude::*,
    testing::{Script, VirtualClock, kill_at_every_checkpoint},
};
use serde_json::{Value, json};

use super::*;
use crate::{decision_tree::Remedy, route::Route};

const DAY: Duration = Duration::from_secs(86_400);

/// Runs a workflow with these answers, undisturbed and killed everywhere. What it has come to, and what it has done undisturbed.
async fn play<W>(input: W::Input, answers: &Script) -> (Result<Value, String>, Vec<String>)
where
    W: Workflow<Deps = Desk>,
    W::Input: Clone,
{
    let report = kill_at_every_checkpoint::<W, Desk>(Desk::default, || input.clone(), answers).await.unwrap();
    assert!(report.killed >= 2 * report.writes);
    let desk = Arc::new(Desk::default());
    let app = App::builder().register::<W>(desk.clone()).build().unwrap();
    let run = app.start::<W>(input).await.unwrap();
    // Its error is the report's.
    let _ = answers.clone().play(&run).await;
    (report.result.map(|text| serde_json::from_str(&text).unwrap()), desk.take())
}

fn yes() -> Script {
    Script::new().answer::<Confirm>(Confirmation::Yes)
}

fn no() -> Script {
    Script::new().answer::<Confirm>(Confirmation::No)
}

#[tokio::test(start_paused = true)]
async fn a_yes_lets_the_step_run() {
    let ann = || "ann".to_owned();
    let sent = ["write ann", "send ann: About ann."];
    let (done, did) = play::<ConfirmOrSkip>(ann(), &yes()).await;
    assert_eq!((done, did), (Ok(json!("About ann.")), vec![sent[0].into(), sent[1].into(), "keep About ann.".into()]));
    for (done, did) in [
        play::<ConfirmOrCancel>(ann(), &yes()).await,
        play::<ConfirmOrElse>(ann(), &yes()).await,
        play::<ConfirmOrRetry>(ann(), &yes()).await,
    ] {
        assert_eq!((done, did), (Ok(json!("About ann.")), sent.map(str::to_owned).to_vec()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_no_skips_the_step_and_the_rest_runs() {
    let (done, did) = play::<ConfirmOrSkip>("ann".to_owned(), &no()).await;
    assert_eq!(done, Ok(json!("About ann.")));
    assert_eq!(did, ["write ann", "keep About ann."]);
}

#[tokio::test(start_paused = true)]
async fn a_no_ends_the_run() {
    let (done, did) = play::<ConfirmOrCancel>("ann".to_owned(), &no()).await;
    assert_eq!(done, Err("somebody said no".to_owned()));
    assert_eq!(did, ["write ann"]);
}

#[tokio::test(start_paused = true)]
async fn a_no_takes_the_other_branch() {
    let (_, did) = play::<ConfirmOrElse>("ann".to_owned(), &no()).await;
    assert_eq!(did, ["write ann", "keep About ann."]);
}

#[tokio::test(start_paused = true)]
async fn a_no_is_asked_again_after_another_try() {
    let twice = no().answer::<Confirm>(Confirmation::No).answer::<Confirm>(Confirmation::Yes);
    let (_, did) = play::<ConfirmOrRetry>("ann".to_owned(), &twice).await;
    assert_eq!(did, ["write ann", "rewrite Better", "rewrite Better", "send ann: About ann. Better. Better."]);
    let never = (0..4).fold(Script::new(), |script, _| script.answer::<Confirm>(Confirmation::No));
    let (done, did) = play::<ConfirmOrRetry>("ann".to_owned(), &never).await;
    assert!(done.unwrap_err().contains("#[max(3)]"));
    assert!(!did.iter().any(|line| line.starts_with("send")), "{did:?}");
}

#[tokio::test(start_paused = true)]
async fn a_form_has_required_fields_defaults_and_choices() {
    let form = |answer| Script::new().answer_json("ask", answer);
    let (done, did) = play::<BookAJourney>("ann".to_owned(), &form(json!({"to": "Rome"}))).await;
    assert_eq!(done, Ok(json!("Rome by Train")));
    assert_eq!(did[1], "send Rome: About a room for ann, 1 nights.");
    let all = json!({"to": "Rome", "nights": 3, "by": "Ship", "note": "a window"});
    let (done, _) = play::<BookAJourney>("ann".to_owned(), &form(all)).await;
    assert_eq!(done, Ok(json!("Rome by Ship, a window")));

    let app = App::builder().register::<BookAJourney>(Desk::default()).build().unwrap();
    let run = app.start::<BookAJourney>("ann".to_owned()).await.unwrap();
    let asked = only(&run).await;
    assert_eq!(asked.question(), "Where does ann want to go?");
    assert_eq!(asked.schema()["required"], json!(["to"]));
    assert_eq!(asked.schema()["properties"]["nights"]["default"], json!(1));
    for (wrong, why) in [
        (json!({"nights": 2}), "missing field `to`"),
        (json!({"to": "Rome", "nights": "two"}), "at `nights`"),
        (json!({"to": "Rome", "by": "Rocket"}), "unknown variant `Rocket`"),
        (json!({"to": "Rome", "seat": 1}), "unknown field `seat`"),
    ] {
        let error = run.answer_json("ask", wrong).await.unwrap_err();
        let AnswerError::Mismatch { source, .. } = &error else { panic!("{error}") };
        assert!(source.to_string().contains(why), "{source}");
    }
    assert_eq!(only(&run).await.id(), asked.id(), "nothing has changed");
}

#[tokio::test(start_paused = true)]
async fn somebody_picks_one_way() {
    for (route, did) in [
        (Route::Send, vec!["write bees", "send everybody: About bees."]),
        (Route::Keep, vec!["write bees", "keep About bees."]),
        (Route::Drop, vec!["write bees"]),
    ] {
        let script = Script::new().answer::<Form<Route>>(route);
        assert_eq!(play::<PickARoute>("bees".to_owned(), &script).await.1, did);
    }
}

#[tokio::test(start_paused = true)]
async fn somebody_picks_some_of_what_there_is_at_run_time() {
    let readers = || ["ann", "bob", "cleo"].map(str::to_owned).to_vec();
    let script = Script::new().answer_json("choose_many", json!(["cleo", "ann"]));
    let (done, did) = play::<PickSomeReaders>(readers(), &script).await;
    assert_eq!(done, Ok(json!(["cleo", "ann"])));
    assert_eq!(did[1..], ["send cleo: About the summer.", "send ann: About the summer."]);

    let app = App::builder().register::<PickSomeReaders>(Desk::default()).build().unwrap();
    let run = app.start::<PickSomeReaders>(readers()).await.unwrap();
    only(&run).await;
    for wrong in [json!([]), json!(["dora"]), json!(["ann", "ann"]), json!("ann")] {
        run.answer_json("choose_many", wrong.clone()).await.expect_err(&wrong.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn a_choice_leads_to_another_choice() {
    let readers = || ["ann", "bob"].map(str::to_owned).to_vec();
    let send = Script::new().answer::<Form<Route>>(Route::Send).answer_json("choose", json!("bob"));
    let (done, did) = play::<PickARouteInARoute>(readers(), &send).await;
    assert_eq!((done, did.len()), (Ok(json!("sent to bob")), 2));
    let (done, did) = play::<PickARouteInARoute>(readers(), &Script::new().answer::<Form<Route>>(Route::Drop)).await;
    assert_eq!((done, did.len()), (Ok(json!("dropped")), 1));
}

#[tokio::test(start_paused = true)]
async fn a_review_accepts_edits_or_sends_back() {
    let said = |review| Script::new().answer::<ReviewOf<String>>(review);
    let (done, _) = play::<ReviewALetter>("bees".to_owned(), &said(Review::Accept)).await;
    assert_eq!(done, Ok(json!("About bees.")));
    let (done, did) = play::<ReviewALetter>("bees".to_owned(), &said(Review::Edit("Bees!".to_owned()))).await;
    assert_eq!((done, did), (Ok(json!("Bees!")), vec!["write bees".to_owned(), "send everybody: Bees!".to_owned()]));
    let longer = said(Review::Reject { feedback: "Longer".to_owned() });
    let script = longer.answer::<ReviewOf<String>>(Review::Edit("Wasps.".to_owned()));
    let (done, did) = play::<ReviewALetter>("bees".to_owned(), &script).await;
    assert_eq!((done, did[1].as_str()), (Ok(json!("Wasps.")), "rewrite Longer"));
    let never = (0..6).fold(Script::new(), |script, _| {
        script.answer::<ReviewOf<String>>(Review::Reject { feedback: "No".to_owned() })
    });
    let (done, did) = play::<ReviewALetter>("bees".to_owned(), &never).await;
    assert!(done.unwrap_err().contains("#[max(5)]"));
    assert_eq!(did.len(), 6, "written once, and again five times: {did:?}");
}

#[tokio::test(start_paused = true)]
async fn after_each_round_somebody_says_whether_to_go_on() {
    let twice = yes().answer::<Confirm>(Confirmation::No);
    let (done, did) = play::<ReviewEachRound>("bees".to_owned(), &twice).await;
    assert_eq!(done, Ok(json!(2)));
    assert_eq!(did[1..5], ["rewrite Round 1", "rewrite Shorter", "rewrite Round 2", "rewrite Shorter"]);
    let always = (0..4).fold(Script::new(), |script, _| script.answer::<Confirm>(Confirmation::Yes));
    assert_eq!(play::<ReviewEachRound>("bees".to_owned(), &always).await.0, Ok(json!(4)));
}

#[tokio::test(start_paused = true)]
async fn only_what_matters_is_reviewed() {
    let (done, did) = play::<ReviewIfLong>("bees".to_owned(), &Script::new()).await;
    assert_eq!((done, did.len()), (Ok(json!("About bees.")), 2));
    let long = || "the bees of the southern hills".to_owned();
    let reject = Script::new().answer::<ReviewOf<String>>(Review::Reject { feedback: "Too long".to_owned() });
    let (done, did) = play::<ReviewIfLong>(long(), &reject).await;
    assert_eq!((done, did.len()), (Err("somebody said no".to_owned()), 1));
    let edit = Script::new().answer::<ReviewOf<String>>(Review::Edit("Bees.".to_owned()));
    assert_eq!(play::<ReviewIfLong>(long(), &edit).await.0, Ok(json!("Bees.")));
}

#[tokio::test(start_paused = true)]
async fn a_failed_step_asks_what_to_do() {
    let said = |answer: Value| Script::new().answer_json("recover-register", answer);
    let (done, _) = play::<AskOnError>("ann".to_owned(), &said(json!({"Use": "by hand"}))).await;
    assert_eq!(done, Ok(json!("About ann. by hand")));
    let (done, _) = play::<AskOnError>("ann".to_owned(), &said(json!("Fail"))).await;
    assert_eq!(done, Err("`ann` is no address: it has no postcode".to_owned()));
    let again = said(json!("Retry")).answer_json("recover-register", json!({"Use": "by hand"}));
    assert_eq!(play::<AskOnError>("ann".to_owned(), &again).await.0, Ok(json!("About ann. by hand")));
    let (done, did) = play::<AskOnError>("ann, 12345 Hill".to_owned(), &Script::new()).await;
    assert_eq!((done.is_ok(), did.len()), (true, 2));
}

#[tokio::test(start_paused = true)]
async fn no_answer_in_time_cancels_skips_or_approves() {
    let ann = || "ann".to_owned();
    let clock = VirtualClock::stopped();
    let desk = Arc::new(Desk::default());
    let app = register(desk.clone()).clock(&clock).build().unwrap();
    let cancels = app.start::<NoAnswerCancels>(ann()).await.unwrap();
    let skips = app.start::<NoAnswerSkips>(ann()).await.unwrap();
    let approves = app.start::<NoAnswerApproves>(ann()).await.unwrap();
    for run in [cancels.any(), skips.any(), approves.any()] {
        assert!(matches!(run.wait().await.unwrap(), Outcome::Paused(_)));
    }
    assert_eq!(desk.take(), ["write ann"; 3]);
    clock.advance(2 * DAY);
    let error = cancels.wait().await.unwrap_err();
    assert!(error.to_string().contains("pause `confirm` was not answered within 2 days"), "{error}");
    for run in [skips.any(), approves.any()] {
        assert!(matches!(run.wait().await.unwrap(), Outcome::Done(_)));
    }
    assert_eq!(desk.take(), ["send ann: About ann."], "by the one that approves");
    // Who answers in time is heard, by all three.
    for (did, expected) in [
        (play::<NoAnswerCancels>(ann(), &yes()).await.1, 2),
        (play::<NoAnswerSkips>(ann(), &yes()).await.1, 2),
        (play::<NoAnswerApproves>(ann(), &no()).await.1, 1),
    ] {
        assert_eq!(did.len(), expected, "{did:?}");
    }
}

/// The only open pause of a run.
async fn only<W: Workflow>(run: &Run<W>) -> OpenPause {
    match run.wait().await.unwrap() {
        Outcome::Paused(mut open) if open.len() == 1 => open.remove(0),
        Outcome::Paused(open) => panic!("{} are open", open.len()),
        _ => panic!("the run asks nothing"),
    }
}

#[tokio::test(start_paused = true)]
async fn somebody_else_is_asked_when_the_editors_are_silent() {
    let clock = VirtualClock::stopped();
    let desk = Arc::new(Desk::default());
    let app = register(desk.clone()).clock(&clock).build().unwrap();
    let run = app.start::<NoAnswerAsksSomebodyElse>("ann".to_owned()).await.unwrap();
    let asked = only(&run).await;
    assert_eq!((asked.allowed().roles.as_slice(), asked.remind_every()), (&["editor".to_owned()][..], Some(DAY)));
    clock.advance(3 * DAY);
    let asked = loop {
        let open = only(&run).await;
        if open.id() != asked.id() {
            break open;
        }
        tokio::task::yield_now().await;
    };
    assert!(asked.question().starts_with("No editor has answered."));
    let editor = run.answer::<Confirm>(Confirmation::Yes).by("eva").roles(["editor"]).await.unwrap_err();
    assert!(matches!(editor, AnswerError::NotAllowed { .. }), "{editor}");
    run.answer::<Confirm>(Confirmation::Yes).by("carl").roles(["chief"]).await.unwrap();
    let Outcome::Done(done) = run.wait().await.unwrap() else { panic!("it asks again") };
    assert_eq!(done, "sent, says carl");
}

#[tokio::test(start_paused = true)]
async fn two_different_people_have_to_agree_and_not_the_one_who_asks() {
    let desk = Arc::new(Desk::default());
    let app = register(desk.clone()).build().unwrap();
    let bill = || ("the printer".to_owned(), 300);
    let run = app.start::<TwoApprovals>(bill()).user("ann").await.unwrap();
    let agree = |who: &str, role: &str| run.answer::<Confirm>(Confirmation::Yes).by(who).roles([role]);
    only(&run).await;
    for (who, role) in [("ann", "finance"), ("bob", "sales")] {
        let error = agree(who, role).await.unwrap_err();
        assert!(matches!(error, AnswerError::NotAllowed { .. }), "{error}");
    }
    let nameless = run.answer::<Confirm>(Confirmation::Yes).await.unwrap_err();
    assert!(matches!(nameless, AnswerError::NotAllowed { .. }), "{nameless}");
    agree("bob", "finance").await.unwrap();
    assert_eq!(only(&run).await.asked_before(), 1);
    assert!(desk.take().is_empty());
    agree("bob", "finance").await.expect_err("he has agreed before");
    agree("cleo", "finance").await.unwrap();
    let Outcome::Done(agreed) = run.wait().await.unwrap() else { panic!("it asks again") };
    assert_eq!(
        (agreed, desk.take()),
        (vec!["bob".to_owned(), "cleo".to_owned()], vec!["pay 300 to the printer".to_owned()])
    );

    let run = app.start::<TwoApprovals>(bill()).user("ann").await.unwrap();
    only(&run).await;
    run.answer::<Confirm>(Confirmation::No).by("bob").roles(["finance"]).comment("it is paid").await.unwrap();
    let error = run.wait().await.unwrap_err();
    assert!(error.to_string().contains("bob said no: it is paid"), "{error}");
    assert!(desk.take().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_depends_on_what_was_answered() {
    let complaint = |customer: &str| {
        serde_json::from_value::<crate::decision_tree::Complaint>(json!({"customer": customer, "paid": 500}))
    };
    let ann = || complaint("ann").unwrap();
    let said = |remedy| Script::new().answer::<Form<Remedy>>(remedy);
    let refund = |euros| said(Remedy::Refund { euros });

    let explain = said(Remedy::Explain).answer::<ReviewOf<String>>(Review::Reject { feedback: "Kinder".to_owned() });
    let (done, did) = play::<SettleAComplaint>(ann(), &explain.answer::<ReviewOf<String>>(Review::Accept)).await;
    assert_eq!((done, did.len()), (Ok(json!("explained")), 3));
    let (done, did) = play::<SettleAComplaint>(ann(), &refund(50)).await;
    assert_eq!((done, did), (Ok(json!("paid 50 back")), vec!["pay 50 to ann".to_owned()]));
    let (done, did) = play::<SettleAComplaint>(ann(), &refund(501)).await;
    assert_eq!((done, did.len()), (Err("the rule said no: more than was paid".to_owned()), 0));
    let (done, _) = play::<SettleAComplaint>(complaint("ann, 12345").unwrap(), &said(Remedy::Replace)).await;
    assert_eq!(done, Ok(json!("registered to ann, 12345")));
    let by_hand = said(Remedy::Replace).answer_json("recover-register", json!({"Use": "by hand"}));
    assert_eq!(play::<SettleAComplaint>(ann(), &by_hand).await.0, Ok(json!("by hand")));

    let app = register(Arc::new(Desk::default())).build().unwrap();
    let run = app.start::<SettleAComplaint>(ann()).await.unwrap();
    assert_eq!(only(&run).await.prompt()["about"]["customer"], "ann");
    run.answer::<Form<Remedy>>(Remedy::Refund { euros: 200 }).await.unwrap();
    assert!(only(&run).await.deadline().is_some());
    run.answer::<Confirm>(Confirmation::Yes).by("carl").roles(["chief"]).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(text) if text == "paid 200 back"));
}

#[tokio::test(start_paused = true)]
async fn several_are_asked_at_once_and_answer_in_any_order() {
    let topics = || ["bees", "wasps", "flies"].map(str::to_owned).to_vec();
    let all = (0..3).fold(no(), |script, _| script.answer::<Confirm>(Confirmation::Yes));
    let (done, did) = play::<AskPerItem>(topics(), &all).await;
    assert_eq!(done, Ok(json!(["About bees. Better.", "About wasps.", "About flies."])));
    assert_eq!(did.iter().filter(|line| line.starts_with("keep")).count(), 3);
    let (done, did) = play::<AskInChildren>(
        topics(),
        &yes().answer::<Confirm>(Confirmation::No).answer::<Confirm>(Confirmation::Yes),
    )
    .await;
    assert_eq!(done, Ok(json!("About bees. About wasps. About flies.")));
    assert_eq!(did.iter().filter(|line| line.starts_with("send")).count(), 2);

    let desk = Arc::new(Desk::default());
    let app = register(desk.clone()).build().unwrap();
    let run = app.start::<AskInBranches>("bees".to_owned()).await.unwrap();
    let Outcome::Paused(open) = run.wait().await.unwrap() else { panic!("it asks nobody") };
    assert_eq!(open.len(), 2);
    let of = |who: &str| open.iter().find(|pause| pause.allowed().users == [who]).unwrap().id().to_owned();
    let wrong = run.answer_json(&of("bob"), json!("Yes")).by("ann").await.unwrap_err();
    assert!(matches!(wrong, AnswerError::NotAllowed { .. }), "{wrong}");
    run.answer_json(&of("bob"), json!("Yes")).by("bob").await.unwrap();
    assert_eq!(only(&run).await.id(), of("ann"));
    run.answer_json(&of("ann"), json!("Yes")).by("ann").await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(text) if text == "ann true, bob true"));
    assert_eq!(desk.take(), ["write bees", "send everybody: About bees."]);
}
