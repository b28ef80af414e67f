//! Starting once, finding and counting runs, and those that nobody drives.

use super::*;
use crate::store::RunCount;

fn keyed(id: &str, workflow: &str, key: &str) -> NewRun {
    NewRun { workflow: workflow.to_owned(), key: Some(key.to_owned()), ..new_run(id) }
}

async fn ids(store: &dyn Store, filter: RunFilter) -> Vec<String> {
    store.list(&filter).await.unwrap().into_iter().map(|record| record.run.id).collect()
}

pub(super) async fn an_idempotent_start_gives_the_first_run(place: &dyn Place) {
    let store = place.open().await;
    let begin = Beginning::default();
    assert_eq!(store.create(&keyed("a", "one", "k"), &begin).await.unwrap(), Created::Created(1));
    let told = Beginning { effects: Effects { events: vec!["{}".to_owned()], session: None }, ..Beginning::default() };
    let again = NewRun { input: "2".to_owned(), ..keyed("b", "one", "k") };
    assert_eq!(store.create(&again, &told).await.unwrap(), Created::Existing("a".to_owned()));
    assert_eq!(store.find("b").await.unwrap(), None);
    assert_eq!(store.events("a", 1, 9).await.unwrap(), []);
    // Keys of another workflow are other keys, and a run without a key is like no other.
    assert_eq!(store.create(&keyed("c", "two", "k"), &begin).await.unwrap(), Created::Created(1));
    for id in ["d", "e"] {
        assert_eq!(store.create(&new_run(id), &begin).await.unwrap(), Created::Created(1));
    }
    store.finish("a", 1, &Finish::Completed("1".to_owned()), &Effects::default()).await.unwrap();
    let find = async |workflow: Option<&str>, key: &str| {
        let (workflow, key) = (workflow.map(str::to_owned), Some(key.to_owned()));
        ids(&*store, RunFilter { workflow, key, ..RunFilter::default() }).await.concat()
    };
    assert_eq!(find(Some("one"), "k").await, "a");
    assert_eq!(find(Some("one"), "j").await, "");
    assert_eq!(find(None, "k").await.len(), 2);
    let late = store.create(&keyed("f", "one", "k"), &begin).await.unwrap();
    assert_eq!(late, Created::Existing("a".to_owned()), "also when it has ended");
    assert_eq!(store.find("a").await.unwrap().unwrap().run, keyed("a", "one", "k"));
}

pub(super) async fn many_start_with_one_key_and_one_run_is_made(place: &dyn Place) {
    let stores = [place.open().await, place.open().await];
    let starts = (0..40).map(|n| {
        let store = stores[n % 2].clone();
        tokio::spawn(
            async move { store.create(&keyed(&format!("r{n}"), "one", "k"), &Beginning::default()).await.unwrap() },
        )
    });
    let (mut made, mut found) = (0, Vec::new());
    for start in starts.collect::<Vec<_>>() {
        match start.await.unwrap() {
            Created::Created(_) => made += 1,
            Created::Existing(run) => found.push(run),
        }
    }
    let all = ids(&*stores[0], RunFilter::default()).await;
    assert_eq!((made, all.len()), (1, 1));
    assert!(found.len() == 39 && found.iter().all(|run| *run == all[0]));
}

