//! Apps on one database: what one begins, another ends.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use common::Place;
use flow_postgres::{PgTx, Postgres};
use flow_runtime::{RunError, Store, StoreError, prelude::*};

/// Pays, and says what was paid in all.
#[step(tx)]
async fn pay(table: &str, cents: i64) -> Result<i64, String> {
    let tx = PgTx::current().map_err(|error| error.to_string())?;
    let failed = |error: StoreError| format!("{error:?}");
    tx.execute(&format!("INSERT INTO {table} VALUES ($1)"), &[&cents]).await.map_err(failed)?;
    let sum = tx.query_one(&format!("SELECT sum(cents)::bigint FROM {table}"), &[]).await.map_err(failed)?;
    if cents < 0 { Err(format!("{cents} cents are no payment")) } else { Ok(sum.get(0)) }
}

/// Shall it be paid once more?
#[pause]
fn again(sum: i64) -> i64;

workflow! {
    async fn payments(table: String) -> Result<i64, String> {
        let sum = pay(&table, 5).await?;
        let more = pause(again(sum)).await;
        let sum = pay(&table, more).await?;
        Ok(sum)
    }
}

async fn app(place: &Place) -> (App, Postgres) {
    let store = place.open().await;
    (App::builder().store(store.clone()).register::<Payments>(()).build().unwrap(), store)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_goes_on_in_another_app_and_pays_once() {
    let place = Place::new().await;
    let ((one, _), (two, store)) = (app(&place).await, app(&place).await);
    place.sql("CREATE TABLE flow.payments (cents bigint)").await;
    let table = format!("{}.payments", common::quoted(&place.schema));
    for (more, paid) in [(7, 12), (-1, 17)] {
        let run = one.start::<Payments>(table.clone()).await.unwrap();
        assert!(matches!(run.wait().await.unwrap(), Outcome::Paused(_)));
        let there = two.run::<Payments>(run.id()).await.unwrap();
        there.answer::<Again>(more).await.unwrap();
        match there.wait().await {
            Ok(Outcome::Done(sum)) => assert_eq!((sum, more), (paid, 7)),
            Err(RunError::Failed(failure)) => assert!(more < 0, "{failure:?}"),
            other => panic!("{other:?}"),
        }
        let sum: i64 = place.sql("SELECT sum(cents)::bigint FROM flow.payments").await[0].get(0);
        assert_eq!(sum, paid, "what a failed step has written is not there");
        assert!(store.events(run.id(), 1, 100).await.unwrap().len() > 3);
    }
}
