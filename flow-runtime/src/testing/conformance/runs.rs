//! Runs, frames, claims, pauses and answers.

use super::*;

pub(super) async fn a_new_run_is_found_as_it_was_written(place: &dyn Place) {
    let store = place.open().await;
    assert_eq!(store.find("r").await.unwrap(), None);
    create(&*store, &new_run("r")).await.unwrap();
    let found = store.find("r").await.unwrap().unwrap();
    assert_eq!((found.run, found.status, found.updated_at), (new_run("r"), RunStatus::Running, 1_000));
    assert_eq!((found.output, found.failure), (None, None));
    assert_eq!(store.frames("r").await.unwrap(), []);
    assert_eq!(store.pauses("r").await.unwrap(), []);
}

pub(super) async fn an_unknown_run_is_named(place: &dyn Place) {
    let store = place.open().await;
    unknown(store.claim("nobody").await);
    unknown(store.release("nobody", 1).await);
    unknown(store.frames("nobody").await);
    unknown(store.pauses("nobody").await);
    unknown(store.checkpoint("nobody", 1, &step("", "start", &[])).await);
    unknown(store.park("nobody", 1, &[]).await);
    unknown(store.finish("nobody", 1, &Finish::Completed("1".to_owned()), &Effects::default()).await);
    unknown(store.answer("nobody", "approve-1", &yes("ann"), &[]).await);
}

pub(super) async fn an_id_is_taken_once(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    let again = create(&*store, &NewRun { workflow: "other".to_owned(), ..new_run("r") }).await.unwrap_err();
    assert!(matches!(&again, StoreError::AlreadyExists { run } if run == "r"), "{again}");
    assert_eq!(store.find("r").await.unwrap().unwrap().run.workflow, "content-creation");
    store.checkpoint("r", fence, &step("", "write", &[])).await.unwrap();
}

pub(super) async fn runs_are_listed_newest_first_and_filtered(place: &dyn Place) {
    let store = place.open().await;
    for (id, workflow, session, created_at) in
        [("a", "one", Some("x"), 10), ("b", "one", None, 30), ("c", "two", Some("x"), 20), ("d", "one", Some("y"), 30)]
    {
        let (workflow, session) = (workflow.to_owned(), session.map(str::to_owned));
        let fence = create(&*store, &NewRun { workflow, session, created_at, ..new_run(id) }).await.unwrap();
        if id == "b" {
            store.finish(id, fence, &Finish::Failed("{}".to_owned()), &Effects::default()).await.unwrap();
        }
    }
    let ids = async |filter: RunFilter| -> String {
        store.list(&filter).await.unwrap().into_iter().map(|record| record.run.id).collect()
    };
    let any = RunFilter::default;
    let one = || Some("one".to_owned());
    let x = || Some("x".to_owned());
    assert_eq!(ids(any()).await, "dbca");
    assert_eq!(ids(RunFilter { limit: 2, ..any() }).await, "db");
    assert_eq!(ids(RunFilter { limit: 0, ..any() }).await, "");
    assert_eq!(ids(RunFilter { workflow: one(), ..any() }).await, "dba");
    assert_eq!(ids(RunFilter { session: x(), ..any() }).await, "ca");
    assert_eq!(ids(RunFilter { status: vec![RunStatus::Failed], ..any() }).await, "b");
    assert_eq!(ids(RunFilter { status: vec![RunStatus::Running], workflow: one(), ..any() }).await, "da");
    assert_eq!(ids(RunFilter { workflow: one(), session: x(), ..any() }).await, "a");
    let all = RunFilter { workflow: one(), session: x(), status: vec![RunStatus::Running], limit: 1, ..any() };
    assert_eq!(ids(all).await, "a");
    assert_eq!(ids(RunFilter { workflow: Some("none".to_owned()), ..any() }).await, "");
}

