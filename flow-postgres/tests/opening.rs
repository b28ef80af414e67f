//! Opening a database, and what is wrong with it.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::{error::Error as _, time::Duration};

use common::{Place, create, new_run, quoted};
use flow_postgres::{Postgres, deadpool_postgres};
use flow_runtime::{
    Store, StoreError,
    store::{Beginning, Checkpoint, FrameRecord, NewPause, NewRun, PauseRecord},
};

fn text(error: &StoreError) -> String {
    let mut text = format!("{error:?} {error}");
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

#[tokio::test]
async fn many_open_an_empty_database_at_once() {
    let place = Place::new().await;
    let opened = (0..8).map(|_| tokio::spawn(place.options().open()));
    let mut stores = Vec::new();
    for store in opened.collect::<Vec<_>>() {
        stores.push(store.await.unwrap().unwrap());
    }
    create(&stores[0], "r").await;
    assert!(stores[7].find("r").await.unwrap().is_some());
}

#[tokio::test]
async fn schemas_know_nothing_of_each_other() {
    let (one, two) = (Place::new().await, Place::new().await);
    create(&one.open().await, "r").await;
    assert_eq!(two.open().await.find("r").await.unwrap(), None);
    for name in ["", "pg_flow", "a\0b", &"x".repeat(60)] {
        let refused = one.options().schema(name).open().await.unwrap_err();
        assert!(text(&refused).contains("name of a schema"), "{}", text(&refused));
    }
}

#[tokio::test]
async fn tables_of_a_newer_version_are_left_alone() {
    let place = Place::new().await;
    create(&place.open().await, "r").await;
    place.sql("UPDATE flow.schema_version SET version = 99").await;
    let refused = place.options().open().await.unwrap_err();
    assert!(matches!(refused, StoreError::NewerSchema { found: 99, .. }), "{refused:?}");
}

#[tokio::test]
async fn tables_of_an_earlier_version_are_brought_up_to_date() {
    let place = Place::new().await;
    let asked = NewPause { id: "ask-1".to_owned(), number: 1, name: "ask".to_owned(), ..NewPause::default() };
    {
        let store = place.open().await;
        let fence = create(&store, "r").await;
        store
            .checkpoint("r", fence, &Checkpoint { asked: Some(asked.clone()), ..Checkpoint::default() })
            .await
            .unwrap();
    }
    // As the tables were at version 1.
    place
        .sql(
            "ALTER TABLE flow.pauses DROP COLUMN point, DROP COLUMN allowed, DROP COLUMN remind_ms, DROP COLUMN reminded,
                 DROP COLUMN asked_before, DROP COLUMN comment, DROP COLUMN withdrawn_at",
        )
        .await;
    place.sql("UPDATE flow.schema_version SET version = 1").await;
    let store = place.open().await;
    assert_eq!(store.pauses("r").await.unwrap(), [PauseRecord::from(asked)]);
    assert_eq!(place.sql("SELECT 1 FROM flow.schema_version WHERE version = 2").await.len(), 1);
}

#[tokio::test]
async fn a_text_with_nul_is_refused_in_words() {
    let place = Place::new().await;
    let store = place.open().await;
    let run = NewRun { user: Some("a\0b".to_owned()), ..new_run("r") };
    let refused = store.create(&run, &Beginning::default()).await.unwrap_err();
    assert!(text(&refused).contains("NUL"), "{}", text(&refused));
    assert_eq!(store.find("r").await.unwrap(), None);
}

#[tokio::test]
async fn no_error_tells_a_password() {
    let options = |url: &str| Postgres::options(url).patience(Duration::ZERO);
    for url in [
        "postgres://u:sec?ret=1@127.0.0.1:1/db",
        "postgres://u:sec@ret@127.0.0.1:1/db?sslmode=x",
        "postgres://u:secret@127.0.0.1:1/db?secret=1",
        "postgres://u:secret@127.0.0.1:1/db",
        "host=127.0.0.1 port=1 password=secret secret",
        "secret",
    ] {
        let error = text(&options(url).open().await.unwrap_err());
        for part in ["secret", "sec?", "sec@", "ret@", "ret=", "`ret`"] {
            assert!(!error.contains(part), "{url}: {error}");
        }
    }
    let wrong = text(&options("postgres://u:p@127.0.0.1:1/db?sslmode=maybe").open().await.unwrap_err());
    assert!(wrong.contains("`sslmode`"), "{wrong}");
    assert!(!format!("{:?}", options("postgres://u:secret@h/db")).contains("secret"));
    let place = Place::new().await;
    assert!(!format!("{:?}", place.open().await).contains("postgres://"));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_with_its_cause() {
    let options = Postgres::options("postgres://u@127.0.0.1:1/db").patience(Duration::from_millis(50));
    let refused = options.open().await.unwrap_err();
    assert!(text(&refused).contains("onnection refused"), "{}", text(&refused));
}

#[cfg(not(feature = "tls"))]
#[tokio::test]
async fn tls_has_to_be_built_in() {
    let refused = Postgres::connect("postgres://u@127.0.0.1:1/db?sslmode=require").await.unwrap_err();
    assert!(text(&refused).contains("feature `tls`"), "{}", text(&refused));
}

#[tokio::test]
async fn a_schema_that_is_there_is_used_without_the_right_to_make_one() {
    let place = Place::new().await;
    let role = format!("flow_{}", place.schema.replace(|c: char| !c.is_ascii_alphanumeric(), "_").to_lowercase());
    place.sql(&format!("CREATE ROLE {role}")).await;
    place.sql(&format!("CREATE SCHEMA {} AUTHORIZATION {role}", quoted(&place.schema))).await;
    let lesser = Place { url: place.url.clone(), schema: place.schema.clone() };
    let mut config: flow_postgres::tokio_postgres::Config = lesser.url.parse().unwrap();
    config.options(format!("-c role={role}"));
    let manager = deadpool_postgres::Manager::new(config, flow_postgres::tokio_postgres::NoTls);
    let pool = deadpool_postgres::Pool::builder(manager).max_size(2).build().unwrap();
    let opened = Postgres::with_pool(pool).schema(&place.schema).open().await;
    drop(lesser);
    place.sql(&format!("DROP ROLE {role}")).await;
    opened.unwrap();
}

#[tokio::test]
async fn a_beginning_that_says_something_twice_is_refused() {
    let place = Place::new().await;
    let store = place.open().await;
    let twice = Beginning { frames: vec![FrameRecord::default(), FrameRecord::default()], ..Beginning::default() };
    let refused = store.create(&new_run("r"), &twice).await.unwrap_err();
    assert!(text(&refused).contains("duplicate key"), "{}", text(&refused));
    assert_eq!(store.find("r").await.unwrap(), None);
}
