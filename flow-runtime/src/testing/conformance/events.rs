//! Events: numbered without gaps, and told exactly when what they tell has happened.

use super::*;
use crate::store::{CancelReceipt, EventRecord, FrameMark, NewUndo, ReopenReceipt};

fn event(name: &str) -> String {
    format!(r#"{{"time":1000,"kind":"{name}"}}"#)
}

fn told(names: &[&str]) -> Effects {
    Effects { events: names.iter().map(|name| event(name)).collect(), session: None }
}

async fn names(store: &dyn Store, run: &str) -> Vec<String> {
    let events = store.events(run, 1, 10_000).await.unwrap();
    assert!(events.iter().map(|event| event.seq).eq(1..=events.len() as u64), "no gap: {events:?}");
    let name = |event: &EventRecord| serde_json::from_str::<serde_json::Value>(&event.event).unwrap()["kind"].clone();
    events.iter().map(|event| name(event).as_str().unwrap().to_owned()).collect()
}

pub(super) async fn events_are_numbered_without_gaps(place: &dyn Place) {
    let store = place.open().await;
    let beginning = Beginning { effects: told(&["started"]), ..Beginning::default() };
    assert_eq!(store.create(&new_run("r"), &beginning).await.unwrap(), Created::Created(1));
    create(&*store, &new_run("other")).await.unwrap();
    store.checkpoint("r", 1, &Checkpoint { effects: told(&["a", "b", "c"]), ..step("", "x", &[]) }).await.unwrap();
    store.checkpoint("r", 1, &step("", "y", &[])).await.unwrap();
    store.checkpoint("other", 1, &Checkpoint { effects: told(&["z"]), ..step("", "x", &[]) }).await.unwrap();
    let mark = Checkpoint { mark: true, effects: told(&["d"]), ..step("", "y", &[]) };
    store.checkpoint("r", 1, &mark).await.unwrap();
    store.emit("r", 1, &[event("e"), event("f")]).await.unwrap();
    assert_eq!(names(&*store, "r").await, ["started", "a", "b", "c", "d", "e", "f"]);
    assert_eq!(names(&*place.open().await, "other").await, ["z"]);
}

pub(super) async fn events_come_with_what_brought_them(place: &dyn Place) {
    let store = place.open().await;
    let one = |name: &str| [event(name)];
    create(&*store, &new_run("r")).await.unwrap();
    let undo = vec![NewUndo { path: String::new(), step: "s".to_owned(), output: "1".to_owned() }];
    store.checkpoint("r", 1, &Checkpoint { undo, ..asks("", "approve", 1) }).await.unwrap();
    assert!(store.park("r", 1, &one("parked")).await.unwrap());
    assert_eq!(store.answer("r", "approve-1", &yes("ann"), &one("answered")).await.unwrap(), AnswerReceipt::Accepted);
    assert_eq!(store.claim("r").await.unwrap(), Claim::Claimed(2));
    store.checkpoint("r", 2, &asks("", "approve", 2)).await.unwrap();
    assert!(store.expire("r", 2, "approve-2", 5_000, &one("expired")).await.unwrap());
    assert!(store.begin_undo("r", 2, Some("{}"), &[], &one("undoing")).await.unwrap());
    store.undone("r", 2, 1, 0, Some("no"), 5_000, &one("broken")).await.unwrap();
    store.finish("r", 2, &Finish::Failed("{}".to_owned()), &told(&["failed"])).await.unwrap();
    assert_eq!(store.reopen("r", 5_000, &[], &one("reopened")).await.unwrap(), ReopenReceipt::Reopened);
    assert_eq!(store.claim("r").await.unwrap(), Claim::Claimed(3));
    store.undone("r", 3, 1, 0, None, 5_000, &one("undone")).await.unwrap();
    store.finish("r", 3, &Finish::Cancelled, &told(&["over"])).await.unwrap();
    let expected = ["parked", "answered", "expired", "undoing", "broken", "failed", "reopened", "undone", "over"];
    assert_eq!(names(&*store, "r").await, expected);

    create(&*store, &new_run("gone")).await.unwrap();
    assert_eq!(store.cancel("gone", 5_000, &one("cancelled")).await.unwrap(), CancelReceipt::Cancelled);
    assert_eq!(names(&*store, "gone").await, ["cancelled"]);
}

pub(super) async fn what_has_no_effect_tells_nothing(place: &dyn Place) {
    let store = place.open().await;
    let no = [event("no")];
    create(&*store, &new_run("r")).await.unwrap();
    store.checkpoint("r", 1, &asks("", "approve", 1)).await.unwrap();
    fenced(store.checkpoint("r", 9, &Checkpoint { effects: told(&["no"]), ..step("", "x", &[]) }).await);
    fenced(store.park("r", 9, &no).await);
    fenced(store.finish("r", 9, &Finish::Cancelled, &told(&["no"])).await);
    fenced(store.emit("r", 9, &no).await);
    fenced(store.expire("r", 9, "approve-1", 5_000, &no).await);
    fenced(store.begin_undo("r", 9, None, &[], &no).await);
    fenced(store.undone("r", 9, 1, 0, None, 5_000, &no).await);
    store.answer("r", "approve-7", &yes("eve"), &no).await.unwrap_err();
    store.undone("r", 1, 7, 7, None, 5_000, &no).await.unwrap_err();
    let marks: [FrameMark; 0] = [];
    assert_eq!(store.reopen("r", 5_000, &marks, &no).await.unwrap(), ReopenReceipt::NotFailed(RunStatus::Running));
    let asked_twice = Checkpoint { effects: told(&["no"]), ..asks("", "approve", 1) };
    store.checkpoint("r", 1, &asked_twice).await.unwrap_err();
    assert_eq!(store.answer("r", "approve-1", &yes("ann"), &[]).await.unwrap(), AnswerReceipt::Accepted);
    assert!(matches!(
        store.answer("r", "approve-1", &yes("bob"), &no).await.unwrap(),
        AnswerReceipt::AlreadyAnswered(_)
    ));
    assert!(!store.expire("r", 1, "approve-1", 5_000, &no).await.unwrap());
    assert!(!store.park("r", 1, &no).await.unwrap());
    store.finish("r", 1, &Finish::Cancelled, &Effects::default()).await.unwrap();
    assert!(matches!(store.cancel("r", 5_000, &no).await.unwrap(), CancelReceipt::Ended(_)));
    assert_eq!(names(&*store, "r").await, [""; 0]);
}

pub(super) async fn many_tell_and_no_event_is_lost(place: &dyn Place) {
    let store = place.open().await;
    create(&*store, &new_run("r")).await.unwrap();
    let writers = (0..16).map(|n| {
        let store = store.clone();
        tokio::spawn(async move {
            for round in 0..10 {
                let effects = told(&[&format!("{n}-{round}"), "and"]);
                let path = format!("p.{n}");
                store.checkpoint("r", 1, &Checkpoint { effects, ..step(&path, "x", &[]) }).await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let names = names(&*store, "r").await;
    assert_eq!(names.len(), 320);
    for n in 0..16 {
        let own: Vec<&String> = names.iter().filter(|name| name.starts_with(&format!("{n}-"))).collect();
        assert!(own.into_iter().cloned().eq((0..10).map(|round| format!("{n}-{round}"))), "each in its order");
    }
    assert!(names.chunks(2).all(|pair| pair[0] != "and" && pair[1] == "and"), "each write's events together");
}

pub(super) async fn events_are_read_in_pages(place: &dyn Place) {
    let store = place.open().await;
    create(&*store, &new_run("r")).await.unwrap();
    for n in 0..10 {
        let events: Vec<String> = (0..=n % 3).map(|part| event(&format!("{n}.{part}"))).collect();
        store.emit("r", 1, &events).await.unwrap();
    }
    let all = store.events("r", 1, 10_000).await.unwrap();
    assert_eq!(all.len(), 19);
    for from in 1..=20 {
        for limit in [0, 1, 2, 5, 100] {
            let page = store.events("r", from, limit).await.unwrap();
            let expected: Vec<EventRecord> = all.iter().skip(from as usize - 1).take(limit as usize).cloned().collect();
            assert_eq!(page, expected, "from {from}, {limit} at most");
        }
    }
    assert_eq!(store.events("r", 0, 1).await.unwrap(), all[..1]);
}

pub(super) async fn events_are_kept_as_they_were_told(place: &dyn Place) {
    let store = place.open().await;
    create(&*store, &new_run("r")).await.unwrap();
    let odd = [
        r#"{"time":5,"kind":"custom","data":{"z":1.50,"a":[1, 2],"t":"é \u0000 \" 😀"}}"#.to_owned(),
        r#"{ "time" : 6 , "kind":"custom", "data":12345678901234567890123456789.10 }"#.to_owned(),
        format!(r#"{{"time":7,"kind":"custom","data":"{}"}}"#, "x".repeat(1 << 20)),
    ];
    store.emit("r", 1, &odd).await.unwrap();
    store.emit("r", 1, &[]).await.unwrap();
    store.finish("r", 1, &Finish::Completed("1".to_owned()), &Effects::default()).await.unwrap();
    let events = place.open().await.events("r", 1, 9).await.unwrap();
    assert_eq!(events.into_iter().map(|event| event.event).collect::<Vec<_>>(), odd);
}

pub(super) async fn unknown_runs_tell_nothing(place: &dyn Place) {
    let store = place.open().await;
    unknown(store.emit("nobody", 1, &[]).await);
    unknown(store.events("nobody", 1, 9).await);
}
