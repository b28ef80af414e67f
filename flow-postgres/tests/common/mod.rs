//! What the tests share: a schema for each of them.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
#![allow(dead_code, reason = "not every test needs all of it")]

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use flow_postgres::{Postgres, PostgresOptions, tokio_postgres::NoTls};
use flow_runtime::store::{Beginning, Checkpoint, Created, NewPause, NewRun, Store};

/// A schema of its own on a server, with nothing in it. It goes with the test.
pub(crate) struct Place {
    pub(crate) url: String,
    pub(crate) schema: String,
}

impl Place {
    /// On the server of all tests.
    pub(crate) async fn new() -> Self {
        Self::at(flow_test_server::url())
    }

    pub(crate) fn at(url: String) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        // A name that has to be quoted.
        Place { url, schema: format!("Test \"{}\" {number}", std::process::id()) }
    }

    pub(crate) fn options(&self) -> PostgresOptions {
        Postgres::options(&self.url).schema(&self.schema).connections(4).patience(Duration::from_secs(20))
    }

    pub(crate) async fn open(&self) -> Postgres {
        self.options().open().await.unwrap()
    }

    /// Carries out statements as somebody else. `flow.` stands for the schema.
    pub(crate) async fn sql(&self, sql: &str) -> Vec<flow_postgres::tokio_postgres::Row> {
        let (client, connection) = flow_postgres::tokio_postgres::connect(&self.url, NoTls).await.unwrap();
        let task = tokio::spawn(connection);
        let rows = client.query(&sql.replace("flow.", &format!("{}.", quoted(&self.schema))), &[]).await.unwrap();
        drop(client);
        task.await.unwrap().unwrap();
        rows
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let (url, schema) = (self.url.clone(), quoted(&self.schema));
        let gone = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                // A server that is gone has taken the schema along.
                if let Ok((client, connection)) = flow_postgres::tokio_postgres::connect(&url, NoTls).await {
                    let task = tokio::spawn(connection);
                    let _ = client.batch_execute(&format!("DROP SCHEMA IF EXISTS {schema} CASCADE")).await;
                    task.abort();
                }
            });
        });
        let _ = gone.join();
    }
}

pub(crate) fn quoted(schema: &str) -> String {
    format!("\"{}\"", schema.replace('"', "\"\""))
}

pub(crate) fn new_run(id: &str) -> NewRun {
    NewRun {
        id: id.to_owned(),
        workflow: "w".to_owned(),
        fingerprint: "f".to_owned(),
        input: "1".to_owned(),
        created_at: 1_000,
        ..NewRun::default()
    }
}

pub(crate) async fn create(store: &dyn Store, id: &str) -> u64 {
    match store.create(&new_run(id), &Beginning::default()).await.unwrap() {
        Created::Created(fence) => fence,
        Created::Existing(other) => panic!("there is `{other}`"),
    }
}

pub(crate) fn step(at: &'static str) -> Checkpoint {
    Checkpoint { at: at.into(), ..Checkpoint::default() }
}

pub(crate) fn asks(number: u64) -> Checkpoint {
    let asked = NewPause { id: format!("ask-{number}"), number, name: "ask".to_owned(), ..NewPause::default() };
    Checkpoint { asked: Some(asked), ..step("ask") }
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let began = std::time::Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < Duration::from_secs(60), "{what}: not within a minute");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
