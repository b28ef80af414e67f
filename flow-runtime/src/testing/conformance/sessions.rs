//! Sessions: their state is a change of the version that was read, or no change at all.

use super::*;
use crate::store::{SessionFilter, SessionReceipt, SessionRecord, SessionWrite};

fn write(id: &str, base: u64, state: &str) -> SessionWrite {
    SessionWrite { id: id.to_owned(), base, state: Some(state.to_owned()), at: 5_000, ..SessionWrite::default() }
}

fn brings(id: &str, base: u64, state: &str) -> Effects {
    Effects { events: vec![r#"{"time":1,"kind":"x"}"#.to_owned()], session: Some(write(id, base, state)) }
}

fn changed<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    assert!(matches!(&result, Err(StoreError::SessionChanged { session }) if session == "s"), "{result:?}");
}

async fn state(store: &dyn Store, id: &str) -> (u64, String) {
    let session = store.session(id).await.unwrap().unwrap();
    (session.version, session.state)
}

fn is(version: u64, state: &str) -> (u64, String) {
    (version, state.to_owned())
}

pub(super) async fn a_session_is_written_and_read(place: &dyn Place) {
    let store = place.open().await;
    assert_eq!(store.session("s").await.unwrap(), None);
    let first = SessionWrite { user: Some("ann".to_owned()), ..write("s", 0, r#"{"n":1.50, "é":"\u0000"}"#) };
    store.write_session(&first).await.unwrap();
    let mut expected = SessionRecord {
        id: "s".to_owned(),
        name: None,
        user: Some("ann".to_owned()),
        state: r#"{"n":1.50, "é":"\u0000"}"#.to_owned(),
        version: 1,
        created_at: 5_000,
        updated_at: 5_000,
    };
    assert_eq!(store.session("s").await.unwrap().unwrap(), expected);
    let rename = SessionWrite {
        id: "s".to_owned(),
        base: 1,
        name: Some("Trip".to_owned()),
        user: Some("bob".to_owned()),
        at: 6_000,
        ..SessionWrite::default()
    };
    store.write_session(&rename).await.unwrap();
    (expected.name, expected.version, expected.updated_at) = (Some("Trip".to_owned()), 2, 6_000);
    assert_eq!(place.open().await.session("s").await.unwrap().unwrap(), expected);
    let named = SessionWrite { base: 0, id: "t".to_owned(), ..rename };
    store.write_session(&named).await.unwrap();
    assert_eq!(state(&*store, "t").await, is(1, "null"));
}

pub(super) async fn a_session_is_written_on_the_version_that_was_read(place: &dyn Place) {
    let store = place.open().await;
    changed(store.write_session(&write("s", 1, "1")).await);
    store.write_session(&write("s", 0, "1")).await.unwrap();
    changed(store.write_session(&write("s", 0, "2")).await);
    changed(store.write_session(&write("s", 2, "2")).await);
    assert_eq!(state(&*store, "s").await, is(1, "1"));
    store.write_session(&write("s", 1, "2")).await.unwrap();
    assert_eq!(state(&*store, "s").await, is(2, "2"));
}

pub(super) async fn a_checkpoint_brings_a_session_along(place: &dyn Place) {
    let store = place.open().await;
    create(&*store, &NewRun { session: None, ..new_run("r") }).await.unwrap();
    let with = |at, base, state| Checkpoint { effects: brings("s", base, state), ..step("", at, &[("a", "1")]) };
    store.checkpoint("r", 1, &with("x", 0, "1")).await.unwrap();
    assert_eq!(state(&*store, "s").await, is(1, "1"));
    store.write_session(&write("s", 1, "2")).await.unwrap();
    changed(store.checkpoint("r", 1, &with("y", 1, "7")).await);
    assert_eq!(state(&*store, "s").await, is(2, "2"));
    assert_eq!(frames(&*store, "r").await[""].0, "x");
    assert_eq!((store.history("r").await.unwrap().len(), store.events("r", 1, 9).await.unwrap().len()), (1, 1));
    fenced(store.checkpoint("r", 9, &with("z", 2, "7")).await);
    assert_eq!(state(&*store, "s").await, is(2, "2"));
    store.checkpoint("r", 1, &with("y", 2, "3")).await.unwrap();
    assert_eq!((state(&*store, "s").await, &*frames(&*store, "r").await[""].0), (is(3, "3"), "y"));
    store.checkpoint("r", 1, &Checkpoint { mark: true, ..with("y", 3, "4") }).await.unwrap();
    assert_eq!(state(&*store, "s").await, is(4, "4"));
}

pub(super) async fn a_finish_brings_a_session_along(place: &dyn Place) {
    let store = place.open().await;
    create(&*store, &NewRun { session: None, ..new_run("r") }).await.unwrap();
    let done = Finish::Completed("1".to_owned());
    changed(store.finish("r", 1, &done, &brings("s", 3, "1")).await);
    assert_eq!(store.find("r").await.unwrap().unwrap().status, RunStatus::Running);
    store.finish("r", 1, &done, &brings("s", 0, "1")).await.unwrap();
    assert_eq!(store.find("r").await.unwrap().unwrap().status, RunStatus::Completed);
    assert_eq!(state(&*store, "s").await, is(1, "1"));
}

pub(super) async fn a_start_brings_a_session_along(place: &dyn Place) {
    let store = place.open().await;
    let with = |base, state| Beginning { effects: brings("s", base, state), ..Beginning::default() };
    let run = |id| NewRun { session: Some("s".to_owned()), ..new_run(id) };
    store.create(&run("a"), &with(0, "1")).await.unwrap();
    assert_eq!(state(&*store, "s").await, is(1, "1"));
    changed(store.create(&run("b"), &with(0, "2")).await);
    assert_eq!(store.find("b").await.unwrap(), None);
    store.create(&run("b"), &with(1, "2")).await.unwrap();
    assert_eq!(state(&*store, "s").await, is(2, "2"));
}

pub(super) async fn a_run_makes_its_session(place: &dyn Place) {
    let store = place.open().await;
    let run = |id| NewRun { session: Some("s".to_owned()), user: Some("ann".to_owned()), ..new_run(id) };
    create(&*store, &run("a")).await.unwrap();
    let session = store.session("s").await.unwrap().unwrap();
    assert_eq!((session.version, &*session.state, session.user.as_deref()), (1, "null", Some("ann")));
    assert_eq!((session.created_at, session.updated_at), (1_000, 1_000));
    create(&*store, &run("b")).await.unwrap();
    assert_eq!(store.session("s").await.unwrap().unwrap(), session, "once");
}

pub(super) async fn many_count_and_none_is_lost(place: &dyn Place) {
    let stores = [place.open().await, place.open().await];
    stores[0].write_session(&write("s", 0, "0")).await.unwrap();
    let counters = (0..8).map(|n| {
        let store = stores[n % 2].clone();
        tokio::spawn(async move {
            let run = format!("r{n}");
            create(&*store, &NewRun { session: None, ..new_run(&run) }).await.unwrap();
            for _ in 0..10 {
                loop {
                    let (base, count) = state(&*store, "s").await;
                    let next = (count.parse::<u64>().unwrap() + 1).to_string();
                    let made = Checkpoint { effects: brings("s", base, &next), ..step("", "x", &[]) };
                    match store.checkpoint(&run, 1, &made).await {
                        Ok(()) => break,
                        Err(StoreError::SessionChanged { .. }) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            }
        })
    });
    for counter in counters.collect::<Vec<_>>() {
        counter.await.unwrap();
    }
    assert_eq!(state(&*stores[0], "s").await, is(81, "80"));
}

pub(super) async fn sessions_are_listed_in_pages(place: &dyn Place) {
    let store = place.open().await;
    for n in 0..9 {
        let user = Some(if n % 3 == 0 { "ann" } else { "bob" }.to_owned());
        let new = SessionWrite { at: 1_000 + n / 2, user, ..write(&format!("s{n}"), 0, "1") };
        store.write_session(&new).await.unwrap();
    }
    store.write_session(&SessionWrite { at: 9_000, ..write("s2", 1, "2") }).await.unwrap();
    let list = async |filter: SessionFilter| {
        let listed = store.sessions(&filter).await.unwrap();
        listed.into_iter().map(|session| (session.updated_at, session.id)).collect::<Vec<_>>()
    };
    let all = list(SessionFilter::default()).await;
    assert_eq!(all.iter().map(|(_, id)| &id[1..]).collect::<String>(), "287654310");
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = list(SessionFilter { after, limit: 2, ..SessionFilter::default() }).await;
        after = page.last().cloned();
        if after.is_none() {
            break;
        }
        seen.extend(page);
    }
    assert_eq!(seen, all);
    let hers = list(SessionFilter { user: Some("ann".to_owned()), ..SessionFilter::default() }).await;
    assert_eq!(hers.iter().map(|(_, id)| &id[1..]).collect::<String>(), "630");
}

pub(super) async fn a_session_is_deleted_with_its_runs(place: &dyn Place) {
    let store = place.open().await;
    assert_eq!(store.delete_session("s").await.unwrap(), SessionReceipt::Unknown);
    for (id, session) in [("a", "s"), ("b", "s"), ("c", "t")] {
        let run = NewRun { session: Some(session.to_owned()), key: Some(id.to_owned()), ..new_run(id) };
        create(&*store, &run).await.unwrap();
        store
            .checkpoint(id, 1, &Checkpoint { effects: brings("u", 0, "1"), ..asks("", "approve", 1) })
            .await
            .unwrap_or(());
    }
    store.finish("a", 1, &Finish::Failed("{}".to_owned()), &Effects::default()).await.unwrap();
    assert_eq!(store.delete_session("s").await.unwrap(), SessionReceipt::Busy("b".to_owned()));
    assert!(store.find("a").await.unwrap().is_some());
    store.finish("b", 1, &Finish::Completed("1".to_owned()), &Effects::default()).await.unwrap();
    assert_eq!(store.delete_session("s").await.unwrap(), SessionReceipt::Deleted(2));
    assert_eq!((store.find("a").await.unwrap(), store.session("s").await.unwrap()), (None, None));
    assert!(store.find("c").await.unwrap().is_some() && store.session("t").await.unwrap().is_some());
    // Nothing of a run is left that would turn up in another of its id or key.
    let again = NewRun { key: Some("a".to_owned()), ..new_run("a") };
    assert_eq!(create(&*store, &again).await.unwrap(), 1);
    assert_eq!((store.frames("a").await.unwrap(), store.pauses("a").await.unwrap()), (vec![], vec![]));
    assert_eq!((store.events("a", 1, 9).await.unwrap(), store.history("a").await.unwrap()), (vec![], vec![]));
}