pub(super) async fn a_checkpoint_changes_what_it_names_and_nothing_else(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    let other = create(&*store, &new_run("other")).await.unwrap();
    store.checkpoint("other", other, &step("", "start", &[("a", "0")])).await.unwrap();
    store.checkpoint("r", fence, &step("", "start", &[("a", "1"), ("b", "2")])).await.unwrap();
    store.checkpoint("r", fence, &step("parallel.0", "left", &[("a", "3")])).await.unwrap();
    store.checkpoint("r", fence, &step("", "next", &[("b", "20"), ("c", "30")])).await.unwrap();
    let found = frames(&*store, "r").await;
    let bindings = |pairs: &[(&str, &str)]| pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let expected: Frames = [
        (String::new(), ("next".to_owned(), None, bindings(&[("a", "1"), ("b", "20"), ("c", "30")]))),
        ("parallel.0".to_owned(), ("left".to_owned(), None, bindings(&[("a", "3")]))),
    ]
    .into();
    assert_eq!(found, expected);
    assert_eq!(frames(&*store, "other").await[""].2["a"], "0");

    store.checkpoint("r", fence, &asks("", "approve", 1)).await.unwrap();
    assert_eq!(frames(&*store, "r").await[""].1.as_deref(), Some("approve-1"));
    store.checkpoint("r", fence, &step("", "after", &[])).await.unwrap();
    assert_eq!(frames(&*store, "r").await[""].1, None);
    assert_eq!(store.pauses("r").await.unwrap().len(), 1, "a pause outlives its frame's stay");
}

pub(super) async fn forgetting_takes_exactly_the_paths_that_begin_so(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    let other = create(&*store, &new_run("r2")).await.unwrap();
    store.checkpoint("r2", other, &step("parallel.0", "x", &[("a", "1")])).await.unwrap();
    let all = [
        "",
        "Parallel.0",
        "parallel",
        "parallel#2.0",
        "parallel-",
        "parallel.0",
        "parallel.0/parallel.1",
        "parallel.10",
        "parallel.é",
        "parallel.\u{10ffff}",
        "parallel.%",
        "parallel/",
        "parallel_0",
        "parallelé",
    ];
    for path in all {
        store.checkpoint("r", fence, &step(path, "x", &[("a", "1")])).await.unwrap();
    }
    store.checkpoint("r", fence, &forgets("", "joined", "parallel.")).await.unwrap();
    let kept = ["", "Parallel.0", "parallel", "parallel#2.0", "parallel-", "parallel/", "parallel_0", "parallelé"];
    assert_eq!(paths(&*store, "r").await, kept);
    assert_eq!(paths(&*store, "r2").await, ["parallel.0"], "another run's frames");

    // The bindings went with the frames: a frame that comes again is new.
    store.checkpoint("r", fence, &step("parallel.0", "x", &[])).await.unwrap();
    assert!(frames(&*store, "r").await["parallel.0"].2.is_empty());
    store.checkpoint("r", fence, &forgets("", "joined", "parallel#")).await.unwrap();
    assert!(!paths(&*store, "r").await.contains(&"parallel#2.0".to_owned()));
    assert!(frames(&*store, "r").await.contains_key("parallel.0"));
}