pub(super) async fn runs_are_filtered_by_all_that_is_known_of_them(place: &dyn Place) {
    let store = place.open().await;
    for (id, user, created_at, metadata) in [
        ("a", Some("ann"), 10, Some(r#"{"source":"cli","n":1,"deep":{"x":[1, 2]}}"#)),
        ("b", Some("bob"), 20, Some(r#"{"source":"web","n":1.0}"#)),
        ("c", Some("ann"), 30, Some("[\"source\"]")),
        ("d", None, 40, None),
        ("e", Some("ann"), 50, Some(r#"{"source":null,"a.b \" c":"é"}"#)),
    ] {
        let (user, metadata) = (user.map(str::to_owned), metadata.map(str::to_owned));
        let fence = create(&*store, &NewRun { user, created_at, metadata, ..new_run(id) }).await.unwrap();
        if id == "a" {
            store.finish(id, fence, &Finish::Cancelled, &Effects::default()).await.unwrap();
        }
        if id == "b" {
            assert!(store.park(id, fence, &[]).await.unwrap());
        }
    }
    let any = RunFilter::default;
    let ids = async |filter| ids(&*store, filter).await.concat();
    let meta = |key: &str, value: &str| RunFilter { metadata: vec![(key.to_owned(), value.to_owned())], ..any() };
    assert_eq!(ids(RunFilter { user: Some("ann".to_owned()), ..any() }).await, "eca");
    assert_eq!(ids(RunFilter { created_from: Some(20), ..any() }).await, "edcb");
    assert_eq!(ids(RunFilter { created_before: Some(20), ..any() }).await, "a");
    assert_eq!(ids(RunFilter { created_from: Some(20), created_before: Some(40), ..any() }).await, "cb");
    let two = vec![RunStatus::Cancelled, RunStatus::Paused];
    assert_eq!(ids(RunFilter { status: two.clone(), ..any() }).await, "ba");
    assert_eq!(ids(RunFilter { status: two, user: Some("bob".to_owned()), ..any() }).await, "b");
    assert_eq!(ids(meta("source", "\"cli\"")).await, "a");
    assert_eq!(ids(meta("source", "null")).await, "e");
    assert_eq!(ids(meta("n", "1")).await.chars().last(), Some('a'));
    assert_eq!(ids(meta("deep", r#"{ "x": [1,2] }"#)).await, "a");
    assert_eq!(ids(meta("a.b \" c", "\"é\"")).await, "e");
    assert_eq!(ids(meta("source", "\"nowhere\"")).await, "");
    assert_eq!(ids(meta("nothing", "null")).await, "", "a key that is not there is not null");
    let both = vec![("source".to_owned(), "\"cli\"".to_owned()), ("n".to_owned(), "2".to_owned())];
    assert_eq!(ids(RunFilter { metadata: both, ..any() }).await, "");
}

pub(super) async fn pages_show_every_run_once(place: &dyn Place) {
    let store = place.open().await;
    for n in 0..23 {
        // Some of one moment.
        create(&*store, &NewRun { created_at: 1_000 + n / 4, ..new_run(&format!("r{n:02}")) }).await.unwrap();
    }
    let all = ids(&*store, RunFilter::default()).await;
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store.list(&RunFilter { after, limit: 5, ..RunFilter::default() }).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.run.created_at, last.run.id.clone()));
        seen.extend(page.into_iter().map(|record| record.run.id));
    }
    assert_eq!((seen.len(), &seen), (23, &all));
}

pub(super) async fn runs_are_counted_by_workflow_and_status(place: &dyn Place) {
    let store = place.open().await;
    for (n, workflow) in ["one", "two", "one", "one"].into_iter().enumerate() {
        let run = NewRun { workflow: workflow.to_owned(), created_at: 1_000 + n as i64, ..new_run(&format!("r{n}")) };
        let fence = create(&*store, &run).await.unwrap();
        if n > 1 {
            store.finish(&run.id, fence, &Finish::Completed("1".to_owned()), &Effects::default()).await.unwrap();
        }
    }
    let mut counts = store.stats(&RunFilter::default()).await.unwrap();
    counts.sort_by_key(|count| (count.workflow.clone(), count.status.as_str()));
    let seen: Vec<_> = counts.iter().map(|count| (&*count.workflow, count.status, count.runs, count.oldest)).collect();
    let expected = [
        ("one", RunStatus::Completed, 2, 1_002),
        ("one", RunStatus::Running, 1, 1_000),
        ("two", RunStatus::Running, 1, 1_001),
    ];
    assert_eq!(seen, expected);
    let took = async |id: &str| {
        let record = store.find(id).await.unwrap().unwrap();
        record.updated_at.abs_diff(record.run.created_at)
    };
    let (a, b) = (took("r2").await, took("r3").await);
    assert_eq!((counts[0].total_ms, counts[0].longest_ms), (a + b, a.max(b)));
    let one = RunFilter { workflow: Some("two".to_owned()), limit: 0, ..RunFilter::default() };
    let [RunCount { runs: 1, .. }] = store.stats(&one).await.unwrap()[..] else { panic!("one run of it") };
}

pub(super) async fn a_run_of_a_dead_driver_is_abandoned(place: &dyn Place) {
    let (one, two) = (place.open().await, place.open().await);
    for n in 0..3 {
        create(&*one, &NewRun { created_at: 1_000 - n, ..new_run(&format!("r{n}")) }).await.unwrap();
    }
    create(&*two, &new_run("mine")).await.unwrap();
    let undoing = Checkpoint { undo: vec![crate::store::NewUndo::default()], ..step("", "x", &[]) };
    one.checkpoint("r1", 1, &undoing).await.unwrap();
    assert!(one.begin_undo("r1", 1, None, &[], &[]).await.unwrap());
    let here = ["content-creation"];
    assert_eq!(two.abandoned(&here, 9).await.unwrap(), [""; 0]);
    place.close(one).await;
    assert_eq!(two.abandoned(&here, 9).await.unwrap(), ["r2", "r1", "r0"]);
    assert_eq!(two.abandoned(&here, 2).await.unwrap(), ["r2", "r1"]);
    assert_eq!(two.abandoned(&["another"], 9).await.unwrap(), [""; 0]);
    assert_eq!(two.claim("r2").await.unwrap(), Claim::Claimed(2));
    assert_eq!(two.abandoned(&here, 9).await.unwrap(), ["r1", "r0"]);
}

pub(super) async fn a_run_that_was_given_back_is_abandoned(place: &dyn Place) {
    let (one, two) = (place.open().await, place.open().await);
    let fence = create(&*one, &new_run("r")).await.unwrap();
    one.release("r", fence).await.unwrap();
    for store in [&one, &two] {
        assert_eq!(store.abandoned(&["content-creation"], 9).await.unwrap(), ["r"]);
    }
}

pub(super) async fn what_waits_or_has_ended_is_not_abandoned(place: &dyn Place) {
    let (one, two) = (place.open().await, place.open().await);
    for id in ["parked", "done", "failed", "cancelled"] {
        let fence = create(&*one, &new_run(id)).await.unwrap();
        match id {
            "parked" => assert!(one.park(id, fence, &[]).await.unwrap()),
            "done" => one.finish(id, fence, &Finish::Completed("1".to_owned()), &Effects::default()).await.unwrap(),
            "failed" => one.finish(id, fence, &Finish::Failed("{}".to_owned()), &Effects::default()).await.unwrap(),
            _ => drop(one.cancel(id, 1, &[]).await.unwrap()),
        }
    }
    place.close(one).await;
    assert_eq!(two.abandoned(&["content-creation"], 9).await.unwrap(), [""; 0]);
}
