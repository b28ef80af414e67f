//! Timers, deadlines and marks: what wakes a run, and what comes too late.

use super::*;

/// A checkpoint that wants to be woken.
fn wakes(path: &str, at: &'static str, wake: i64) -> Checkpoint {
    Checkpoint { wake: Some(wake), ..step(path, at, &[]) }
}

fn mark(path: &str) -> Checkpoint {
    Checkpoint { mark: true, ..step(path, "=start", &[]) }
}

fn asks_until(path: &str, number: u64, deadline: i64) -> Checkpoint {
    let mut asks = asks(path, "approve", number);
    asks.asked.as_mut().unwrap().deadline = Some(deadline);
    asks
}

async fn wake(store: &dyn Store, run: &str) -> Option<i64> {
    store.find(run).await.unwrap().unwrap().wake
}

async fn moves(store: &dyn Store, run: &str, path: &str) -> u64 {
    store.frame(run, path).await.unwrap().unwrap().moves
}

/// A run that waits for a timer.
async fn sleeping(store: &dyn Store, run: &str, wake: i64) {
    let fence = create(store, &new_run(run)).await.unwrap();
    store.checkpoint(run, fence, &wakes("", "sleep", wake)).await.unwrap();
    assert!(store.park(run, fence, &[]).await.unwrap());
}

async fn due(store: &dyn Store, now: i64, limit: u32) -> (Vec<String>, Option<i64>) {
    let due = store.due(&["content-creation"], now, limit).await.unwrap();
    (due.runs, due.next)
}

fn ids<const N: usize>(ids: [&str; N]) -> Vec<String> {
    ids.map(str::to_owned).to_vec()
}

pub(super) async fn a_claim_holds_until_it_ends(place: &dyn Place) {
    let (one, two) = (place.open().await, place.open().await);
    unknown(one.holds("nobody", 1).await);
    let fence = create(&*one, &new_run("r")).await.unwrap();
    assert!(one.holds("r", fence).await.unwrap());
    assert!(two.holds("r", fence).await.unwrap(), "whoever asks");
    assert!(!one.holds("r", fence + 1).await.unwrap());
    one.release("r", fence).await.unwrap();
    assert!(!one.holds("r", fence).await.unwrap());
    let Claim::Claimed(next) = two.claim("r").await.unwrap() else { panic!("it was released") };
    assert!(!one.holds("r", fence).await.unwrap());
    assert!(one.holds("r", next).await.unwrap());
    two.checkpoint("r", next, &step("", "x", &[])).await.unwrap();
    assert!(two.park("r", next, &[]).await.unwrap());
    assert!(!two.holds("r", next).await.unwrap());
}

pub(super) async fn one_frame_is_read_with_its_bindings(place: &dyn Place) {
    let store = place.open().await;
    unknown(store.frame("nobody", "").await);
    let fence = create(&*store, &new_run("r")).await.unwrap();
    assert_eq!(store.frame("r", "").await.unwrap(), None);
    store.checkpoint("r", fence, &step("", "x", &[("b", "1"), ("a", "2")])).await.unwrap();
    store.checkpoint("r", fence, &step("p.0", "y", &[("c", "3")])).await.unwrap();
    for frame in store.frames("r").await.unwrap() {
        assert_eq!(store.frame("r", &frame.path).await.unwrap(), Some(frame));
    }
    assert_eq!(store.frame("r", "p.1").await.unwrap(), None);
    assert_eq!(store.frame("r", "p").await.unwrap(), None);
}

pub(super) async fn moves_are_counted(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    for expected in 1..=3 {
        store.checkpoint("r", fence, &step("p.0", "x", &[])).await.unwrap();
        assert_eq!(moves(&*store, "r", "p.0").await, expected);
    }
    store.checkpoint("r", fence, &step("p.1", "x", &[])).await.unwrap();
    assert_eq!(moves(&*store, "r", "p.1").await, 1);
    store.checkpoint("r", fence, &mark("p.0")).await.unwrap();
    assert_eq!(moves(&*store, "r", "p.0").await, 3);
    store.checkpoint("r", fence, &forgets("", "joined", "p.")).await.unwrap();
    store.checkpoint("r", fence, &step("p.0", "x", &[])).await.unwrap();
    assert_eq!(moves(&*store, "r", "p.0").await, 1, "a frame that comes again is new");
}

