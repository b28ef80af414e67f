//! Steps that take part in a transaction of the store in SQLite.

#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use flow_runtime::{
    Sqlite, SqliteTx,
    prelude::*,
    rusqlite::{Connection, Error},
    store::{
        Beginning, Checkpoint, Created, NewRun, RunStatus, SessionWrite, SqliteTxError, Store, StoreError, Synchronous,
    },
};
use tempfile::TempDir;

#[step(tx)]
async fn pay(to: &str, cents: i64) -> Result<i64, String> {
    let tx = SqliteTx::current().map_err(|error| error.to_string())?;
    tx.execute("INSERT INTO payments (name, cents) VALUES (?1, ?2)", (to, cents)).map_err(|error| error.to_string())?;
    // Others come in between.
    tokio::task::yield_now().await;
    let sum = tx.query_row("SELECT sum(cents) FROM payments WHERE name = ?1", [to], |row| row.get(0));
    let sum: i64 = sum.map_err(|error| error.to_string())?;
    if cents < 0 { Err(format!("{cents} cents are no payment")) } else { Ok(sum) }
}

/// Long enough for the events of its run to be written by themselves, if that were allowed.
#[step(tx)]
async fn pay_slowly(to: &str) -> Result<i64, String> {
    let tx = SqliteTx::current().map_err(|error| error.to_string())?;
    tx.execute("INSERT INTO payments (name, cents) VALUES (?1, 1)", [to]).map_err(|error| error.to_string())?;
    tokio::time::sleep(Duration::from_millis(100)).await;
    Ok(1)
}

#[step]
async fn plain(n: u32) -> Result<u32, String> {
    tokio::task::yield_now().await;
    match SqliteTx::current() {
        Err(SqliteTxError::NoTransaction) => Ok(n + 1),
        other => Err(format!("{other:?}")),
    }
}

workflow! {
    async fn payments(name: String, cents: Vec<i64>) -> Result<i64, String> {
        let mut sum = 0;
        for cents in cents {
            sum = pay(&name, cents).await?;
        }
        Ok(sum)
    }
}

workflow! {
    async fn slow(name: String) -> Result<i64, String> {
        let paid = pay_slowly(&name).await?;
        Ok(paid)
    }
}

workflow! {
    async fn side_by_side(name: String) -> Result<i64, String> {
        let (paid, steps) = parallel!(pay(&name, 5), async {
            let mut n = 0;
            for _ in 0..5 {
                n = plain(n).await?;
            }
            Ok::<u32, String>(n)
        })?;
        Ok(paid + i64::from(steps))
    }
}

static KEPT: Mutex<Option<Arc<SqliteTx>>> = Mutex::new(None);

