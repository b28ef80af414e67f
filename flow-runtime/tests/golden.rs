//! Files of every schema version there has been, made by the program of that time: their runs are finished.

#![cfg(feature = "sqlite")]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test that panics has failed")]

use std::time::Duration;

use flow_runtime::{
    PauseState, Sqlite, Store,
    prelude::*,
    store::{RunFilter, RunRecord, RunStatus},
};
use tempfile::TempDir;

type Result<T> = std::result::Result<T, String>;

#[step]
async fn revise(text: &str, round: u32) -> Result<String> {
    Ok(format!("{text} {round}"))
}

/// Shall it be published?
#[pause]
fn approve(text: &String) -> bool;

#[pause]
fn check(fact: &str) -> bool;

workflow! {
    async fn publish(title: String) -> Result<String> {
        let mut text = title;
        for round in 1..=3 {
            text = revise(&text, round).await?;
            if pause(approve(&text)).await {
                return Ok(text);
            }
        }
        Err(text)
    }
}

workflow! {
    async fn facts(subject: String) -> Result<(String, bool, bool)> {
        let text = revise(&subject, 0).await?;
        let (one, two) = parallel!(async { Ok(pause(check("one")).await) }, async { Ok(pause(check("two")).await) })?;
        Ok((text, one, two))
    }
}

// From schema 2 on:
#[step(undo = release)]
async fn book(city: &str) -> Result<u32> {
    Ok(city.len() as u32)
}

#[step]
async fn release(city: &str, _seat: u32) -> Result<()> {
    if city.is_empty() { Err("nowhere".to_owned()) } else { Ok(()) }
}

workflow! {
    async fn trip(city: String) -> Result<u32> {
        let seat = book(&city).await?;
        if pause(check("shall we go?")).await { Ok(seat) } else { Err("we stay".to_owned()) }
    }
}

// From schema 4 on:
workflow! {
    async fn agreed(cx: &Context, text: String) -> Result<Vec<Answered<Confirmation>>> {
        let mut given: Vec<Answered<Confirmation>> = Vec::new();
        #[max(2)]
        while given.len() < 2 {
            let by: Vec<String> = given.iter().filter_map(|answer| answer.by.clone()).collect();
            let answer = pause(confirm("Agreed?").about(&text).to_role("editor").remind_every(DAY))
                .except(cx.user_id())
                .except(by)
                .answered()
                .await;
            given.push(answer);
        }
        Ok(given)
    }
}

const DAY: Duration = Duration::from_secs(86_400);

fn app(store: Sqlite) -> App {
    let app = App::builder().store(store).register::<Publish>(()).register::<Facts>(());
    app.register::<Trip>(()).register::<Agreed>(()).build().unwrap()
}

/// Not a test of its own: makes a file with the program of now. See `golden/README.txt`.
#[tokio::test]
async fn make_golden() {
    let Some(path) = std::env::var_os("FLOW_GOLDEN") else { return };
    let app = app(Sqlite::open(path).unwrap());
    let rejected = app.start::<Publish>("draft".to_owned()).session("s-1").user("ann").await.unwrap();
    let done = app.start::<Publish>("done".to_owned()).session("s-1").await.unwrap();
    let checked = app.start::<Facts>("rust".to_owned()).await.unwrap();
    for (run, answer) in [(&rejected, false), (&done, true)] {
        run.wait().await.unwrap();
        run.answer::<Approve>(answer).await.unwrap();
        run.wait().await.unwrap();
    }
    let Outcome::Paused(open) = checked.wait().await.unwrap() else { panic!("both facts are asked for") };
    checked.answer_json(open[0].id(), serde_json::Value::Bool(true)).await.unwrap();
    assert!(matches!(checked.wait().await.unwrap(), Outcome::Paused(open) if open.len() == 1));
    // From schema 2 on:
    let trip = app.start::<Trip>("rome".to_owned()).await.unwrap();
    assert!(matches!(trip.wait().await.unwrap(), Outcome::Paused(_)));
    // From schema 4 on:
    let agreed = app.start::<Agreed>("a text".to_owned()).user("ann").await.unwrap();
    agreed.wait().await.unwrap();
    agreed.answer::<Confirm>(Confirmation::Yes).by("ben").roles("editor").comment("fine").await.unwrap();
    assert!(matches!(agreed.wait().await.unwrap(), Outcome::Paused(_)));
}

async fn of(store: &Sqlite, workflow: &str, status: RunStatus) -> Vec<RunRecord> {
    let filter = RunFilter { workflow: Some(workflow.to_owned()), status: vec![status], ..RunFilter::default() };
    store.list(&filter).await.unwrap()
}

