//! What is kept of questions and answers: who may answer, how often it was asked, reminders, comments, and what was withdrawn.

use super::*;

/// Asks at a point, by a name of its own.
fn asks_at(path: &str, at: &'static str, name: &str, number: u64) -> Checkpoint {
    let mut checkpoint = asks(path, at, number);
    if let Some(asked) = &mut checkpoint.asked {
        asked.id = format!("{name}-{number}");
        name.clone_into(&mut asked.name);
    }
    checkpoint
}

async fn pauses(store: &dyn Store) -> BTreeMap<String, PauseRecord> {
    let pauses = store.pauses("r").await.unwrap();
    pauses.into_iter().map(|pause| (pause.pause.id.clone(), pause)).collect()
}

pub(super) async fn a_question_is_kept_as_it_was_asked(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    let mut asking = asks("p.1", "approve#2", 7);
    if let Some(asked) = &mut asking.asked {
        asked.remind_ms = Some(86_400_000);
        asked.deadline = Some(9_000_000_000);
        asked.question = "Is \"this\" good?\nü".to_owned();
    }
    store.checkpoint("r", fence, &asking).await.unwrap();
    store.checkpoint("r", fence, &asks_at("", "check", "check", 8)).await.unwrap();
    let asked = asking.asked.clone().unwrap();
    assert_eq!(pauses(&*store).await["approve-7"], PauseRecord::from(asked.clone()));
    let answer = Answer { comment: Some("at last…".to_owned()), ..yes("ann") };
    assert_eq!(store.answer("r", "approve-7", &answer, &[]).await.unwrap(), AnswerReceipt::Accepted);
    assert_eq!(
        store.answer("r", "approve-7", &yes("ben"), &[]).await.unwrap(),
        AnswerReceipt::AlreadyAnswered(answer.clone())
    );
    let answered = PauseRecord { answer: Some(answer), ..asked.into() };
    assert_eq!(pauses(&*store).await["approve-7"], answered);
    assert_eq!(store.pauses_of("r", &["approve-7".to_owned()]).await.unwrap()[0], answered);
    place.close(store).await;
    assert_eq!(pauses(&*place.open().await).await["approve-7"], answered);
}

pub(super) async fn how_often_the_same_was_asked_is_counted(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    let one_after_the_other = [
        ("", "approve", "approve", 0),
        ("", "approve", "approve", 1),
        ("", "approve#2", "approve", 0),
        ("p.0", "approve", "approve", 0),
        ("", "approve", "recover-draft", 0),
        ("", "approve", "approve", 2),
        ("p.0", "approve", "approve", 1),
    ];
    for (number, (path, at, name, before)) in (1..).zip(one_after_the_other) {
        let mut asking = asks_at(path, at, name, number);
        if let Some(asked) = &mut asking.asked {
            // That is for the store to say.
            asked.asked_before = 40;
        }
        store.checkpoint("r", fence, &asking).await.unwrap();
        let found = pauses(&*store).await[&format!("{name}-{number}")].pause.asked_before;
        assert_eq!(found, before, "question {number}, {name} at {at} of `{path}`");
    }
    // Another run has asked nothing.
    let fence = create(&*store, &new_run("other")).await.unwrap();
    store.checkpoint("other", fence, &asks("", "approve", 1)).await.unwrap();
    assert_eq!(store.pauses("other").await.unwrap()[0].pause.asked_before, 0);
}

pub(super) async fn a_run_that_begins_somewhere_goes_on_counting(place: &dyn Place) {
    let store = place.open().await;
    let asked = NewPause { asked_before: 3, remind_ms: Some(60_000), ..asks("", "approve", 4).asked.unwrap() };
    let frame = FrameRecord {
        at: "approve".to_owned(),
        pause: Some("approve-4".to_owned()),
        wake: Some(62_000),
        ..FrameRecord::default()
    };
    let answered = PauseRecord {
        answer: Some(Answer { comment: Some("ok".to_owned()), ..yes("ann") }),
        ..NewPause { id: "approve-3".to_owned(), number: 3, asked_before: 2, ..asked.clone() }.into()
    };
    let begins = [answered, asked.into()];
    let fence = create_from(&*store, &new_run("r"), &[frame], &begins).await.unwrap();
    assert_eq!(store.pauses("r").await.unwrap(), begins);
    store.checkpoint("r", fence, &asks("", "approve", 5)).await.unwrap();
    assert_eq!(pauses(&*store).await["approve-5"].pause.asked_before, 4);
}

