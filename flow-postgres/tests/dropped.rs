//! Transactions of steps that are dropped at some point or other.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::{sync::Arc, time::Duration};

use common::{Place, create, step, until};
use flow_postgres::PgTx;
use flow_runtime::Store;
use futures::{FutureExt as _, future::Either};

#[tokio::test]
async fn a_transaction_whose_begin_is_dropped_is_none() {
    let place = Place::new().await;
    let store = place.options().connections(1).open().await.unwrap();
    create(&store, "r").await;
    for n in 1..=3 {
        // The server is asked, and nobody waits for its answer.
        assert!(store.begin().now_or_never().is_none());
        store.checkpoint("r", 1, &step("x")).await.unwrap();
        assert_eq!(place.sql("SELECT 1 FROM flow.history").await.len(), n, "what was written can be seen by others");
    }
}

#[tokio::test]
async fn nobody_waits_for_a_statement_whose_step_was_dropped() {
    let place = Place::new().await;
    let store = place.options().connections(1).open().await.unwrap();
    create(&store, "r").await;
    let asleep = async || {
        let sleeps = format!("SELECT 1 FROM pg_stat_activity WHERE query = '{}' AND state = 'active'", sleep(&place));
        !place.sql(&sleeps).await.is_empty()
    };
    let tx = store.begin().await.unwrap();
    let handle: Arc<PgTx> = tx.handle().downcast().unwrap();
    {
        let sql = sleep(&place);
        let sleeps = std::pin::pin!(handle.query(&sql, &[]));
        let begun = std::pin::pin!(until("a statement that takes long", asleep));
        assert!(matches!(futures::future::select(sleeps, begun).await, Either::Right(_)));
    }
    drop((tx, handle));
    let next = tokio::time::timeout(Duration::from_secs(60), async {
        store.checkpoint("r", 1, &step("x")).await.unwrap();
    });
    next.await.unwrap_or_else(|_| panic!("the next one waits for the statement"));
    until("the end of the statement", async || !asleep().await).await;
}

/// A statement that takes far too long, as no other test has it.
fn sleep(place: &Place) -> String {
    format!("SELECT pg_sleep(600) AS \"{}\"", place.schema.replace(['"', '\''], ""))
}