/// Finishes all that waits in a copy of a file. Returns it, and the folder it is in.
async fn goes_on(golden: &[u8]) -> (TempDir, Sqlite) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("flow.db");
    std::fs::write(&path, golden).unwrap();
    let store = Sqlite::open(&path).unwrap();
    let app = app(store.clone());

    let [done] = &of(&store, "publish", RunStatus::Completed).await[..] else { panic!("one is done") };
    assert_eq!((done.output.as_deref(), done.run.session.as_deref()), (Some("\"done 1\""), Some("s-1")));
    let [rejected] = &of(&store, "publish", RunStatus::Paused).await[..] else { panic!("one waits") };
    assert_eq!((rejected.run.user.as_deref(), rejected.wake), (Some("ann"), None));
    assert_eq!(store.session("s-1").await.unwrap().unwrap().user.as_deref(), Some("ann"));
    let before = store.history(&rejected.run.id).await.unwrap();
    let run = app.run::<Publish>(&rejected.run.id).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Paused(open) if open.len() == 1));
    run.answer::<Approve>(true).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(text) if text == "draft 1 2"));
    let after = store.history(&rejected.run.id).await.unwrap();
    assert!(after.starts_with(&before) && !before.is_empty(), "the history goes on where it was: {after:?}");

    let [checked] = &of(&store, "facts", RunStatus::Paused).await[..] else { panic!("one waits") };
    let run = app.run::<Facts>(&checked.run.id).await.unwrap();
    let Outcome::Paused(open) = run.wait().await.unwrap() else { panic!("one fact is open") };
    assert_eq!(open.len(), 1);
    run.answer_json(open[0].id(), serde_json::Value::Bool(false)).await.unwrap();
    let Outcome::Done((text, one, two)) = run.wait().await.unwrap() else { panic!("all is answered") };
    assert_eq!((text.as_str(), one != two), ("rust 0", true));
    (folder, store)
}

/// A run that fails after it was opened undoes what it had done before.
async fn undoes((_folder, store): (TempDir, Sqlite)) {
    let [trip] = &of(&store, "trip", RunStatus::Paused).await[..] else { panic!("one waits") };
    let run = app(store.clone()).run::<Trip>(&trip.run.id).await.unwrap();
    run.answer::<Check>(false).await.unwrap();
    run.wait().await.unwrap_err();
    let undos = store.undos(&trip.run.id).await.unwrap();
    assert!(matches!(&undos[..], [undo] if undo.step == "book" && undo.done_at.is_some()), "{undos:?}");
}

/// Who may answer, and what was said with an answer, are still known.
async fn agree(store: &Sqlite) {
    let [agreed] = &of(store, "agreed", RunStatus::Paused).await[..] else { panic!("one waits") };
    let run = app(store.clone()).run::<Agreed>(&agreed.run.id).await.unwrap();
    // Somebody may have been reminded since.
    let Outcome::Paused(open) = run.wait().await.unwrap() else { panic!("one is asked") };
    assert_eq!((open[0].asked_before(), open[0].remind_every()), (1, Some(DAY)));
    assert_eq!(open[0].allowed().except, ["ann", "ben"]);
    assert!(run.answer::<Confirm>(Confirmation::No).by("ben").roles("editor").await.is_err());
    run.answer::<Confirm>(Confirmation::No).by("cay").roles("editor").await.unwrap();
    let Outcome::Done(given) = run.wait().await.unwrap() else { panic!("all is answered") };
    assert_eq!((given[0].by.as_deref(), given[0].comment.as_deref()), (Some("ben"), Some("fine")));
    assert_eq!((given[1].by.as_deref(), given[1].answer.is_yes()), (Some("cay"), false));
    let states: Vec<PauseState> = run.asked().await.unwrap().iter().map(|asked| asked.state().clone()).collect();
    assert!(states.iter().all(|state| matches!(state, PauseState::Answered(_))), "{states:?}");
}

#[tokio::test]
async fn schema_1() {
    goes_on(include_bytes!("golden/schema-1.db")).await;
}

#[tokio::test]
async fn schema_2() {
    undoes(goes_on(include_bytes!("golden/schema-2.db")).await).await;
}

#[tokio::test]
async fn schema_3() {
    undoes(goes_on(include_bytes!("golden/schema-3.db")).await).await;
}

#[tokio::test]
async fn schema_4() {
    let store = goes_on(include_bytes!("golden/schema-4.db")).await;
    agree(&store.1).await;
    undoes(store).await;
}
