//! Several workers on one database: leases, and what they hear of each other.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::{sync::Arc, time::Duration};

use common::{Place, asks, create, step, until};
use flow_postgres::{PgTx, Postgres, deadpool_postgres};
use flow_runtime::{
    Store, StoreError,
    store::{Answer, Change, Changes, Checkpoint, Claim, Effects, Finish, NewUndo},
};
use futures::StreamExt as _;

fn yes() -> Answer {
    Answer { value: "true".to_owned(), by: None, at: 3_000, comment: None }
}

/// As if the driver of all runs had been killed: nobody renews its lease, which ends in a second.
async fn kill_driver(place: &Place) {
    place.sql("INSERT INTO flow.drivers VALUES ('dead', clock_timestamp() + interval '1 second')").await;
    place.sql("UPDATE flow.runs SET driver = 'dead'").await;
}

#[tokio::test]
async fn a_killed_workers_runs_are_free_when_its_lease_has_ended() {
    let place = Place::new().await;
    let (store, other) = (place.open().await, place.open().await);
    create(&store, "r").await;
    kill_driver(&place).await;
    assert_eq!(other.claim("r").await.unwrap(), Claim::Busy);
    assert_eq!(other.abandoned(&["w"], 9).await.unwrap(), [""; 0]);
    until("an abandoned run", async || other.abandoned(&["w"], 9).await.unwrap() == ["r"]).await;
    assert_eq!(other.claim("r").await.unwrap(), Claim::Claimed(2));
    let stale = store.checkpoint("r", 1, &step("x")).await;
    assert!(matches!(stale, Err(StoreError::Fenced { .. })), "{stale:?}");
    assert!(!store.holds("r", 1).await.unwrap());
}

#[tokio::test]
async fn a_lease_is_renewed_while_the_handle_lives() {
    let place = Place::new().await;
    let store = place.options().lease(Duration::from_millis(300)).open().await.unwrap();
    let other = place.open().await;
    create(&store, "r").await;
    let mut seen = Vec::new();
    until("renewals", async || {
        let rows = place.sql("SELECT (extract(epoch FROM min(expires_at)) * 1000)::bigint FROM flow.drivers").await;
        let expires: i64 = rows[0].get(0);
        if seen.last() != Some(&expires) {
            seen.push(expires);
        }
        // Busy all the time: also when the first lease would have ended long ago.
        assert_eq!(other.claim("r").await.unwrap(), Claim::Busy);
        seen.len() > 6 && seen[seen.len() - 1] - seen[0] > 600
    })
    .await;
    store.close().await;
    assert_eq!(other.claim("r").await.unwrap(), Claim::Claimed(2));
    let closed = store.claim("r").await.unwrap_err();
    assert!(format!("{closed:?}").contains("closed"), "{closed:?}");
}

async fn heard(changes: &mut Changes, run: &str) {
    let expected = Change::Run(run.to_owned());
    let heard = tokio::time::timeout(Duration::from_secs(30), async {
        while changes.next().await.is_some_and(|change| change != expected) {}
    });
    heard.await.unwrap_or_else(|_| panic!("nothing was heard of `{run}`"));
}

#[tokio::test]
async fn others_hear_what_they_may_wait_for() {
    let place = Place::new().await;
    let (here, there) = (place.open().await, place.open().await);
    let mut changes = there.listen().await.unwrap().unwrap();
    let mut own = here.listen().await.unwrap().unwrap();
    for id in ["answered", "parked", "finished", "cancelled", "released", "undone"] {
        create(&here, id).await;
        here.checkpoint(id, 1, &asks(1)).await.unwrap();
    }
    here.answer("answered", "ask-1", &yes(), &[]).await.unwrap();
    // Nothing was told before: neither of starts nor of checkpoints.
    assert_eq!(changes.next().await, Some(Change::Run("answered".to_owned())));
    assert_eq!(changes.next().await, Some(Change::Due));
    assert!(here.park("parked", 1, &[]).await.unwrap());
    heard(&mut changes, "parked").await;
    here.finish("finished", 1, &Finish::Completed("1".to_owned()), &Effects::default()).await.unwrap();
    heard(&mut changes, "finished").await;
    here.cancel("cancelled", 1, &[]).await.unwrap();
    heard(&mut changes, "cancelled").await;
    here.release("released", 1).await.unwrap();
    heard(&mut changes, "released").await;
    assert_eq!(changes.next().await, Some(Change::Due));
    here.begin_undo("undone", 1, Some("{}"), &[], &[]).await.unwrap();
    heard(&mut changes, "undone").await;
    here.reopen("undone", 1, &[], &[]).await.unwrap();
    heard(&mut changes, "undone").await;
    assert_eq!(changes.next().await, Some(Change::Due));
    there.answer("parked", "ask-1", &yes(), &[]).await.unwrap();
    // One's own is not told to oneself: this is the first that is heard.
    assert_eq!(own.next().await, Some(Change::Run("parked".to_owned())));
    drop(here);
    while changes.next().await != Some(Change::Due) {}
}

