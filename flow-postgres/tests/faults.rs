//! Connections that are cut, servers that restart.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;
#[path = "common/proxy.rs"]
mod proxy;

use std::{sync::Arc, time::Duration};

use common::{Place, asks, create, new_run, step, until};
use flow_postgres::{PgTx, Postgres};
use flow_runtime::{
    Store, StoreError,
    store::{
        Answer, AnswerReceipt, Beginning, Binding, CancelReceipt, Change, Checkpoint, Claim, Created, Effects, Finish,
        NewDefinition, NewUndo, ReopenReceipt, RunFilter, SessionReceipt, SessionWrite, Stage,
    },
};
use flow_test_server::{Server, Stop};
use futures::StreamExt as _;
use proxy::Proxy;

/// A store behind a proxy, to the server of all tests.
async fn behind() -> (Place, Proxy, Postgres) {
    let place = Place::new().await;
    let config: flow_postgres::tokio_postgres::Config = place.url.parse().unwrap();
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let proxy = Proxy::to(port).await;
    let url = place.url.replace(&format!(":{port}/"), &format!(":{}/", proxy.port));
    let store = place.options().connections(1).open().await.unwrap();
    // Tables are made; from here on through the proxy.
    drop(store);
    let store = Postgres::options(url).schema(&place.schema).connections(1).open().await.unwrap();
    (place, proxy, store)
}

