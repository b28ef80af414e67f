//! Cancelling, undoing and going on with what failed.

use std::time::Duration;

use futures::StreamExt;

use crate::store::{CancelReceipt, Change, FrameMark, NewUndo, ReopenReceipt, UndoRecord};

use super::*;

fn undo(path: &str, step: &str) -> NewUndo {
    NewUndo { path: path.to_owned(), step: step.to_owned(), output: format!(r#"{{"of":"{step}"}}"#) }
}

/// A checkpoint with something to undo.
fn does(path: &str, steps: &[&str]) -> Checkpoint {
    Checkpoint { undo: steps.iter().map(|name| undo(path, name)).collect(), ..step(path, "done", &[("a", "1")]) }
}

async fn status(store: &dyn Store, run: &str) -> RunStatus {
    store.find(run).await.unwrap().unwrap().status
}

async fn claimed(store: &dyn Store, run: &str) -> u64 {
    match store.claim(run).await.unwrap() {
        Claim::Claimed(fence) => fence,
        other => panic!("{other:?}"),
    }
}

fn steps(undos: &[UndoRecord]) -> Vec<(u64, u32, &str)> {
    undos.iter().map(|undo| (undo.seq, undo.n, undo.step.as_str())).collect()
}

/// A run that has failed, with these steps to undo.
async fn failed(store: &dyn Store, undos: &[&str]) {
    let fence = create(store, &new_run("r")).await.unwrap();
    store.checkpoint("r", fence, &does("", undos)).await.unwrap();
    store.finish("r", fence, &Finish::Failed("\"why\"".to_owned()), &Effects::default()).await.unwrap();
}

pub(super) async fn a_run_is_cancelled_whoever_drives_it(place: &dyn Place) {
    let (one, two) = (place.open().await, place.open().await);
    let fence = create(&*one, &NewRun { deadline: Some(50), ..new_run("r") }).await.unwrap();
    one.checkpoint("r", fence, &Checkpoint { wake: Some(7), ..step("", "x", &[("a", "1")]) }).await.unwrap();
    assert_eq!(two.cancel("r", 5_000, &[]).await.unwrap(), CancelReceipt::Cancelled);
    let found = one.find("r").await.unwrap().unwrap();
    assert_eq!((found.status, found.output, found.failure), (RunStatus::Cancelled, None, None));
    assert_eq!(found.wake, None);
    assert!(found.updated_at > 1_000);
    assert_eq!(one.frames("r").await.unwrap(), []);
    assert_eq!(one.history("r").await.unwrap().len(), 1);

    fenced(one.checkpoint("r", fence, &step("", "y", &[])).await);
    fenced(one.park("r", fence, &[]).await);
    fenced(one.finish("r", fence, &Finish::Completed("1".to_owned()), &Effects::default()).await);
    fenced(one.begin_undo("r", fence, None, &[], &[]).await);
    assert!(!one.holds("r", fence).await.unwrap());
    one.release("r", fence).await.unwrap();
    assert_eq!(one.claim("r").await.unwrap(), Claim::Ended);
    assert_eq!(one.find("r").await.unwrap().unwrap().status, RunStatus::Cancelled);
}

pub(super) async fn a_paused_run_is_cancelled(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    store.checkpoint("r", fence, &asks("", "approve", 1)).await.unwrap();
    assert!(store.park("r", fence, &[]).await.unwrap());
    assert_eq!(store.cancel("r", 5_000, &[]).await.unwrap(), CancelReceipt::Cancelled);
    assert_eq!(store.claim("r").await.unwrap(), Claim::Ended);
    let cancelled = store.list(&RunFilter { status: vec![RunStatus::Cancelled], ..RunFilter::default() }).await;
    assert_eq!(cancelled.unwrap().len(), 1);
    assert_eq!(place.open().await.frames("r").await.unwrap(), []);
}

pub(super) async fn what_has_ended_is_not_cancelled(place: &dyn Place) {
    let store = place.open().await;
    let ends = [
        (RunStatus::Completed, Finish::Completed("42".to_owned())),
        (RunStatus::Failed, Finish::Failed("{}".to_owned())),
        (RunStatus::Cancelled, Finish::Cancelled),
    ];
    for (status, finish) in ends {
        let run = status.to_string();
        let fence = create(&*store, &new_run(&run)).await.unwrap();
        store.checkpoint(&run, fence, &step("", "x", &[("a", "1")])).await.unwrap();
        store.finish(&run, fence, &finish, &Effects::default()).await.unwrap();
        let before = (store.find(&run).await.unwrap(), frames(&*store, &run).await);
        assert_eq!(before.0.as_ref().unwrap().status, status);
        assert_eq!(before.1.is_empty(), status != RunStatus::Failed);
        for _ in 0..2 {
            assert_eq!(store.cancel(&run, 5_000, &[]).await.unwrap(), CancelReceipt::Ended(status));
        }
        assert_eq!((store.find(&run).await.unwrap(), frames(&*store, &run).await), before);
        assert_eq!(store.claim(&run).await.unwrap(), Claim::Ended);
    }
    let fence = create(&*store, &new_run("r")).await.unwrap();
    assert_eq!(store.cancel("r", 5_000, &[]).await.unwrap(), CancelReceipt::Cancelled);
    assert_eq!(store.cancel("r", 6_000, &[]).await.unwrap(), CancelReceipt::Ended(RunStatus::Cancelled));
    fenced(store.finish("r", fence, &Finish::Cancelled, &Effects::default()).await);
}

pub(super) async fn a_cancelled_run_waits_for_nothing(place: &dyn Place) {
    let store = place.open().await;
    for (run, undos, receipt) in
        [("plain", &[][..], CancelReceipt::Cancelled), ("undoing", &["book"][..], CancelReceipt::Undoing)]
    {
        let fence = create(&*store, &new_run(run)).await.unwrap();
        store.checkpoint(run, fence, &does("p.0", undos)).await.unwrap();
        store.checkpoint(run, fence, &asks("p.1", "approve", 1)).await.unwrap();
        store.checkpoint(run, fence, &asks("p.2", "approve", 2)).await.unwrap();
        assert_eq!(store.answer(run, "approve-2", &yes("ann"), &[]).await.unwrap(), AnswerReceipt::Accepted);
        assert_eq!(store.cancel(run, 5_000, &[]).await.unwrap(), receipt);
        assert_eq!(store.answer(run, "approve-1", &yes("ann"), &[]).await.unwrap(), AnswerReceipt::NotWaiting);
        let second = store.answer(run, "approve-2", &yes("bob"), &[]).await.unwrap();
        assert_eq!(second, AnswerReceipt::AlreadyAnswered(yes("ann")));
        assert_eq!(store.pauses(run).await.unwrap().len(), 2);
    }
}

pub(super) async fn a_cancelled_run_is_undone_first(place: &dyn Place) {
    let (one, two) = (place.open().await, place.open().await);
    let fence = create(&*one, &new_run("r")).await.unwrap();
    one.checkpoint("r", fence, &does("", &["book"])).await.unwrap();
    assert_eq!(two.cancel("r", 5_000, &[]).await.unwrap(), CancelReceipt::Undoing);
    let found = two.find("r").await.unwrap().unwrap();
    assert_eq!((found.status, found.failure, found.wake), (RunStatus::Undoing, None, Some(5_000)));
    assert_eq!(two.due(&["content-creation"], 5_000, 9).await.unwrap().runs, ["r"], "whoever looks takes it up");
    fenced(one.checkpoint("r", fence, &step("", "y", &[])).await);
    fenced(one.undone("r", fence, 1, 0, None, 5_001, &[]).await);
    assert_eq!(two.cancel("r", 6_000, &[]).await.unwrap(), CancelReceipt::Ended(RunStatus::Undoing));
    assert_eq!(two.find("r").await.unwrap().unwrap().wake, Some(5_000));

    let before = two.find("r").await.unwrap().unwrap().updated_at;
    let fence = claimed(&*two, "r").await;
    let found = two.find("r").await.unwrap().unwrap();
    assert_eq!((found.status, found.updated_at), (RunStatus::Undoing, before));
    assert!(found.wake.unwrap() > 60_000, "pushed away");
    assert_eq!(one.claim("r").await.unwrap(), Claim::Busy);
    assert_eq!(two.cancel("r", 7_000, &[]).await.unwrap(), CancelReceipt::Ended(RunStatus::Undoing));
    assert!(two.holds("r", fence).await.unwrap());
    assert!(two.park("r", fence, &[]).await.unwrap());
    assert_eq!(status(&*two, "r").await, RunStatus::Undoing, "it rests, and is still to be undone");
    let fence = claimed(&*one, "r").await;
    one.undone("r", fence, 1, 0, None, 5_001, &[]).await.unwrap();
    one.finish("r", fence, &Finish::Cancelled, &Effects::default()).await.unwrap();
    let found = two.find("r").await.unwrap().unwrap();
    assert_eq!((found.status, found.failure, found.wake), (RunStatus::Cancelled, None, None));
    assert_eq!(two.frames("r").await.unwrap(), []);
    assert_eq!(two.undos("r").await.unwrap()[0].done_at, Some(5_001));
}

pub(super) async fn what_is_undone_need_not_be_undone_again(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    store.checkpoint("r", fence, &does("", &["book"])).await.unwrap();
    store.undone("r", fence, 1, 0, None, 5_000, &[]).await.unwrap();
    assert_eq!(store.cancel("r", 6_000, &[]).await.unwrap(), CancelReceipt::Cancelled);
}

pub(super) async fn a_failed_run_is_undone_by_its_driver(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    store.checkpoint("r", fence, &does("", &["book", "pay"])).await.unwrap();
    fenced(store.begin_undo("r", fence + 1, Some("\"why\""), &[], &[]).await);
    store.begin_undo("r", fence, Some("\"why\""), &[], &[]).await.unwrap();
    let found = store.find("r").await.unwrap().unwrap();
    assert_eq!((found.status, found.failure.as_deref()), (RunStatus::Undoing, Some("\"why\"")));
    assert!(found.wake.is_some(), "should the driver be killed, somebody has to look");
    assert!(store.holds("r", fence).await.unwrap());
    assert_eq!(frames(&*store, "r").await[""].2["a"], "1");
    store.undone("r", fence, 1, 1, None, 5_000, &[]).await.unwrap();
    place.close(store).await;

    let store = place.open().await;
    assert_eq!(store.due(&["content-creation"], i64::MAX, 9).await.unwrap().runs, ["r"]);
    let fence = claimed(&*store, "r").await;
    assert_eq!(store.find("r").await.unwrap().unwrap().failure.as_deref(), Some("\"why\""));
    store.undone("r", fence, 1, 0, None, 5_000, &[]).await.unwrap();
    store.finish("r", fence, &Finish::Failed("\"why\"".to_owned()), &Effects::default()).await.unwrap();
    let found = store.find("r").await.unwrap().unwrap();
    assert_eq!((found.status, found.failure.as_deref(), found.wake), (RunStatus::Failed, Some("\"why\""), None));
    assert_eq!(paths(&*store, "r").await, [""]);
}

pub(super) async fn undos_come_in_the_order_of_what_was_done(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    let other = create(&*store, &new_run("other")).await.unwrap();
    assert_eq!(store.undos("r").await.unwrap(), []);
    store.checkpoint("r", fence, &does("p.1", &["b", "a"])).await.unwrap();
    store.checkpoint("r", fence, &step("", "x", &[])).await.unwrap();
    store.checkpoint("other", other, &does("", &["z"])).await.unwrap();
    store.checkpoint("r", fence, &does("p.0", &["c"])).await.unwrap();
    let late = Checkpoint { forget: Some("p.".to_owned()), ..does("", &["e", "d"]) };
    store.checkpoint("r", fence, &late).await.unwrap();
    let undos = store.undos("r").await.unwrap();
    assert_eq!(steps(&undos), [(1, 0, "b"), (1, 1, "a"), (3, 0, "c"), (4, 0, "e"), (4, 1, "d")]);
    assert_eq!(undos.iter().map(|undo| undo.path.as_str()).collect::<Vec<_>>(), ["p.1", "p.1", "p.0", "", ""]);
    assert_eq!((undos[2].path.as_str(), undos[2].output.as_str()), ("p.0", r#"{"of":"c"}"#));
    assert!(undos.iter().all(|undo| undo.done_at.is_none() && undo.failure.is_none()));
    for _ in 0..12 {
        store.checkpoint("r", fence, &does("", &["more"])).await.unwrap();
    }
    let undos = place.open().await.undos("r").await.unwrap();
    assert!(undos.is_sorted_by_key(|undo| (undo.seq, undo.n)));
    assert_eq!(undos.len(), 17);
}

pub(super) async fn a_mark_may_carry_undos(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    store.checkpoint("r", fence, &Checkpoint { mark: true, ..does("", &["a"]) }).await.unwrap();
    store.checkpoint("r", fence, &does("", &["b"])).await.unwrap();
    store.checkpoint("r", fence, &Checkpoint { mark: true, ..does("p.0", &["c", "d"]) }).await.unwrap();
    store.checkpoint("r", fence, &does("", &["e"])).await.unwrap();
    // The step ran from where the frames stood before the number it got.
    let expected = [(1, 0, "a"), (1, 1, "b"), (2, 0, "c"), (2, 1, "d"), (2, 2, "e")];
    assert_eq!(steps(&store.undos("r").await.unwrap()), expected);
}

pub(super) async fn an_undo_is_done_or_failed(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    store.checkpoint("r", fence, &does("", &["a", "b", "c"])).await.unwrap();
    store.undone("r", fence, 1, 2, None, 5_000, &[]).await.unwrap();
    store.undone("r", fence, 1, 1, Some("the bank is closed"), 5_001, &[]).await.unwrap();
    let undos = store.undos("r").await.unwrap();
    let came = |n: usize| (undos[n].done_at, undos[n].failure.as_deref());
    assert_eq!((came(0), came(1), came(2)), ((None, None), (None, Some("the bank is closed")), (Some(5_000), None)));
    store.undone("r", fence, 1, 1, None, 5_002, &[]).await.unwrap();
    let undos = store.undos("r").await.unwrap();
    assert_eq!((undos[1].done_at, &undos[1].failure), (Some(5_002), &None));
    for (seq, n) in [(1, 3), (2, 0), (0, 0), (u64::MAX, 0)] {
        let error = store.undone("r", fence, seq, n, None, 1, &[]).await.unwrap_err();
        assert!(matches!(error, StoreError::Backend { .. }), "{error:?}");
    }
    fenced(store.undone("r", fence + 1, 1, 0, None, 1, &[]).await);
}

pub(super) async fn a_failed_run_goes_on(place: &dyn Place) {
    let store = place.open().await;
    let run = NewRun { deadline: Some(9_000), ..new_run("r") };
    let fence = create(&*store, &run).await.unwrap();
    let trying = |path, trying: Option<&str>| Checkpoint {
        wake: Some(70),
        trying: trying.map(str::to_owned),
        ..step(path, "x", &[("a", "1")])
    };
    store.checkpoint("r", fence, &trying("", None)).await.unwrap();
    store.checkpoint("r", fence, &trying("p.0", Some("{}"))).await.unwrap();
    store.checkpoint("r", fence, &asks("p.1", "approve", 1)).await.unwrap();
    store.finish("r", fence, &Finish::Failed("\"why\"".to_owned()), &Effects::default()).await.unwrap();
    let anew = |path: &str, pause: Option<&str>| FrameMark {
        path: path.to_owned(),
        pause: pause.map(str::to_owned),
        ..FrameMark::default()
    };
    let anew = [anew("p.0", None), anew("p.1", Some("approve-1")), anew("gone", None)];
    assert_eq!(store.reopen("r", 5_000, &anew, &[]).await.unwrap(), ReopenReceipt::Reopened);
    let found = store.find("r").await.unwrap().unwrap();
    assert_eq!((found.status, found.failure, found.output), (RunStatus::Paused, None, None));
    assert_eq!((found.wake, found.run), (Some(5_000), NewRun { deadline: None, ..run }));
    let timers = async |path| {
        let frame = store.frame("r", path).await.unwrap().unwrap();
        assert_eq!(frame.moves, 1);
        (frame.wake, frame.trying, frame.pause)
    };
    assert_eq!(timers("").await, (Some(70), None, None), "it only sleeps");
    assert_eq!(timers("p.0").await, (None, None, None), "it waited to try again");
    assert_eq!(timers("p.1").await, (None, None, Some("approve-1".to_owned())));
    assert_eq!(store.due(&["content-creation"], 5_000, 9).await.unwrap().runs, ["r"]);
    assert_eq!(store.answer("r", "approve-1", &yes("ann"), &[]).await.unwrap(), AnswerReceipt::Accepted);
    assert_eq!(store.reopen("r", 6_000, &[], &[]).await.unwrap(), ReopenReceipt::NotFailed(RunStatus::Paused));
    let next = claimed(&*store, "r").await;
    assert!(next > fence);
    store.finish("r", next, &Finish::Completed("1".to_owned()), &Effects::default()).await.unwrap();
}

pub(super) async fn only_a_failed_run_is_reopened(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    store.checkpoint("r", fence, &does("", &["a"])).await.unwrap();
    let refused = async |expected| {
        let before = store.find("r").await.unwrap();
        assert_eq!(store.reopen("r", 5_000, &[], &[]).await.unwrap(), ReopenReceipt::NotFailed(expected));
        assert_eq!(store.find("r").await.unwrap(), before);
    };
    refused(RunStatus::Running).await;
    assert!(store.park("r", fence, &[]).await.unwrap());
    refused(RunStatus::Paused).await;
    assert_eq!(store.cancel("r", 5_000, &[]).await.unwrap(), CancelReceipt::Undoing);
    refused(RunStatus::Undoing).await;
    let fence = claimed(&*store, "r").await;
    refused(RunStatus::Undoing).await;
    store.undone("r", fence, 1, 0, None, 5_000, &[]).await.unwrap();
    store.finish("r", fence, &Finish::Cancelled, &Effects::default()).await.unwrap();
    refused(RunStatus::Cancelled).await;
    let fence = create(&*store, &new_run("other")).await.unwrap();
    store.finish("other", fence, &Finish::Completed("1".to_owned()), &Effects::default()).await.unwrap();
    let receipt = store.reopen("other", 5_000, &[], &[]).await.unwrap();
    assert_eq!(receipt, ReopenReceipt::NotFailed(RunStatus::Completed));
}

pub(super) async fn a_failed_run_with_untried_undos_goes_on(place: &dyn Place) {
    let store = place.open().await;
    failed(&*store, &["a", "b"]).await;
    let before = store.undos("r").await.unwrap();
    assert_eq!(store.reopen("r", 5_000, &[], &[]).await.unwrap(), ReopenReceipt::Reopened);
    assert_eq!(status(&*store, "r").await, RunStatus::Paused);
    assert_eq!(store.undos("r").await.unwrap(), before);
}

pub(super) async fn where_there_is_nothing_to_undo_a_run_ends(place: &dyn Place) {
    let store = place.open().await;
    for (run, failure, end) in [("r", Some("\"why\""), RunStatus::Failed), ("other", None, RunStatus::Cancelled)] {
        let fence = create(&*store, &new_run(run)).await.unwrap();
        assert!(!store.begin_undo(run, fence, failure, &[], &[]).await.unwrap());
        let found = store.find(run).await.unwrap().unwrap();
        assert_eq!((found.status, found.failure.as_deref(), found.wake), (end, failure, None));
        assert_eq!(store.claim(run).await.unwrap(), Claim::Ended);
    }
}

/// A store that cannot tell passes.
pub(super) async fn who_listens_hears_of_every_end(place: &dyn Place) {
    let (here, there) = (place.open().await, place.open().await);
    let Some(mut changes) = there.listen().await.unwrap() else { return };
    for end in ["finished", "cancelled", "failed", "not-undone"] {
        let fence = create(&*here, &new_run(end)).await.unwrap();
        match end {
            "finished" => {
                let output = Finish::Completed("1".to_owned());
                here.finish(end, fence, &output, &Effects::default()).await.unwrap();
            }
            "cancelled" => assert_eq!(here.cancel(end, 5_000, &[]).await.unwrap(), CancelReceipt::Cancelled),
            "failed" => assert!(!here.begin_undo(end, fence, Some("\"why\""), &[], &[]).await.unwrap()),
            _ => assert!(!here.begin_undo(end, fence, None, &[], &[]).await.unwrap()),
        }
        let heard = async {
            loop {
                match changes.next().await {
                    Some(Change::Run(run)) if run == end => break,
                    Some(Change::Missed) => break,
                    Some(_) => {}
                    None => panic!("nothing is told any more"),
                }
            }
        };
        let heard = tokio::time::timeout(Duration::from_secs(30), heard).await;
        assert!(heard.is_ok(), "nobody was told that run `{end}` has ended");
    }
}

pub(super) async fn what_no_checkpoint_has_told_is_undone_too(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    store.checkpoint("r", fence, &step("", "x", &[])).await.unwrap();
    let late = [undo("child()", "a"), undo("", "b")];
    assert!(store.begin_undo("r", fence, None, &late, &[]).await.unwrap());
    let undos = store.undos("r").await.unwrap();
    assert_eq!(steps(&undos), [(2, 0, "a"), (2, 1, "b")]);
    assert_eq!(undos[0].path, "child()");
}

pub(super) async fn what_could_not_be_undone_is_tried_again(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &NewRun { deadline: Some(9_000), ..new_run("r") }).await.unwrap();
    store.checkpoint("r", fence, &does("", &["a", "b", "c"])).await.unwrap();
    store.begin_undo("r", fence, Some("\"why\""), &[], &[]).await.unwrap();
    store.undone("r", fence, 1, 2, None, 5_000, &[]).await.unwrap();
    store.undone("r", fence, 1, 1, Some("closed"), 5_000, &[]).await.unwrap();
    store.undone("r", fence, 1, 0, Some("closed"), 5_000, &[]).await.unwrap();
    store.finish("r", fence, &Finish::Failed("\"why\"".to_owned()), &Effects::default()).await.unwrap();
    assert_eq!(store.reopen("r", 6_000, &[], &[]).await.unwrap(), ReopenReceipt::Reopened);
    let found = store.find("r").await.unwrap().unwrap();
    assert_eq!((found.status, found.wake), (RunStatus::Undoing, Some(6_000)));
    assert_eq!(found.failure.as_deref(), Some("\"why\""));
    let undos = store.undos("r").await.unwrap();
    assert!(undos.iter().all(|undo| undo.failure.is_none()));
    assert_eq!(undos.iter().map(|undo| undo.done_at).collect::<Vec<_>>(), [None, None, Some(5_000)]);
    assert_eq!(store.due(&["content-creation"], 6_000, 9).await.unwrap().runs, ["r"]);

    let fence = claimed(&*store, "r").await;
    store.undone("r", fence, 1, 1, None, 7_000, &[]).await.unwrap();
    store.undone("r", fence, 1, 0, None, 7_000, &[]).await.unwrap();
    store.finish("r", fence, &Finish::Failed("\"why\"".to_owned()), &Effects::default()).await.unwrap();
    assert_eq!(store.reopen("r", 8_000, &[], &[]).await.unwrap(), ReopenReceipt::Undone);
}

pub(super) async fn a_run_that_was_undone_stays_as_it_is(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &NewRun { deadline: Some(9_000), ..new_run("r") }).await.unwrap();
    store.checkpoint("r", fence, &does("", &["a"])).await.unwrap();
    store.begin_undo("r", fence, Some("\"why\""), &[], &[]).await.unwrap();
    store.undone("r", fence, 1, 0, None, 5_000, &[]).await.unwrap();
    store.finish("r", fence, &Finish::Failed("\"why\"".to_owned()), &Effects::default()).await.unwrap();
    let before = (store.find("r").await.unwrap(), store.frames("r").await.unwrap(), store.undos("r").await.unwrap());
    assert_eq!(store.reopen("r", 6_000, &[], &[]).await.unwrap(), ReopenReceipt::Undone);
    let after = (store.find("r").await.unwrap(), store.frames("r").await.unwrap(), store.undos("r").await.unwrap());
    assert_eq!(after, before);
    assert_eq!(store.claim("r").await.unwrap(), Claim::Ended);
}

pub(super) async fn unknown_runs_cannot_be_undone(place: &dyn Place) {
    let store = place.open().await;
    unknown(store.cancel("nobody", 1, &[]).await);
    unknown(store.reopen("nobody", 1, &[], &[]).await);
    unknown(store.begin_undo("nobody", 1, None, &[], &[]).await);
    unknown(store.undos("nobody").await);
    unknown(store.undone("nobody", 1, 1, 0, None, 1, &[]).await);
}