#[step(tx)]
async fn meddle() -> Result<Vec<String>, String> {
    type Attempt<'a> = &'a dyn Fn() -> Result<usize, SqliteTxError>;
    let tx = SqliteTx::current().map_err(|error| error.to_string())?;
    tx.execute("INSERT INTO payments (name, cents) VALUES ('meddler', 1)", []).map_err(|error| error.to_string())?;
    let tries: [(&str, Attempt<'_>); 6] = [
        ("COMMIT", &|| tx.execute("COMMIT", [])),
        ("ROLLBACK", &|| tx.execute(" rollback", [])),
        ("BEGIN", &|| tx.execute("BEGIN", [])),
        ("END in a batch", &|| tx.with(|conn| conn.execute_batch("SELECT 1; /* now */ END").map(|()| 0))),
        ("COMMIT from the cache", &|| tx.with(|conn| conn.prepare_cached("COMMIT")?.execute([]))),
        ("a table that is not there", &|| tx.execute("DELETE FROM missing", [])),
    ];
    let tries = tries.iter().map(|(what, attempt)| match attempt() {
        Ok(_) => format!("{what}: done"),
        Err(SqliteTxError::NotYours { .. }) => format!("{what}: refused"),
        Err(SqliteTxError::Sqlite { source: Error::SqliteFailure(..) | Error::SqlInputError { .. } }) => {
            format!("{what}: failed")
        }
        Err(other) => format!("{what}: {other:?}"),
    });
    let tries = tries.collect();
    // A part may be undone.
    let part = "SAVEPOINT part; INSERT INTO payments (name, cents) VALUES ('part', 1); ROLLBACK TO part; RELEASE part";
    tx.with(|conn| conn.execute_batch(part)).map_err(|error| error.to_string())?;
    *KEPT.lock().unwrap() = Some(tx);
    Ok(tries)
}

workflow! {
    async fn meddler(count: u32) -> Result<Vec<String>, String> {
        let tries = meddle().await?;
        Ok(tries[..count as usize].to_vec())
    }
}

struct Stores {
    own: Sqlite,
    other: Sqlite,
}

fn write_to(id: &str) -> SessionWrite {
    SessionWrite { id: id.to_owned(), ..SessionWrite::default() }
}

fn chain(error: &dyn std::error::Error) -> String {
    format!("{error}; {}", error.source().map(chain).unwrap_or_default())
}

/// Writes to a store in every way there is.
async fn write_elsewhere(store: &Sqlite) -> Vec<String> {
    let told = |done: Result<(), StoreError>| done.map_or_else(|error| chain(&error), |()| "done".to_owned());
    vec![
        told(store.write_session(&write_to("s")).await),
        told(store.delete_session("t").await.map(drop)),
        told(store.begin().await.map(drop)),
        told(store.session("s").await.map(drop)),
    ]
}

#[step(tx)]
async fn meanwhile(stores: &Stores) -> Result<Vec<String>, String> {
    let mut told = write_elsewhere(&stores.own).await;
    told.extend(write_elsewhere(&stores.other).await);
    let tx = SqliteTx::current().map_err(|error| error.to_string())?;
    tx.execute("INSERT INTO payments (name, cents) VALUES ('waits', 1)", []).map_err(|error| error.to_string())?;
    Ok(told)
}

workflow! {
    async fn greedy(stores: &Stores) -> Result<Vec<String>, String> {
        let told = meanwhile(stores).await?;
        Ok(told)
    }
}

#[tokio::test]
async fn a_step_cannot_wait_for_what_waits_for_its_end() {
    for synchronous in [Synchronous::Normal, Synchronous::Full] {
        let folder = TempDir::new().unwrap();
        let (_, own) = open(&folder, synchronous);
        let other = Sqlite::open(folder.path().join("other.db")).unwrap();
        let stores = Stores { own: own.clone(), other };
        let app = App::builder().store(own.clone()).register::<Greedy>(stores).build().unwrap();
        let run = app.start::<Greedy>(()).await.unwrap();
        let outcome = tokio::time::timeout(Duration::from_secs(10), run.wait()).await;
        let Outcome::Done(told) = outcome.unwrap().unwrap() else { panic!("nobody is asked") };
        for told in &told[..3] {
            assert!(told.contains("`#[step(tx)]` cannot wait for another write of the same store"), "{told}");
        }
        assert_eq!(told[3..], ["done"; 5], "reading waits for nobody, and another store has its own transactions");
        assert_eq!(paid(folder.path(), "waits"), [1]);
        own.write_session(&write_to("s")).await.unwrap();
    }
}

fn open(folder: &TempDir, synchronous: Synchronous) -> (App, Sqlite) {
    let path = folder.path().join("flow.db");
    let store = Sqlite::options().synchronous(synchronous).open(&path).unwrap();
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch("CREATE TABLE IF NOT EXISTS payments (name TEXT NOT NULL, cents INTEGER NOT NULL)").unwrap();
    let app = App::builder().store(store.clone()).register::<Slow>(());
    (app.register::<Payments>(()).register::<SideBySide>(()).register::<Meddler>(()).build().unwrap(), store)
}

fn paid(path: &Path, name: &str) -> Vec<i64> {
    let conn = Connection::open(path.join("flow.db")).unwrap();
    let mut statement = conn.prepare("SELECT cents FROM payments WHERE name = ?1 ORDER BY rowid").unwrap();
    statement.query_map([name], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn what_a_step_writes_is_kept_exactly_if_it_succeeds() {
    for synchronous in [Synchronous::Normal, Synchronous::Full] {
        let folder = TempDir::new().unwrap();
        let (app, _) = open(&folder, synchronous);
        let run = app.start::<Payments>(("ann".to_owned(), vec![1, 2, -3, 4])).await.unwrap();
        run.wait().await.unwrap_err();
        assert_eq!(paid(folder.path(), "ann"), [1, 2]);
        let run = app.start::<Payments>(("bob".to_owned(), vec![1, 2, 4])).await.unwrap();
        assert!(matches!(run.wait().await.unwrap(), Outcome::Done(7)));
        assert_eq!(paid(folder.path(), "bob"), [1, 2, 4]);
    }
}

#[tokio::test]
async fn others_write_when_the_transaction_has_ended() {
    for synchronous in [Synchronous::Normal, Synchronous::Full] {
        let folder = TempDir::new().unwrap();
        let (app, _) = open(&folder, synchronous);
        let mut runs = Vec::new();
        for n in 0..8 {
            runs.push((n, app.start::<SideBySide>(format!("n{n}")).await.unwrap()));
        }
        for (n, run) in runs {
            assert!(matches!(run.wait().await.unwrap(), Outcome::Done(10)));
            assert_eq!(paid(folder.path(), &format!("n{n}")), [5]);
        }
    }
}

#[tokio::test]
async fn the_events_of_a_step_with_a_transaction_wait_for_its_end() {
    let folder = TempDir::new().unwrap();
    let (app, store) = open(&folder, Synchronous::Full);
    let run = app.start::<Slow>("ann".to_owned()).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(1)));
    let events = store.events(run.id(), 1, 100).await.unwrap();
    let kinds: Vec<&str> =
        events.iter().filter_map(|event| event.event.split("\"kind\":\"").nth(1)?.split('"').next()).collect();
    let (started, completed) = ("step_started", "step_completed");
    let at = |kind: &str| kinds.iter().position(|found| *found == kind);
    assert!(at(started).is_some() && at(started) < at(completed), "{kinds:?}");
}

#[tokio::test]
async fn a_step_cannot_end_the_transaction() {
    let folder = TempDir::new().unwrap();
    let (app, store) = open(&folder, Synchronous::Full);
    let run = app.start::<Meddler>(6).await.unwrap();
    let Outcome::Done(tries) = run.wait().await.unwrap() else { panic!("the rest goes on") };
    let expected = [
        "COMMIT: refused",
        "ROLLBACK: refused",
        "BEGIN: refused",
        "END in a batch: refused",
        "COMMIT from the cache: refused",
        "a table that is not there: failed",
    ];
    assert_eq!(tries, expected);
    assert_eq!((paid(folder.path(), "meddler"), paid(folder.path(), "part")), (vec![1], vec![]));
    let kept = KEPT.lock().unwrap().take().unwrap();
    assert!(matches!(kept.execute("DELETE FROM payments", []), Err(SqliteTxError::Ended)));
    assert!(matches!(SqliteTx::current(), Err(SqliteTxError::NoTransaction)));
    assert_eq!(store.find(run.id()).await.unwrap().unwrap().status, RunStatus::Completed);
}

#[tokio::test]
async fn nothing_is_kept_of_a_transaction_that_sqlite_has_undone() {
    type Later = fn(&Connection) -> Result<(), Error>;
    const ONE: &str = "INSERT INTO payments (name, cents) VALUES ('late', 1)";
    let folder = TempDir::new().unwrap();
    let (_, store) = open(&folder, Synchronous::Full);
    let raw = Connection::open(folder.path().join("flow.db")).unwrap();
    raw.execute_batch("CREATE TABLE once (id INTEGER PRIMARY KEY); INSERT INTO once VALUES (1)").unwrap();
    let (run, beginning) = (NewRun { id: "r".to_owned(), ..NewRun::default() }, Beginning::default());
    let Created::Created(fence) = store.create(&run, &beginning).await.unwrap() else { panic!("it has no key") };
    let fails = |conn: &Connection| conn.execute("INSERT OR ROLLBACK INTO once VALUES (1)", []).unwrap_err();
    // What a step may do then, in the same breath: write, or even write in a transaction of another kind.
    let afterwards: [Later; 3] = [
        |_| Ok(()),
        |conn| conn.execute(ONE, []).map(drop),
        |conn| conn.execute_batch(&format!("SAVEPOINT part; {ONE}")),
    ];
    for after in afterwards {
        let tx = store.begin().await.unwrap();
        let step = tx.handle().downcast::<SqliteTx>().unwrap();
        step.execute(ONE, []).unwrap();
        let undone = step.with(|conn| {
            fails(conn);
            // Whether it works or not, it does not count.
            let _ = after(conn);
            Ok(())
        });
        assert!(matches!(undone, Err(SqliteTxError::Undone { source: None })), "{undone:?}");
        assert!(matches!(step.execute(ONE, []), Err(SqliteTxError::Undone { .. })));
        tx.commit("r", fence, &Checkpoint { mark: true, ..Checkpoint::default() }).await.unwrap_err();
        assert_eq!(paid(folder.path(), "late"), [0; 0]);
    }
    let tx = store.begin().await.unwrap();
    let step = tx.handle().downcast::<SqliteTx>().unwrap();
    let undone = step.with(|conn| Err::<(), _>(fails(conn)));
    assert!(matches!(undone, Err(SqliteTxError::Undone { source: Some(_) })), "{undone:?}");
    drop(tx);
    // The next transaction has nothing to do with it.
    let tx = store.begin().await.unwrap();
    tx.handle().downcast::<SqliteTx>().unwrap().execute(ONE, []).unwrap();
    let step = Checkpoint { at: "x".into(), ..Checkpoint::default() };
    tx.commit("r", fence, &step).await.unwrap();
    assert_eq!(paid(folder.path(), "late"), [1]);
}

#[tokio::test]
async fn a_transaction_that_is_dropped_lets_others_write() {
    for synchronous in [Synchronous::Normal, Synchronous::Full] {
        let folder = TempDir::new().unwrap();
        let (_, store) = open(&folder, synchronous);
        let tx = store.begin().await.unwrap();
        let handle = tx.handle().downcast::<SqliteTx>().unwrap();
        handle.execute("INSERT INTO payments (name, cents) VALUES ('gone', 1)", []).unwrap();
        // Somebody waits for the connection, and somebody who waited has gone.
        let mut next = store.begin();
        assert!(futures::poll!(&mut next).is_pending());
        let mut gone = store.begin();
        assert!(futures::poll!(&mut gone).is_pending());
        drop(gone);
        let release = store.release("nobody", 1);
        drop(tx);
        assert!(handle.execute("DELETE FROM payments", []).is_err());
        drop(next.await.unwrap());
        release.await.unwrap_err();
        assert_eq!(paid(folder.path(), "gone"), [0; 0]);
        // The store may go first.
        let tx = store.begin().await.unwrap();
        drop(store);
        drop(tx);
    }
}

#[tokio::test]
async fn a_transaction_waits_for_another_process_and_gives_up_in_time() {
    let folder = TempDir::new().unwrap();
    let (_, other) = open(&folder, Synchronous::Normal);
    let path = folder.path().join("flow.db");
    let store = Sqlite::options().busy_timeout(Duration::from_millis(100)).open(&path).unwrap();
    let held = other.begin().await.unwrap();
    let Err(error) = store.begin().await else { panic!("somebody else writes") };
    assert_eq!(error.to_string(), "the store could not begin a transaction for a step");
    drop(held);
    drop(store.begin().await.unwrap());
}