pub(super) async fn a_mark_moves_nothing(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    let tries = Checkpoint { trying: Some("1".to_owned()), ..wakes("", "write", 50) };
    store.checkpoint("r", fence, &Checkpoint { bindings: vec![binding("a", "1")], ..tries }).await.unwrap();
    store.checkpoint("r", fence, &step("p.0", "x", &[])).await.unwrap();
    let names: &[&str] = &["b"];
    let marks = Checkpoint {
        trying: Some(r#"{"attempt":2}"#.to_owned()),
        wake: Some(70),
        bindings: vec![binding("a", "2"), binding("b", "3")],
        forget: Some("p.".to_owned()),
        keep: Some(names),
        ..mark("")
    };
    store.checkpoint("r", fence, &marks).await.unwrap();
    let frame = store.frame("r", "").await.unwrap().unwrap();
    assert_eq!((frame.at.as_str(), frame.moves, frame.bindings), ("write", 1, vec![binding("a", "1")]));
    assert_eq!((frame.wake, frame.trying.as_deref(), frame.pause), (Some(70), Some(r#"{"attempt":2}"#), None));
    assert_eq!(paths(&*store, "r").await, ["", "p.0"]);
    assert_eq!(store.history("r").await.unwrap().len(), 2);

    store.checkpoint("r", fence, &mark("")).await.unwrap();
    let frame = store.frame("r", "").await.unwrap().unwrap();
    assert_eq!((frame.wake, frame.trying, frame.pause), (None, None, None));
    fenced(store.checkpoint("r", fence + 1, &mark("")).await);
}

pub(super) async fn a_mark_makes_the_frame_that_is_not_there(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    let tries = Checkpoint { trying: Some("{}".to_owned()), bindings: vec![binding("a", "1")], ..mark("p.3") };
    store.checkpoint("r", fence, &tries).await.unwrap();
    let frame = store.frame("r", "p.3").await.unwrap().unwrap();
    assert_eq!((frame.at.as_str(), frame.moves, frame.trying.as_deref()), ("=start", 0, Some("{}")));
    assert_eq!((frame.bindings, store.history("r").await.unwrap()), (vec![], vec![]));
    store.checkpoint("r", fence, &step("p.3", "x", &[])).await.unwrap();
    let frame = store.frame("r", "p.3").await.unwrap().unwrap();
    assert_eq!((frame.at.as_str(), frame.moves, frame.trying), ("x", 1, None));
}

pub(super) async fn a_mark_may_ask(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    store.checkpoint("r", fence, &step("", "write", &[])).await.unwrap();
    store.checkpoint("r", fence, &Checkpoint { mark: true, ..asks("", "recover", 1) }).await.unwrap();
    assert_eq!(frames(&*store, "r").await[""].0, "write");
    assert_eq!(frames(&*store, "r").await[""].1.as_deref(), Some("approve-1"));
    assert_eq!(store.answer("r", "approve-1", &yes("ann"), &[]).await.unwrap(), AnswerReceipt::Accepted);
    assert!(!store.park("r", fence, &[]).await.unwrap());
    store.checkpoint("r", fence, &mark("")).await.unwrap();
    assert!(store.park("r", fence, &[]).await.unwrap());
}

pub(super) async fn a_checkpoint_brings_the_wake_forward(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    assert_eq!(wake(&*store, "r").await, None);
    store.checkpoint("r", fence, &wakes("p.0", "sleep", 500)).await.unwrap();
    assert_eq!(wake(&*store, "r").await, Some(500));
    store.checkpoint("r", fence, &wakes("p.1", "sleep", 900)).await.unwrap();
    assert_eq!(wake(&*store, "r").await, Some(500));
    store.checkpoint("r", fence, &Checkpoint { wake: Some(200), ..mark("p.2") }).await.unwrap();
    store.checkpoint("r", fence, &step("p.2", "on", &[])).await.unwrap();
    assert_eq!(wake(&*store, "r").await, Some(200), "too early does no harm, too late would");
}

pub(super) async fn parking_waits_for_the_earliest_timer(place: &dyn Place) {
    let store = place.open().await;
    let mut fence = create(&*store, &NewRun { deadline: Some(700), ..new_run("r") }).await.unwrap();
    let other = create(&*store, &new_run("other")).await.unwrap();
    store.checkpoint("other", other, &wakes("", "sleep", 1)).await.unwrap();
    for (path, timer, expected) in
        [("p.0", Some(500), 500), ("p.1", Some(300), 300), ("p.1", None, 500), ("p.0", Some(900), 700)]
    {
        store.checkpoint("r", fence, &Checkpoint { wake: timer, ..step(path, "x", &[]) }).await.unwrap();
        assert!(store.park("r", fence, &[]).await.unwrap());
        assert_eq!(wake(&*store, "r").await, Some(expected));
        let Claim::Claimed(next) = store.claim("r").await.unwrap() else { panic!("it was parked") };
        fence = next;
    }
    let fence = create(&*store, &new_run("idle")).await.unwrap();
    store.checkpoint("idle", fence, &wakes("", "sleep", 5)).await.unwrap();
    store.checkpoint("idle", fence, &step("", "on", &[])).await.unwrap();
    assert!(store.park("idle", fence, &[]).await.unwrap());
    assert_eq!(wake(&*store, "idle").await, None);
}

pub(super) async fn a_deadline_wakes_a_run(place: &dyn Place) {
    let store = place.open().await;
    let run = NewRun { deadline: Some(5_000), ..new_run("r") };
    create(&*store, &run).await.unwrap();
    let found = store.find("r").await.unwrap().unwrap();
    assert_eq!((found.run, found.wake), (run, Some(5_000)));
    place.close(store).await;
    let store = place.open().await;
    assert_eq!(due(&*store, 4_999, 9).await, (ids([]), Some(5_000)));
    assert_eq!(due(&*store, 5_000, 9).await, (ids(["r"]), None));
}

pub(super) async fn claiming_pushes_the_timer_away(place: &dyn Place) {
    let store = place.open().await;
    sleeping(&*store, "r", 10).await;
    let before = store.find("r").await.unwrap().unwrap().updated_at;
    let Claim::Claimed(fence) = store.claim("r").await.unwrap() else { panic!("it was parked") };
    let pushed = wake(&*store, "r").await.unwrap();
    assert!((before + 59_000..before + 120_000).contains(&pushed), "{}", pushed - before);
    assert_eq!(store.frame("r", "").await.unwrap().unwrap().wake, Some(10), "the frame's own stays");
    store.release("r", fence).await.unwrap();
    assert_eq!(due(&*store, 10, 9).await, (ids([]), Some(pushed)));

    let fence = create(&*store, &new_run("idle")).await.unwrap();
    store.release("idle", fence).await.unwrap();
    assert!(matches!(store.claim("idle").await.unwrap(), Claim::Claimed(_)));
    assert_eq!(wake(&*store, "idle").await, None);
}

pub(super) async fn due_runs_come_the_earliest_first(place: &dyn Place) {
    let store = place.open().await;
    assert_eq!(due(&*store, i64::MAX, 9).await, (ids([]), None));
    for (run, wake) in [("d", 40), ("a", 20), ("c", 10), ("b", 20), ("e", 90), ("f", 80)] {
        sleeping(&*store, run, wake).await;
    }
    let other = place.open().await;
    for store in [&*store, &*other] {
        assert_eq!(due(store, 9, 9).await, (ids([]), Some(10)));
        assert_eq!(due(store, 10, 9).await, (ids(["c"]), Some(20)));
        assert_eq!(due(store, 40, 9).await, (ids(["c", "a", "b", "d"]), Some(80)));
        assert_eq!(due(store, 40, 2).await, (ids(["c", "a"]), Some(80)));
        assert_eq!(due(store, 40, 0).await, (ids([]), Some(80)));
        assert_eq!(due(store, 99, 9).await, (ids(["c", "a", "b", "d", "f", "e"]), None));
    }
}

pub(super) async fn a_driven_run_is_due_when_its_driver_is_dead(place: &dyn Place) {
    let (one, two, looks) = (place.open().await, place.open().await, place.open().await);
    sleeping(&*looks, "parked", 30).await;
    for (store, run, at) in [(&one, "a", 10), (&one, "b", 20), (&two, "c", 15), (&looks, "own", 5)] {
        let fence = create(&**store, &new_run(run)).await.unwrap();
        store.checkpoint(run, fence, &wakes("", "sleep", at)).await.unwrap();
    }
    assert_eq!(due(&*looks, 30, 9).await, (ids(["parked"]), None));
    assert_eq!(due(&*looks, 29, 9).await, (ids([]), Some(30)));
    assert_eq!(due(&*looks, 12, 9).await, (ids([]), Some(15)), "the driver of that one may die as well");
    place.close(one).await;
    assert_eq!(due(&*looks, 30, 9).await, (ids(["a", "b", "parked"]), None));
    assert_eq!(due(&*looks, 30, 1).await, (ids(["a"]), None));
    drop(two);
    assert_eq!(due(&*looks, 30, 9).await, (ids(["a", "c", "b", "parked"]), None));
    assert!(matches!(looks.claim("c").await.unwrap(), Claim::Claimed(_)));
    assert_eq!(due(&*looks, 30, 9).await.0, ids(["a", "b", "parked"]));
}

pub(super) async fn what_has_ended_is_never_due(place: &dyn Place) {
    let store = place.open().await;
    let ends = [
        ("completed", Finish::Completed("1".to_owned())),
        ("failed", Finish::Failed("{}".to_owned())),
        ("cancelled", Finish::Cancelled),
    ];
    for (run, finish) in ends {
        let fence = create(&*store, &NewRun { deadline: Some(20), ..new_run(run) }).await.unwrap();
        store.checkpoint(run, fence, &wakes("", "sleep", 10)).await.unwrap();
        store.finish(run, fence, &finish, &Effects::default()).await.unwrap();
        assert_eq!(wake(&*store, run).await, None);
    }
    sleeping(&*store, "stopped", 10).await;
    store.cancel("stopped", 20, &[]).await.unwrap();
    assert_eq!(due(&*store, 100, 9).await, (ids([]), None));
}

pub(super) async fn a_pause_expires_once(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    store.checkpoint("r", fence, &asks_until("p.0", 1, 5_000)).await.unwrap();
    store.checkpoint("r", fence, &asks_until("p.1", 2, 5_000)).await.unwrap();
    assert_eq!(store.pauses("r").await.unwrap()[0].pause.deadline, Some(5_000));
    assert_eq!(store.answer("r", "approve-2", &yes("ann"), &[]).await.unwrap(), AnswerReceipt::Accepted);
    assert!(store.expire("r", fence, "approve-1", 5_001, &[]).await.unwrap());
    assert!(store.expire("r", fence, "approve-1", 6_000, &[]).await.unwrap());
    assert!(!store.expire("r", fence, "approve-2", 5_001, &[]).await.unwrap(), "somebody was faster");
    let pauses = store.pauses("r").await.unwrap();
    assert_eq!((pauses[0].expired_at, &pauses[0].answer), (Some(5_001), &None));
    assert_eq!((pauses[1].expired_at, pauses[1].answer.clone()), (None, Some(yes("ann"))));
    assert_eq!(store.answer("r", "approve-1", &yes("bob"), &[]).await.unwrap(), AnswerReceipt::Expired);
    assert!(matches!(
        store.answer("r", "approve-2", &yes("bob"), &[]).await.unwrap(),
        AnswerReceipt::AlreadyAnswered(first) if first == yes("ann")
    ));
    let forged = store.expire("r", fence, "approve-9", 1, &[]).await.unwrap_err();
    assert!(matches!(&forged, StoreError::UnknownPause { run, pause } if run == "r" && pause == "approve-9"));
    fenced(store.expire("r", fence + 1, "approve-1", 1, &[]).await);

    store.checkpoint("r", fence, &step("p.0", "moved on", &[])).await.unwrap();
    let late = store.answer("r", "approve-1", &yes("bob"), &[]).await.unwrap();
    assert_eq!(late, AnswerReceipt::Expired, "which says more than that the run moved on");
}

pub(super) async fn an_expired_pause_is_news(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    store.checkpoint("r", fence, &asks_until("", 1, 5_000)).await.unwrap();
    assert!(store.expire("r", fence, "approve-1", 5_000, &[]).await.unwrap());
    assert!(!store.park("r", fence, &[]).await.unwrap());
    store.checkpoint("r", fence, &asks_until("", 2, 9_000)).await.unwrap();
    assert!(store.park("r", fence, &[]).await.unwrap());
}

pub(super) async fn an_answer_at_the_deadline_is_too_late(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    for (number, deadline) in [(1, 3_001), (2, 3_000), (3, 2_999)] {
        store.checkpoint("r", fence, &asks_until(&format!("p.{number}"), number, deadline)).await.unwrap();
    }
    assert!(store.park("r", fence, &[]).await.unwrap());
    assert_eq!(yes("ann").at, 3_000);
    assert_eq!(store.answer("r", "approve-1", &yes("ann"), &[]).await.unwrap(), AnswerReceipt::Accepted);
    assert_eq!(store.answer("r", "approve-2", &yes("ann"), &[]).await.unwrap(), AnswerReceipt::Expired);
    assert_eq!(store.answer("r", "approve-3", &yes("ann"), &[]).await.unwrap(), AnswerReceipt::Expired);
    let in_time = Answer { at: 1, ..yes("ann") };
    let pauses = store.pauses("r").await.unwrap();
    assert!(pauses.iter().all(|pause| pause.expired_at.is_none()), "that is for the driver to say");
    assert_eq!(pauses.iter().filter(|pause| pause.answer.is_some()).count(), 1);
    assert_eq!(store.answer("r", "approve-3", &in_time, &[]).await.unwrap(), AnswerReceipt::Accepted);
    let Claim::Claimed(fence) = store.claim("r").await.unwrap() else { panic!("nobody drives it") };
    assert!(store.expire("r", fence, "approve-2", 3_000, &[]).await.unwrap());
    assert!(!store.expire("r", fence, "approve-3", 3_000, &[]).await.unwrap());
    assert_eq!(store.answer("r", "approve-2", &in_time, &[]).await.unwrap(), AnswerReceipt::Expired, "it is marked");
}

pub(super) async fn unknown_runs_have_no_timers(place: &dyn Place) {
    let store = place.open().await;
    unknown(store.expire("nobody", 1, "approve-1", 1, &[]).await);
    unknown(store.checkpoint("nobody", 1, &mark("")).await);
}
