//! `#[step(tx)]`: what a step writes with the store's transaction and its result are committed together, or not at all.

#![cfg(feature = "sqlite")]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::{
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use flow_runtime::{
    Memory, Sqlite, SqliteTx, TimedOut, attempt,
    prelude::*,
    testing::{Fault, Faults},
};
use serde::{Deserialize, Serialize};

type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Tx(#[from] flow_runtime::store::SqliteTxError),
    #[error(transparent)]
    Session(#[from] flow_runtime::SessionError),
    #[error(transparent)]
    TimedOut(#[from] TimedOut),
    #[error("not yet")]
    NotYet,
}

/// How often bodies of steps have run.
#[derive(Default)]
struct Ran(AtomicU32);

impl Ran {
    fn again(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn insert(text: &str) -> Result<()> {
    SqliteTx::current()?.execute("INSERT INTO ledger (text) VALUES (?1)", [text])?;
    Ok(())
}

#[step(tx)]
async fn write(ran: &Ran, text: &str) -> Result<u32> {
    ran.again();
    insert(text)?;
    tokio::time::sleep(Duration::from_millis(60)).await;
    Ok(text.len() as u32)
}

#[step(tx, retries = 2, backoff = "1ms")]
async fn third_time(ran: &Ran) -> Result<u32> {
    ran.again();
    insert(&format!("attempt {}", attempt()))?;
    if attempt() < 3 { Err(Error::NotYet) } else { Ok(3) }
}

#[step(tx, retries = 1, backoff = "1ms", timeout = "30ms")]
async fn slow_at_first(ran: &Ran) -> Result<u32> {
    ran.again();
    insert(&format!("slow {}", attempt()))?;
    if attempt() == 1 {
        std::future::pending::<()>().await;
    }
    Ok(1)
}

#[step(tx, blocking)]
fn on_a_thread(text: String) -> Result<()> {
    insert(&text)
}

#[derive(Default, Serialize, Deserialize)]
struct Count(u32);

#[step(tx)]
async fn counted(cx: &Context<Count>, ran: &Ran) -> Result<u32> {
    ran.again();
    insert("counted")?;
    Ok(cx
        .session()
        .update(|count| {
            count.0 += 1;
            count.0
        })
        .await?)
}

workflow! {
    async fn book(ran: &Ran, cx: &Context<Count>, text: String) -> Result<u32> {
        let a = write(ran, &text).await?;
        let b = third_time(ran).await?;
        let c = slow_at_first(ran).await?;
        on_a_thread(text.clone()).await?;
        let (d, e) = parallel!(write(ran, "left"), write(ran, "right"))?;
        let f = counted(cx, ran).await?;
        Ok(a + b + c + d + e + f)
    }
}

const LEDGER: [&str; 7] = ["attempt 3", "both", "both", "counted", "left", "right", "slow 2"];

fn open(folder: &Path) -> Sqlite {
    Sqlite::open(folder.join("flow.db")).unwrap()
}

fn ledger(folder: &Path) -> Vec<String> {
    let conn = rusqlite::Connection::open(folder.join("flow.db")).unwrap();
    let mut rows = conn.prepare("SELECT text FROM ledger ORDER BY text").unwrap();
    rows.query_map([], |row| row.get(0)).unwrap().map(|row| row.unwrap()).collect()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let conn = rusqlite::Connection::open(folder.path().join("flow.db")).unwrap();
    conn.execute("CREATE TABLE ledger (text TEXT NOT NULL)", []).unwrap();
    folder
}

#[tokio::test]
async fn what_is_written_is_written_once() {
    let folder = folder();
    let app = App::builder().store(open(folder.path())).register::<Book>(Ran::default()).build().unwrap();
    let run = app.start::<Book>("both".to_owned()).session("s").await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(18)));
    assert_eq!(ledger(folder.path()), LEDGER);
}

#[tokio::test]
async fn also_if_the_process_dies_at_any_write() {
    let mut survived = 0;
    for write in 2.. {
        let mut done = false;
        for fault in [Fault::DiesBefore, Fault::DiesAfter] {
            let folder = folder();
            let faults = Faults::at(write, fault);
            let app = App::builder().store(faults.before(open(folder.path()))).register::<Book>(Ran::default());
            let app = app.build().unwrap();
            let run = app.start::<Book>("both".to_owned()).session("s").await.unwrap();
            let (id, undisturbed) = (run.id().to_owned(), run.wait().await.is_ok());
            drop((run, app));
            done |= undisturbed;
            let app = App::builder().store(open(folder.path())).register::<Book>(Ran::default()).build().unwrap();
            let ended = app.run::<Book>(&id).await.unwrap().wait().await.unwrap();
            assert!(matches!(ended, Outcome::Done(18)), "{write} {fault:?}: {ended:?}");
            assert_eq!(ledger(folder.path()), LEDGER, "{write} {fault:?}");
            let count: Count = app.session("s").read().await.unwrap();
            assert_eq!(count.0, 1, "{write} {fault:?}");
            survived += u32::from(!undisturbed);
        }
        if done {
            break;
        }
    }
    assert!(survived > 20, "{survived}");
}

#[step(tx)]
async fn mark(ran: &Ran) -> std::result::Result<String, String> {
    ran.again();
    Ok("done".to_owned())
}

#[step]
async fn stop(first: &str) -> std::result::Result<String, String> {
    Err(format!("not after {first}"))
}

workflow! {
    async fn marked(ran: &Ran) -> std::result::Result<String, String> {
        let first = mark(ran).await?;
        stop(&first).await
    }
}

#[tokio::test]
async fn the_store_in_memory_notes_that_a_step_is_done() {
    // The second write is the end of the transaction, the third the checkpoint after it.
    for (write, fault, again) in [(2, Fault::DiesBefore, 1), (2, Fault::DiesAfter, 0), (3, Fault::DiesBefore, 0)] {
        let memory = Memory::new();
        let app =
            App::builder().store(Faults::at(write, fault).before(memory.reopen())).register::<Marked>(Ran::default());
        let run = app.build().unwrap().start::<Marked>(()).await.unwrap();
        run.wait().await.unwrap_err();
        let ran = std::sync::Arc::new(Ran::default());
        let app = App::builder().store(memory.reopen()).register::<Marked>(ran.clone()).build().unwrap();
        let error = app.run::<Marked>(run.id()).await.unwrap().wait().await.unwrap_err();
        assert!(error.to_string().contains("not after done"), "{error}");
        assert_eq!(ran.0.load(Ordering::SeqCst), again, "{write} {fault:?}");
    }
    let ran = Ran::default();
    assert!(Marked::run(&ran, ()).await.unwrap_err().to_string().contains("not after done"));
    assert_eq!(ran.0.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn elsewhere_there_is_no_transaction() {
    let error = write(&Ran::default(), "x").await.unwrap_err().to_string();
    assert!(error.contains("there is no SQLite transaction here"), "{error}");
    let error = Book::run(&Ran::default(), "x".to_owned()).await.unwrap_err().to_string();
    assert!(error.contains("there is no SQLite transaction here"), "{error}");
}