pub(super) async fn a_reminder_is_counted_and_sets_the_next(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    for (path, number) in [("p.0", 1), ("p.1", 2)] {
        store.checkpoint("r", fence, &Checkpoint { wake: Some(5_000), ..asks(path, "approve", number) }).await.unwrap();
    }
    let told = [r#"{"time":5000,"kind":"pause_reminded"}"#.to_owned()];
    assert!(store.remind("r", fence, "approve-1", 9_000, &told).await.unwrap());
    let counted = |pauses: &BTreeMap<String, PauseRecord>| (pauses["approve-1"].reminded, pauses["approve-2"].reminded);
    assert_eq!(counted(&pauses(&*store).await), (1, 0));
    let frame = store.frame("r", "p.0").await.unwrap().unwrap();
    assert_eq!((frame.wake, frame.pause.as_deref(), frame.at.as_str()), (Some(9_000), Some("approve-1"), "approve"));
    assert_eq!(store.frame("r", "p.1").await.unwrap().unwrap().wake, Some(5_000), "another one has its own time");
    assert!(store.remind("r", fence, "approve-1", 13_000, &[]).await.unwrap());
    assert!(store.remind("r", fence, "approve-2", 11_000, &[]).await.unwrap());
    assert_eq!(counted(&pauses(&*store).await), (2, 1));
    assert_eq!(store.events("r", 0, 9).await.unwrap().len(), 1);
    assert!(store.park("r", fence, &[]).await.unwrap());
    assert_eq!(store.find("r").await.unwrap().unwrap().wake, Some(11_000));
    assert_eq!(store.due(&["content-creation"], 10_999, 9).await.unwrap().runs, [""; 0]);
    assert_eq!(store.due(&["content-creation"], 11_000, 9).await.unwrap().runs, ["r"]);
}

pub(super) async fn of_what_is_done_nobody_is_reminded(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    for number in [1, 2] {
        let asking = Checkpoint { wake: Some(5_000), ..asks(&format!("p.{number}"), "approve", number) };
        store.checkpoint("r", fence, &asking).await.unwrap();
    }
    assert_eq!(store.answer("r", "approve-1", &yes("ann"), &[]).await.unwrap(), AnswerReceipt::Accepted);
    assert!(store.expire("r", fence, "approve-2", 5_000, &[]).await.unwrap());
    let told = [r#"{"time":5000,"kind":"pause_reminded"}"#.to_owned()];
    for pause in ["approve-1", "approve-2"] {
        assert!(!store.remind("r", fence, pause, 9_000, &told).await.unwrap(), "{pause}");
    }
    assert!(pauses(&*store).await.values().all(|pause| pause.reminded == 0));
    assert_eq!(store.frame("r", "p.1").await.unwrap().unwrap().wake, Some(5_000));
    assert_eq!(store.events("r", 0, 9).await.unwrap(), []);
    let forged = store.remind("r", fence, "approve-9", 9_000, &told).await.unwrap_err();
    assert!(matches!(&forged, StoreError::UnknownPause { run, pause } if run == "r" && pause == "approve-9"));
    let late = store.remind("r", fence + 1, "approve-1", 9_000, &told).await.unwrap_err();
    assert!(matches!(late, StoreError::Fenced { .. }), "{late}");
    let nobody = store.remind("nobody", 1, "approve-1", 9_000, &told).await.unwrap_err();
    assert!(matches!(nobody, StoreError::UnknownRun { .. }), "{nobody}");
}

pub(super) async fn what_is_withdrawn_is_noted(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    for number in [1, 2, 3] {
        store.checkpoint("r", fence, &asks(&format!("p.{number}"), "approve", number)).await.unwrap();
    }
    assert_eq!(store.answer("r", "approve-2", &yes("ann"), &[]).await.unwrap(), AnswerReceipt::Accepted);
    let withdrawn = ["approve-1", "approve-2", "approve-9"].map(str::to_owned).to_vec();
    let joins = Checkpoint { withdrawn, ..forgets("", "joined", "p.") };
    store.checkpoint("r", fence, &joins).await.unwrap();
    let pauses = pauses(&*store).await;
    assert!(pauses["approve-1"].withdrawn_at.is_some_and(|at| at > 1_700_000_000_000), "{pauses:?}");
    assert_eq!((pauses["approve-2"].withdrawn_at, &pauses["approve-2"].answer), (None, &Some(yes("ann"))));
    assert_eq!(pauses["approve-3"].withdrawn_at, None);
    assert_eq!(store.answer("r", "approve-1", &yes("ben"), &[]).await.unwrap(), AnswerReceipt::NotWaiting);
    // A mark may bring some as well.
    store.checkpoint("r", fence, &asks("q.1", "approve", 4)).await.unwrap();
    let mark = Checkpoint { mark: true, withdrawn: vec!["approve-4".to_owned()], ..step("", "joined", &[]) };
    store.checkpoint("r", fence, &mark).await.unwrap();
    assert!(store.pauses("r").await.unwrap()[3].withdrawn_at.is_some());
}