pub(super) async fn a_checkpoint_keeps_only_the_bindings_it_names(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    store.checkpoint("r", fence, &step("", "write", &[("a", "1"), ("b", "2"), ("c#2", "3")])).await.unwrap();
    store.checkpoint("r", fence, &step("parallel.0", "write", &[("a", "4")])).await.unwrap();
    let names: &[&str] = &["c#2", "d"];
    let rests = Checkpoint { keep: Some(names), ..step("", "approve", &[("d", "5")]) };
    store.checkpoint("r", fence, &rests).await.unwrap();
    let mut frames = store.frames("r").await.unwrap();
    frames.iter_mut().for_each(|frame| frame.bindings.sort_by(|a, b| a.name.cmp(&b.name)));
    let kept = |path: &str| {
        let frame = frames.iter().find(|frame| frame.path == path).unwrap();
        frame.bindings.iter().map(|binding| binding.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!((kept(""), kept("parallel.0")), (vec!["c#2".to_owned(), "d".to_owned()], vec!["a".to_owned()]));
    let none = Checkpoint { keep: Some(&[]), ..step("", "approve", &[]) };
    store.checkpoint("r", fence, &none).await.unwrap();
    assert!(store.frames("r").await.unwrap().iter().any(|frame| frame.path.is_empty() && frame.bindings.is_empty()));
}

pub(super) async fn forgetting_nothing_in_particular_takes_all(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    for path in ["", "a", "\u{10ffff}\u{10ffff}"] {
        store.checkpoint("r", fence, &step(path, "x", &[("a", "1")])).await.unwrap();
    }
    store.checkpoint("r", fence, &forgets("b", "x", "\u{10ffff}")).await.unwrap();
    assert_eq!(paths(&*store, "r").await, ["", "a", "b"]);
    store.checkpoint("r", fence, &forgets("c", "x", "")).await.unwrap();
    assert_eq!(paths(&*store, "r").await, ["c"]);
}

pub(super) async fn a_checkpoint_may_write_the_frame_it_forgets(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    store.checkpoint("r", fence, &step("p.0", "x", &[("old", "1")])).await.unwrap();
    let again = Checkpoint { forget: Some("p.".to_owned()), ..step("p.0", "y", &[("new", "2")]) };
    store.checkpoint("r", fence, &again).await.unwrap();
    let found = frames(&*store, "r").await;
    assert_eq!(found["p.0"].0, "y");
    assert_eq!(found["p.0"].2.keys().collect::<Vec<_>>(), ["new"]);
}

pub(super) async fn an_old_fence_writes_nothing(place: &dyn Place) {
    let (old, new) = (place.open().await, place.open().await);
    let stale = create(&*old, &new_run("r")).await.unwrap();
    old.checkpoint("r", stale, &asks("", "approve", 1)).await.unwrap();
    place.close(old).await;
    let Claim::Claimed(fence) = new.claim("r").await.unwrap() else { panic!("the first driver is gone") };
    assert!(fence > stale);
    let late = Checkpoint { forget: Some(String::new()), ..asks("x", "late", 2) };
    fenced(new.checkpoint("r", stale, &late).await);
    fenced(new.park("r", stale, &[]).await);
    fenced(new.finish("r", stale, &Finish::Completed("1".to_owned()), &Effects::default()).await);
    new.release("r", stale).await.unwrap();
    assert_eq!(paths(&*new, "r").await, [""]);
    assert_eq!(new.pauses("r").await.unwrap().len(), 1);
    assert_eq!(new.find("r").await.unwrap().unwrap().status, RunStatus::Running);
    new.checkpoint("r", fence, &step("", "on", &[])).await.unwrap();
}

pub(super) async fn a_released_run_can_be_claimed_and_not_written(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    store.release("r", fence).await.unwrap();
    fenced(store.checkpoint("r", fence, &step("", "x", &[])).await);
    fenced(store.park("r", fence, &[]).await);
    store.release("r", fence).await.unwrap();
    assert_eq!(store.find("r").await.unwrap().unwrap().status, RunStatus::Running);
    assert_eq!(store.claim("r").await.unwrap(), Claim::Claimed(fence + 1));
    assert_eq!(store.claim("r").await.unwrap(), Claim::Busy, "also for the driver itself");
}

pub(super) async fn a_claim_is_busy_until_its_handle_is_gone(place: &dyn Place) {
    let (one, two) = (place.open().await, place.open().await);
    let fence = create(&*one, &new_run("r")).await.unwrap();
    one.checkpoint("r", fence, &step("", "x", &[])).await.unwrap();
    assert_eq!(two.claim("r").await.unwrap(), Claim::Busy);
    one.checkpoint("r", fence, &step("", "y", &[])).await.unwrap();
    place.close(one).await;
    assert_eq!(two.claim("r").await.unwrap(), Claim::Claimed(fence + 1));
    assert_eq!(frames(&*two, "r").await[""].0, "y");
    assert_eq!(place.open().await.claim("r").await.unwrap(), Claim::Busy);
}

pub(super) async fn clones_keep_a_claim(place: &dyn Place) {
    let (one, two) = (place.open().await, place.open().await);
    create(&*one, &new_run("r")).await.unwrap();
    let clone = one.clone();
    place.close(one).await;
    assert_eq!(two.claim("r").await.unwrap(), Claim::Busy);
    place.close(clone).await;
    assert!(matches!(two.claim("r").await.unwrap(), Claim::Claimed(_)));
}

pub(super) async fn many_claim_and_one_gets_it(place: &dyn Place) {
    let first = place.open().await;
    create(&*first, &new_run("r")).await.unwrap();
    place.close(first).await;
    let mut claims = Vec::new();
    for _ in 0..8 {
        let store = place.open().await;
        claims.push(tokio::spawn(async move { (store.claim("r").await.unwrap(), store) }));
    }
    let mut claimed = Vec::new();
    for claim in claims {
        claimed.push(claim.await.unwrap());
    }
    let won = claimed.iter().filter(|(claim, _)| *claim == Claim::Claimed(2)).count();
    let busy = claimed.iter().filter(|(claim, _)| *claim == Claim::Busy).count();
    assert_eq!((won, busy), (1, 7));
}

pub(super) async fn parking_waits_for_no_answer_that_is_there(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    store.checkpoint("r", fence, &asks("", "approve", 1)).await.unwrap();
    assert!(store.park("r", fence, &[]).await.unwrap());
    assert_eq!(store.find("r").await.unwrap().unwrap().status, RunStatus::Paused);
    fenced(store.park("r", fence, &[]).await);

    assert_eq!(store.answer("r", "approve-1", &yes("ann"), &[]).await.unwrap(), AnswerReceipt::Accepted);
    let Claim::Claimed(fence) = store.claim("r").await.unwrap() else { panic!("it was parked") };
    assert_eq!(store.find("r").await.unwrap().unwrap().status, RunStatus::Running);
    assert!(!store.park("r", fence, &[]).await.unwrap(), "the answer is unread");
    assert_eq!(store.find("r").await.unwrap().unwrap().status, RunStatus::Running);

    store.checkpoint("r", fence, &asks("", "again", 2)).await.unwrap();
    assert!(store.park("r", fence, &[]).await.unwrap(), "the first answer was read, the second is not there");
}

pub(super) async fn an_answer_to_another_frames_pause_counts_too(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    store.checkpoint("r", fence, &asks("p.0", "approve", 1)).await.unwrap();
    store.checkpoint("r", fence, &asks("p.1", "approve", 2)).await.unwrap();
    assert_eq!(store.answer("r", "approve-2", &yes("ann"), &[]).await.unwrap(), AnswerReceipt::Accepted);
    assert!(!store.park("r", fence, &[]).await.unwrap());
    store.checkpoint("r", fence, &step("p.1", "done", &[])).await.unwrap();
    assert!(store.park("r", fence, &[]).await.unwrap());
}

pub(super) async fn a_completed_run_loses_its_frames(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    store.checkpoint("r", fence, &step("", "x", &[("a", "1")])).await.unwrap();
    store.checkpoint("r", fence, &asks("p.0", "approve", 1)).await.unwrap();
    store.finish("r", fence, &Finish::Completed("42".to_owned()), &Effects::default()).await.unwrap();
    let found = store.find("r").await.unwrap().unwrap();
    assert_eq!((found.status, found.output.as_deref(), found.failure), (RunStatus::Completed, Some("42"), None));
    assert!(found.updated_at > 1_000);
    assert_eq!(store.frames("r").await.unwrap(), []);
    assert_eq!(store.pauses("r").await.unwrap().len(), 1);
    assert_eq!(store.claim("r").await.unwrap(), Claim::Ended);
    fenced(store.finish("r", fence, &Finish::Failed("{}".to_owned()), &Effects::default()).await);
    assert_eq!(store.answer("r", "approve-1", &yes("ann"), &[]).await.unwrap(), AnswerReceipt::NotWaiting);
}

pub(super) async fn a_failed_run_keeps_its_frames(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    store
        .checkpoint("r", fence, &Checkpoint { bindings: vec![binding("a", "1")], ..asks("", "approve", 1) })
        .await
        .unwrap();
    store.finish("r", fence, &Finish::Failed(r#"{"message":"no"}"#.to_owned()), &Effects::default()).await.unwrap();
    let found = store.find("r").await.unwrap().unwrap();
    assert_eq!((found.status, found.output), (RunStatus::Failed, None));
    assert_eq!(found.failure.as_deref(), Some(r#"{"message":"no"}"#));
    assert_eq!(frames(&*store, "r").await[""].2["a"], "1");
    assert_eq!(store.claim("r").await.unwrap(), Claim::Ended);
    fenced(store.checkpoint("r", fence, &step("", "y", &[])).await);
    let late = store.answer("r", "approve-1", &yes("ann"), &[]).await.unwrap();
    assert_eq!(late, AnswerReceipt::NotWaiting, "its frame still stands there, but it has ended");
}

pub(super) async fn of_many_answers_one_is_accepted(place: &dyn Place) {
    let stores = [place.open().await, place.open().await];
    let fence = create(&*stores[0], &new_run("r")).await.unwrap();
    stores[0].checkpoint("r", fence, &asks("", "approve", 1)).await.unwrap();
    assert!(stores[0].park("r", fence, &[]).await.unwrap());
    let answers = (0..100).map(|n| {
        let store = stores[n % 2].clone();
        tokio::spawn(async move { (n, store.answer("r", "approve-1", &yes(&format!("user {n}")), &[]).await.unwrap()) })
    });
    let mut receipts = Vec::new();
    for answer in answers.collect::<Vec<_>>() {
        receipts.push(answer.await.unwrap());
    }
    let accepted: Vec<usize> =
        receipts.iter().filter(|(_, receipt)| *receipt == AnswerReceipt::Accepted).map(|(n, _)| *n).collect();
    let [winner] = accepted[..] else { panic!("{} answers were accepted", accepted.len()) };
    let kept = yes(&format!("user {winner}"));
    for (n, receipt) in receipts {
        if n != winner {
            assert_eq!(receipt, AnswerReceipt::AlreadyAnswered(kept.clone()));
        }
    }
    assert_eq!(stores[1].pauses("r").await.unwrap()[0].answer, Some(kept));
}

pub(super) async fn an_answer_to_nothing_is_refused(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    store.checkpoint("r", fence, &asks("", "approve", 1)).await.unwrap();
    let forged = store.answer("r", "approve-9", &yes("eve"), &[]).await.unwrap_err();
    assert!(matches!(&forged, StoreError::UnknownPause { run, pause } if run == "r" && pause == "approve-9"));
    store.checkpoint("r", fence, &step("", "moved on", &[])).await.unwrap();
    assert_eq!(store.answer("r", "approve-1", &yes("ann"), &[]).await.unwrap(), AnswerReceipt::NotWaiting);
    assert_eq!(store.pauses("r").await.unwrap()[0].answer, None);
}

pub(super) async fn pauses_come_in_the_order_asked(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    for number in 1..=12 {
        store.checkpoint("r", fence, &asks(&format!("p.{number}"), "approve", number)).await.unwrap();
    }
    let pauses = store.pauses("r").await.unwrap();
    assert_eq!(pauses.iter().map(|pause| pause.pause.number).collect::<Vec<_>>(), (1..=12).collect::<Vec<_>>());
    assert_eq!(Some(&pauses[2].pause), asks("p.3", "approve", 3).asked.as_ref());
}

pub(super) async fn some_pauses_are_read_with_the_last(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    create(&*store, &new_run("other")).await.unwrap();
    let numbers = async |ids: &[&str]| -> Vec<u64> {
        let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        let pauses = store.pauses_of("r", &ids).await.unwrap();
        pauses.iter().map(|pause| pause.pause.number).collect()
    };
    assert_eq!(numbers(&["approve-1"]).await, [0; 0]);
    for number in 1..=12 {
        store.checkpoint("r", fence, &asks(&format!("p.{number}"), "approve", number)).await.unwrap();
    }
    store.checkpoint("other", 1, &asks("", "approve", 99)).await.unwrap();
    assert_eq!(store.answer("r", "approve-3", &yes("ann"), &[]).await.unwrap(), AnswerReceipt::Accepted);
    assert_eq!(numbers(&[]).await, [12]);
    assert_eq!(numbers(&["approve-3", "approve-99", "approve-12", "approve-2", "approve-3"]).await, [2, 3, 12]);
    let all = store.pauses("r").await.unwrap();
    assert_eq!(store.pauses_of("r", &["approve-3".to_owned()]).await.unwrap(), [all[2].clone(), all[11].clone()]);
    unknown(store.pauses_of("nobody", &[]).await);
}

pub(super) async fn everything_is_there_after_reopening(place: &dyn Place) {
    let store = place.open().await;
    let fence = create(&*store, &new_run("r")).await.unwrap();
    store.checkpoint("r", fence, &step("p.0", "x", &[("a", "1"), ("b", "[2]")])).await.unwrap();
    store.checkpoint("r", fence, &asks("", "approve", 1)).await.unwrap();
    assert_eq!(store.answer("r", "approve-1", &yes("ann"), &[]).await.unwrap(), AnswerReceipt::Accepted);
    let before = (store.find("r").await.unwrap(), frames(&*store, "r").await, store.pauses("r").await.unwrap());
    place.close(store).await;
    let store = place.open().await;
    let after = (store.find("r").await.unwrap(), frames(&*store, "r").await, store.pauses("r").await.unwrap());
    assert_eq!(after, before);
}

pub(super) async fn many_writers_lose_nothing(place: &dyn Place) {
    const WRITERS: usize = 64;
    const STEPS: usize = 20;
    let store = place.open().await;
    let writers = (0..WRITERS).map(|n| {
        let store = store.clone();
        tokio::spawn(async move {
            let run = format!("r{n}");
            let fence = create(&*store, &new_run(&run)).await.unwrap();
            for value in 1..=STEPS {
                store.checkpoint(&run, fence, &step("", "x", &[("n", &value.to_string())])).await.unwrap();
                let seen = frames(&*store, &run).await;
                assert_eq!(seen[""].2["n"], value.to_string(), "one reads what one has written");
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    place.close(store).await;
    let store = place.open().await;
    for n in 0..WRITERS {
        assert_eq!(frames(&*store, &format!("r{n}")).await[""].2["n"], STEPS.to_string());
    }
}

pub(super) async fn a_refusal_in_a_group_undoes_nobody_else(place: &dyn Place) {
    let store = place.open().await;
    let mut fences = Vec::new();
    for n in 0..64 {
        fences.push(create(&*store, &new_run(&format!("r{n}"))).await.unwrap());
    }
    for round in 0..10_u64 {
        let writes = fences.iter().enumerate().map(|(n, &fence)| {
            let store = store.clone();
            tokio::spawn(async move {
                let run = format!("r{n}");
                let value = round.to_string();
                match n % 4 {
                    1 => assert!(store.checkpoint(&run, fence + 7, &step("", "bad", &[])).await.is_err()),
                    2 => assert!(store.answer(&run, "nothing", &yes("eve"), &[]).await.is_err()),
                    3 => assert!(create(&*store, &new_run(&run)).await.is_err()),
                    _ => store.checkpoint(&run, fence, &step("", "good", &[("n", &value)])).await.unwrap(),
                }
            })
        });
        for write in writes.collect::<Vec<_>>() {
            write.await.unwrap();
        }
        for n in 0..64 {
            let found = frames(&*store, &format!("r{n}")).await;
            assert_eq!(found.get("").map(|frame| frame.2["n"].clone()), (n % 4 == 0).then(|| round.to_string()));
        }
    }
}

pub(super) async fn any_text_is_kept(place: &dyn Place) {
    let store = place.open().await;
    let id = "r'\"; DROP TABLE runs; -- \u{1} é \u{10ffff}";
    let fence = create(&*store, &new_run(id)).await.unwrap();
    let odd = r#""\u0000 % _ '\" \\ é 😀""#;
    store.checkpoint(id, fence, &step("päth\u{1}x", "x", &[("näme", odd)])).await.unwrap();
    store.checkpoint(id, fence, &forgets("", "x", "päth\u{1}y")).await.unwrap();
    assert_eq!(frames(&*store, id).await["päth\u{1}x"].2["näme"], odd);
    let large = format!("\"{}\"", "x".repeat(3 << 20));
    store.checkpoint(id, fence, &step("", "x", &[("large", &large)])).await.unwrap();
    assert_eq!(frames(&*store, id).await[""].2["large"], large);
}