#[tokio::test]
async fn a_pool_of_ones_own_is_used() {
    let place = Place::new().await;
    let config = place.url.parse().unwrap();
    let manager = deadpool_postgres::Manager::new(config, flow_postgres::tokio_postgres::NoTls);
    let pool = deadpool_postgres::Pool::builder(manager).max_size(2).build().unwrap();
    let deaf = Postgres::with_pool(pool.clone()).schema(&place.schema).open().await.unwrap();
    assert!(deaf.listen().await.unwrap().is_none());
    create(&deaf, "r").await;
    let hears = Postgres::with_pool(pool).schema(&place.schema).listen_at(&place.url).open().await.unwrap();
    let mut changes = hears.listen().await.unwrap().unwrap();
    assert_eq!(hears.claim("r").await.unwrap(), Claim::Busy);
    drop(deaf);
    assert_eq!(changes.next().await, Some(Change::Due));
    assert_eq!(hears.claim("r").await.unwrap(), Claim::Claimed(2));
}

#[tokio::test]
async fn a_steps_transaction_is_committed_with_its_checkpoint() {
    let place = Place::new().await;
    let store = place.options().connections(1).open().await.unwrap();
    create(&store, "r").await;
    place.sql("CREATE TABLE flow.accounts (balance bigint)").await;
    let insert = format!("INSERT INTO {}.accounts VALUES ($1)", common::quoted(&place.schema));
    let count = async || place.sql("SELECT * FROM flow.accounts").await.len();
    let mark = |done: &str| Checkpoint {
        mark: true,
        trying: Some(done.to_owned()),
        undo: vec![NewUndo::default()],
        ..step("x")
    };

    let tx = store.begin().await.unwrap();
    let handle: Arc<PgTx> = tx.handle().downcast().unwrap();
    assert_eq!(handle.execute(&insert, &[&7_i64]).await.unwrap(), 1);
    assert_eq!(count().await, 0);
    tx.commit("r", 1, &mark("1")).await.unwrap();
    assert_eq!(count().await, 1);
    assert_eq!(store.frame("r", "").await.unwrap().unwrap().trying.as_deref(), Some("1"));
    let late = handle.execute(&insert, &[&7_i64]).await.unwrap_err();
    assert!(format!("{late:?}").contains("the step has ended"), "{late:?}");

    // Dropped, refused, failed: nothing of it is kept, and the one connection can be used again.
    let tx = store.begin().await.unwrap();
    let handle: Arc<PgTx> = tx.handle().downcast().unwrap();
    handle.execute(&insert, &[&8_i64]).await.unwrap();
    drop(tx);
    assert_eq!(store.frames("r").await.unwrap().len(), 1);
    assert!(handle.batch_execute("SELECT 1").await.is_err());
    let tx = store.begin().await.unwrap();
    let handle: Arc<PgTx> = tx.handle().downcast().unwrap();
    handle.execute(&insert, &[&9_i64]).await.unwrap();
    let refused = tx.commit("r", 9, &mark("2")).await;
    assert!(matches!(refused, Err(StoreError::Fenced { .. })), "{refused:?}");
    let tx = store.begin().await.unwrap();
    let handle: Arc<PgTx> = tx.handle().downcast().unwrap();
    assert!(handle.query_one("SELECT 1 / 0", &[]).await.is_err());
    assert!(tx.commit("r", 1, &mark("3")).await.is_err());
    assert_eq!((count().await, store.undos("r").await.unwrap().len()), (1, 1));
    assert_eq!(store.frame("r", "").await.unwrap().unwrap().trying.as_deref(), Some("1"));

    let tx = store.begin().await.unwrap();
    let handle: Arc<PgTx> = tx.handle().downcast().unwrap();
    handle.batch_execute("COMMIT").await.unwrap();
    let ended = tx.commit("r", 1, &mark("4")).await.unwrap_err();
    assert!(format!("{ended:?}").contains("ended the transaction itself"), "{ended:?}");
    assert_eq!(store.frame("r", "").await.unwrap().unwrap().trying.as_deref(), Some("1"));

    let tx = store.begin().await.unwrap();
    let handle: Arc<PgTx> = tx.handle().downcast().unwrap();
    let rows = handle.query_one("SELECT $1::bigint + 1", &[&1_i64]).await.unwrap();
    assert_eq!(rows.get::<_, i64>(0), 2);
    assert!(handle.query_opt("SELECT 1 WHERE false", &[]).await.unwrap().is_none());
    assert!(handle.query_one("SELECT 1 WHERE false", &[]).await.is_err());
    assert!(handle.query_opt("VALUES (1), (2)", &[]).await.is_err());
    assert!(PgTx::current().is_err(), "there is one in a step only");
}
