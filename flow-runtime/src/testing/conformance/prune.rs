//! Pruning: what is gone, and what must not go.

use super::*;
use crate::store::{NewUndo, Prune, Pruned, SessionFilter, SessionWrite};

fn ended(before: i64) -> Prune {
    Prune { ended_before: Some(before), checkpoints: None, limit: 100 }
}

fn keep(checkpoints: u64) -> Prune {
    Prune { ended_before: None, checkpoints: Some(checkpoints), limit: 100 }
}

async fn numbers(store: &dyn Store, run: &str) -> Vec<u64> {
    store.history(run).await.unwrap().into_iter().map(|checkpoint| checkpoint.seq).collect()
}

async fn long(store: &dyn Store, run: &str, checkpoints: u64) {
    create(store, &new_run(run)).await.unwrap();
    for n in 1..=checkpoints {
        let value = n.to_string();
        let mut made = step(["", "p.0", "p.1"][n as usize % 3], "x", &[("n", &value)]);
        made.forget = (n % 7 == 0).then(|| "p.1".to_owned());
        made.effects.events = vec![format!(r#"{{"time":{n},"kind":"custom"}}"#)];
        store.checkpoint(run, 1, &made).await.unwrap();
    }
}

pub(super) async fn old_runs_are_pruned_with_all_that_is_theirs(place: &dyn Place) {
    let store = place.open().await;
    for id in ["done", "failed", "paused", "running"] {
        create(&*store, &NewRun { key: Some(id.to_owned()), ..new_run(id) }).await.unwrap();
        let effects = Effects { events: vec![r#"{"time":1,"kind":"x"}"#.to_owned()], session: None };
        let undo = vec![NewUndo::default()];
        store.checkpoint(id, 1, &Checkpoint { effects, undo, ..asks("", "approve", 1) }).await.unwrap();
    }
    store.finish("done", 1, &Finish::Completed("1".to_owned()), &Effects::default()).await.unwrap();
    store.finish("failed", 1, &Finish::Failed("{}".to_owned()), &Effects::default()).await.unwrap();
    assert!(store.park("paused", 1, &[]).await.unwrap());
    assert_eq!(store.prune(&ended(1_000)).await.unwrap(), Pruned::default(), "none has ended so long ago");
    assert_eq!(store.prune(&ended(i64::MAX)).await.unwrap(), Pruned { runs: 2, ..Pruned::default() });
    let left = store.list(&RunFilter::default()).await.unwrap();
    let mut left: Vec<&str> = left.iter().map(|record| &*record.run.id).collect();
    left.sort_unstable();
    assert_eq!(left, ["paused", "running"]);
    assert_eq!(frames(&*store, "paused").await.len(), 1);
    for id in ["done", "failed"] {
        // As if it had never been.
        let again = NewRun { key: Some(id.to_owned()), ..new_run(id) };
        assert_eq!(create(&*store, &again).await.unwrap(), 1);
        assert_eq!((store.frames(id).await.unwrap(), store.pauses(id).await.unwrap()), (vec![], vec![]));
        assert_eq!((store.events(id, 1, 9).await.unwrap(), store.history(id).await.unwrap()), (vec![], vec![]));
        assert_eq!(store.undos(id).await.unwrap(), []);
    }
}

pub(super) async fn the_session_of_a_run_is_pruned_with_it(place: &dyn Place) {
    let store = place.open().await;
    let runs = [("own", None), ("of-another", Some("own-2")), ("own-2", None), ("shared", Some("s"))];
    for (id, session) in runs {
        let fence = create(&*store, &NewRun { session: session.map(str::to_owned), ..new_run(id) }).await.unwrap();
        let session = session.unwrap_or(id).to_owned();
        let base = store.session(&session).await.unwrap().map_or(0, |session| session.version);
        let write = SessionWrite { id: session, base, state: Some("1".to_owned()), ..SessionWrite::default() };
        let effects = Effects { events: Vec::new(), session: Some(write) };
        match id {
            "of-another" => store.checkpoint(id, fence, &Checkpoint { effects, ..step("", "x", &[]) }).await.unwrap(),
            _ => store.finish(id, fence, &Finish::Completed("1".to_owned()), &effects).await.unwrap(),
        }
    }
    assert_eq!(store.prune(&ended(i64::MAX)).await.unwrap(), Pruned { runs: 3, ..Pruned::default() });
    let left = store.sessions(&SessionFilter::default()).await.unwrap();
    let mut left: Vec<&str> = left.iter().map(|session| &*session.id).collect();
    left.sort_unstable();
    assert_eq!(left, ["own-2", "s"], "what others belong to stays");
}

pub(super) async fn a_long_history_is_cut(place: &dyn Place) {
    let store = place.open().await;
    long(&*store, "r", 50).await;
    let mut then = Vec::new();
    for seq in 0..=50 {
        then.push(store.frames_at("r", seq).await.unwrap().unwrap());
    }
    let sorted = |mut frames: Vec<FrameRecord>| {
        frames.sort_by(|a, b| a.path.cmp(&b.path));
        frames
    };
    let now = sorted(store.frames("r").await.unwrap());
    assert_eq!(store.prune(&keep(50)).await.unwrap(), Pruned::default());
    assert_eq!(store.prune(&keep(20)).await.unwrap(), Pruned { checkpoints: 30, ..Pruned::default() });
    assert_eq!(numbers(&*store, "r").await, (31..=50).collect::<Vec<_>>());
    assert_eq!(store.prune(&keep(20)).await.unwrap(), Pruned::default());
    // And once more, from where it begins now.
    assert_eq!(store.prune(&keep(10)).await.unwrap(), Pruned { checkpoints: 10, ..Pruned::default() });
    for seq in 0..=50 {
        let kept = store.frames_at("r", seq).await.unwrap().map(sorted);
        let expected = (seq >= 40).then(|| sorted(then[seq as usize].clone()));
        assert_eq!(kept, expected, "checkpoint {seq}");
    }
    assert_eq!(store.frames_at("r", 51).await.unwrap(), None);
    assert_eq!(sorted(store.frames("r").await.unwrap()), now);
    let events = store.events("r", 1, 100).await.unwrap();
    assert_eq!(events.last().map(|event| event.seq), Some(50));
    let first = events[0].seq;
    assert!(events.iter().map(|event| event.seq).eq(first..=50));
}

pub(super) async fn what_can_be_undone_is_not_cut(place: &dyn Place) {
    let store = place.open().await;
    long(&*store, "r", 20).await;
    let undo = vec![NewUndo { path: String::new(), step: "s".to_owned(), output: "1".to_owned() }];
    store.checkpoint("r", 1, &Checkpoint { undo, ..step("", "y", &[]) }).await.unwrap();
    for _ in 0..20 {
        store.checkpoint("r", 1, &step("", "z", &[])).await.unwrap();
    }
    assert_eq!(store.prune(&keep(5)).await.unwrap().checkpoints, 20);
    assert_eq!(store.undos("r").await.unwrap()[0].seq, 21);
    assert!(store.frames_at("r", 20).await.unwrap().is_some(), "where the step ran");
    assert_eq!(store.frames_at("r", 19).await.unwrap(), None);
    assert!(store.begin_undo("r", 1, None, &[], &[]).await.unwrap());
    store.undone("r", 1, 21, 0, None, 5_000, &[]).await.unwrap();
    assert_eq!(store.prune(&keep(5)).await.unwrap().checkpoints, 16);
}

pub(super) async fn a_cut_history_goes_on(place: &dyn Place) {
    let store = place.open().await;
    long(&*store, "r", 9).await;
    let before = store.frames_at("r", 9).await.unwrap().unwrap();
    store.prune(&keep(0)).await.unwrap();
    assert_eq!(numbers(&*store, "r").await, [0; 0]);
    assert_eq!(store.frames_at("r", 9).await.unwrap().unwrap().len(), before.len());
    store.checkpoint("r", 1, &step("p.0", "on", &[("n", "10")])).await.unwrap();
    assert_eq!(numbers(&*place.open().await, "r").await, [10]);
    let then = store.frames_at("r", 10).await.unwrap().unwrap();
    let frame = then.iter().find(|frame| frame.path == "p.0").unwrap();
    let moves = before.iter().find(|frame| frame.path == "p.0").unwrap().moves;
    assert_eq!((&*frame.at, frame.moves, &*frame.bindings[0].value), ("on", moves + 1, "10"));
}

pub(super) async fn what_a_frame_waits_for_is_not_cut(place: &dyn Place) {
    let store = place.open().await;
    create(&*store, &new_run("r")).await.unwrap();
    for n in 1..=10 {
        // One answered after the other, all but that of the branch.
        let path = if n == 3 { "p.0" } else { "" };
        store.checkpoint("r", 1, &asks(path, "approve", n)).await.unwrap();
        let answered = store.answer("r", &format!("approve-{n}"), &yes("ann"), &[]).await.unwrap();
        assert_eq!(answered, AnswerReceipt::Accepted);
    }
    for _ in 0..5 {
        store.checkpoint("r", 1, &step("", "x", &[])).await.unwrap();
    }
    store.prune(&keep(2)).await.unwrap();
    let left = store.pauses("r").await.unwrap();
    let left: Vec<u64> = left.iter().map(|pause| pause.pause.number).collect();
    assert_eq!(left, [3, 10], "the one a frame stands at, and the last, by which the next is numbered");
}

pub(super) async fn where_a_cut_history_begins_is_not_cut(place: &dyn Place) {
    let store = place.open().await;
    create(&*store, &new_run("r")).await.unwrap();
    for n in 1..=3 {
        let path = if n == 1 { "p.0" } else { "" };
        store.checkpoint("r", 1, &asks(path, "approve", n)).await.unwrap();
        let answered = store.answer("r", &format!("approve-{n}"), &yes("ann"), &[]).await.unwrap();
        assert_eq!(answered, AnswerReceipt::Accepted);
    }
    for _ in 0..5 {
        store.checkpoint("r", 1, &step("", "x", &[])).await.unwrap();
    }
    // No frame is left but those of long ago.
    store.finish("r", 1, &Finish::Completed("1".to_owned()), &Effects::default()).await.unwrap();
    assert_eq!(store.prune(&keep(2)).await.unwrap().checkpoints, 6);
    let begins = store.frames_at("r", 6).await.unwrap().unwrap();
    let stands: Vec<&str> = begins.iter().filter_map(|frame| frame.pause.as_deref()).collect();
    assert_eq!(stands, ["approve-1"]);
    let left = store.pauses("r").await.unwrap();
    let left: Vec<&str> = left.iter().map(|pause| &*pause.pause.id).collect();
    assert_eq!(
        left,
        ["approve-1", "approve-3"],
        "the one a frame stood at, and the last, by which the next is numbered"
    );
}

pub(super) async fn pruning_goes_in_batches(place: &dyn Place) {
    let store = place.open().await;
    for n in 0..5 {
        let id = format!("r{n}");
        create(&*store, &new_run(&id)).await.unwrap();
        store.finish(&id, 1, &Finish::Completed("1".to_owned()), &Effects::default()).await.unwrap();
    }
    let some = Prune { limit: 2, ..ended(i64::MAX) };
    assert_eq!(store.prune(&some).await.unwrap(), Pruned { runs: 2, checkpoints: 0, more: true });
    assert_eq!(store.prune(&some).await.unwrap(), Pruned { runs: 2, checkpoints: 0, more: true });
    assert_eq!(store.prune(&some).await.unwrap(), Pruned { runs: 1, checkpoints: 0, more: false });
    for n in 0..3 {
        long(&*store, &format!("long{n}"), 10).await;
    }
    let some = Prune { limit: 2, ..keep(4) };
    assert_eq!(store.prune(&some).await.unwrap().checkpoints, 12);
    assert_eq!(store.prune(&some).await.unwrap().checkpoints, 6);
    assert_eq!(store.prune(&some).await.unwrap(), Pruned::default());
}