fn one(kind: &str) -> Vec<String> {
    vec![format!(r#"{{"time":1,"kind":"{kind}"}}"#)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_answer_is_lost_is_made_once() {
    let (_place, proxy, store) = behind().await;
    // The first claim makes the handle known, by another connection.
    create(&store, "first").await;
    let mut expected = 0;
    let mut lost = || {
        proxy.lose_answer(1);
        expected += 1;
    };
    let told = |kind| Effects { events: one(kind), session: None };

    lost();
    let begun = Beginning { effects: told("created"), ..Beginning::default() };
    assert_eq!(store.create(&new_run("r"), &begun).await.unwrap(), Created::Created(1));
    lost();
    let made = Checkpoint {
        bindings: vec![Binding { name: "a".into(), value: "1".to_owned() }],
        undo: vec![NewUndo::default()],
        effects: told("checkpoint"),
        ..asks(1)
    };
    store.checkpoint("r", 1, &made).await.unwrap();
    lost();
    let session = SessionWrite { id: "s".to_owned(), state: Some("1".to_owned()), ..SessionWrite::default() };
    let effects = Effects { events: one("mark"), session: Some(session.clone()) };
    let mark = Checkpoint { mark: true, effects, undo: vec![NewUndo::default()], ..step("ask") };
    store.checkpoint("r", 1, &Checkpoint { asked: None, ..mark }).await.unwrap();
    lost();
    store.emit("r", 1, &one("emit")).await.unwrap();
    lost();
    store.checkpoint("r", 1, &asks(2)).await.unwrap();
    lost();
    assert!(store.park("r", 1, &one("parked")).await.unwrap());
    lost();
    assert_eq!(store.claim("r").await.unwrap(), Claim::Claimed(2));
    lost();
    let yes = Answer { value: "true".to_owned(), by: Some("ann".to_owned()), at: 2_000, comment: None };
    assert_eq!(store.answer("r", "ask-2", &yes, &one("answered")).await.unwrap(), AnswerReceipt::Accepted);
    lost();
    assert!(store.begin_undo("r", 2, Some("{}"), &[], &one("undoing")).await.unwrap());
    lost();
    store.undone("r", 2, 1, 0, Some("no"), 5, &one("stuck")).await.unwrap();
    lost();
    store.finish("r", 2, &Finish::Failed("{}".to_owned()), &told("failed")).await.unwrap();
    lost();
    assert_eq!(store.reopen("r", 9, &[], &one("reopened")).await.unwrap(), ReopenReceipt::Reopened);
    lost();
    assert_eq!(store.claim("r").await.unwrap(), Claim::Claimed(3));
    lost();
    store.release("r", 3).await.unwrap();
    lost();
    assert_eq!(store.cancel("first", 5, &one("cancelled")).await.unwrap(), CancelReceipt::Cancelled);
    lost();
    store.write_session(&SessionWrite { base: 1, ..session }).await.unwrap();
    lost();
    let definition = NewDefinition {
        workflow: "w".to_owned(),
        fingerprint: "f".to_owned(),
        definition: "{}".to_owned(),
        stage: Stage::Published,
        label: None,
        saved_at: 1,
    };
    assert_eq!(store.save_definition(&definition).await.unwrap().version, 1);

    let events = store.events("r", 1, 99).await.unwrap();
    let kinds: Vec<String> =
        events.into_iter().map(|event| event.event[18..].trim_end_matches("\"}").to_owned()).collect();
    let all = ["created", "checkpoint", "mark", "emit", "parked", "answered", "undoing", "stuck", "failed", "reopened"];
    assert_eq!(kinds, all);
    assert_eq!(store.history("r").await.unwrap().len(), 2);
    assert_eq!((store.undos("r").await.unwrap().len(), store.pauses("r").await.unwrap().len()), (2, 2));
    assert_eq!(store.session("s").await.unwrap().unwrap().version, 2);
    assert_eq!(store.definitions(None).await.unwrap().len(), 1);
    assert_eq!(store.list(&RunFilter::default()).await.unwrap().len(), 2);
    assert_eq!(proxy.lost(), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_of_a_step_whose_answer_is_lost_is_found_out_about() {
    let (place, proxy, store) = behind().await;
    create(&store, "r").await;
    place.sql("CREATE TABLE flow.accounts (balance integer)").await;
    let insert = format!("INSERT INTO {}.accounts VALUES (7)", common::quoted(&place.schema));
    let mark = Checkpoint { mark: true, trying: Some("{}".to_owned()), ..step("x") };
    // The connection is cut after the checkpoint, the second statement of a commit, and after the third, which commits.
    for (lost, expected) in [(2, 0), (3, 1)] {
        let tx = store.begin().await.unwrap();
        let handle: Arc<PgTx> = tx.handle().downcast().unwrap();
        handle.execute(&insert, &[]).await.unwrap();
        proxy.lose_answer(lost);
        assert_eq!(tx.commit("r", 1, &mark).await.is_ok(), expected == 1);
        assert_eq!(place.sql("SELECT balance FROM flow.accounts").await.len(), expected);
        assert_eq!(store.frames("r").await.unwrap().len(), expected);
    }
    assert_eq!(proxy.lost(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_and_comes_back_is_waited_for() {
    let mut server = tokio::task::spawn_blocking(|| Server::start(false)).await.unwrap().unwrap();
    let place = Place::at(server.url());
    let (store, other) = (place.open().await, place.open().await);
    let mut changes = other.listen().await.unwrap().unwrap();
    create(&store, "r").await;
    let writer = tokio::spawn({
        let store = store.clone();
        async move {
            for n in 1..=200_u32 {
                let bindings = vec![Binding { name: "n".into(), value: n.to_string() }];
                let effects = Effects { events: one("x"), session: None };
                store.checkpoint("r", 1, &Checkpoint { bindings, effects, ..step("x") }).await.unwrap();
            }
        }
    });
    let server = tokio::task::spawn_blocking(move || {
        for how in [Stop::Crash, Stop::Fast] {
            server.stop(how).unwrap();
            server.run().unwrap();
        }
        server
    });
    let server = server.await.unwrap();
    writer.await.unwrap();
    let numbers: Vec<u64> = store.history("r").await.unwrap().iter().map(|made| made.seq).collect();
    assert_eq!(numbers, (1..=200).collect::<Vec<_>>());
    assert_eq!(store.events("r", 1, 1_000).await.unwrap().len(), 200);
    let frame = store.frame("r", "").await.unwrap().unwrap();
    assert_eq!((frame.moves, &*frame.bindings[0].value), (200, "200"));
    assert_eq!(changes.next().await, Some(Change::Missed));
    // It is heard again.
    store.finish("r", 1, &Finish::Cancelled, &Effects::default()).await.unwrap();
    while changes.next().await != Some(Change::Run("r".to_owned())) {}
    drop((store, other, place));
    drop(server);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_cut_are_replaced() {
    let (_place, proxy, store) = behind().await;
    create(&store, "r").await;
    let cutter = tokio::spawn({
        let proxy = proxy.clone();
        async move {
            loop {
                tokio::time::sleep(Duration::from_millis(50)).await;
                proxy.cut();
            }
        }
    });
    for _ in 0..400 {
        store
            .checkpoint("r", 1, &Checkpoint { effects: Effects { events: one("x"), session: None }, ..step("x") })
            .await
            .unwrap();
    }
    cutter.abort();
    assert_eq!(store.history("r").await.unwrap().len(), 400);
    assert_eq!(store.frame("r", "").await.unwrap().unwrap().moves, 400);
    assert_eq!(store.events("r", 1, 1_000).await.unwrap().len(), 400);
}

#[tokio::test]
async fn who_cannot_renew_the_lease_knows_it_is_over() {
    let mut server = tokio::task::spawn_blocking(|| Server::start(false)).await.unwrap().unwrap();
    let place = Place::at(server.url());
    let store =
        place.options().lease(Duration::from_millis(500)).patience(Duration::from_millis(100)).open().await.unwrap();
    assert!(!store.has_lease(), "it drives nothing yet");
    create(&store, "r").await;
    assert!(store.has_lease());
    let mut server = tokio::task::spawn_blocking(move || {
        server.stop(Stop::Crash).unwrap();
        server
    })
    .await
    .unwrap();
    until("the end of the lease", async || !store.has_lease()).await;
    let failed = store.checkpoint("r", 1, &step("x")).await.unwrap_err();
    assert!(matches!(failed, StoreError::Backend { .. }), "{failed:?}");
    tokio::task::spawn_blocking(move || {
        server.run().unwrap();
        server
    })
    .await
    .map(drop)
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_that_is_made_again_is_not_taken_for_somebody_elses() {
    let (place, proxy, store) = behind().await;
    let other = place.open().await;
    create(&store, "r").await;
    store.release("r", 1).await.unwrap();
    let claimed = proxy.lose_answer_before(store.claim("r"), async || {
        // As if the lease had ended meanwhile.
        place.sql("UPDATE flow.runs SET driver = 'dead' WHERE fence = 2").await;
        assert_eq!(other.claim("r").await.unwrap(), Claim::Claimed(3));
    });
    assert_eq!(claimed.await.unwrap(), Claim::Busy);
    assert!(other.holds("r", 3).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_that_is_made_again_when_the_run_was_undone_has_cancelled_it() {
    let (place, proxy, store) = behind().await;
    let other = place.open().await;
    create(&store, "r").await;
    store.checkpoint("r", 1, &Checkpoint { undo: vec![NewUndo::default()], ..step("x") }).await.unwrap();
    let cancelled = proxy.lose_answer_before(store.cancel("r", 5, &[]), async || {
        assert_eq!(other.claim("r").await.unwrap(), Claim::Claimed(3));
        other.undone("r", 3, 1, 0, Some("no"), 5, &[]).await.unwrap();
        other.finish("r", 3, &Finish::Failed("{}".to_owned()), &Effects::default()).await.unwrap();
    });
    assert_eq!(cancelled.await.unwrap(), CancelReceipt::Undoing);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_somebody_changes_after_a_write_was_written() {
    let (place, proxy, store) = behind().await;
    let other = place.open().await;
    let first = SessionWrite { id: "s".to_owned(), state: Some("1".to_owned()), ..SessionWrite::default() };
    store.write_session(&first).await.unwrap();
    let next = |base, state: &str| SessionWrite { base, state: Some(state.to_owned()), ..first.clone() };
    let (second, third) = (next(1, "2"), next(2, "3"));
    let written = proxy.lose_answer_before(store.write_session(&second), async || {
        other.write_session(&third).await.unwrap();
    });
    written.await.unwrap();
    let session = store.session("s").await.unwrap().unwrap();
    assert_eq!((session.version, &*session.state), (3, "3"));
    let late = store.write_session(&second).await;
    assert!(matches!(late, Err(StoreError::SessionChanged { .. })), "{late:?}");

    let deleted = proxy.lose_answer_before(store.delete_session("s"), async || {});
    assert_eq!(deleted.await.unwrap(), SessionReceipt::Deleted(0));
    assert_eq!(store.delete_session("s").await.unwrap(), SessionReceipt::Unknown);
}
