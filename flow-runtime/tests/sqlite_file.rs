//! What only the SQLite store does: files, other processes, failures of SQLite itself.

#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use flow_runtime::store::{
    Answer, AnswerReceipt, Beginning, Binding, Checkpoint, Claim, Created, Effects, Finish, FrameRecord, NewPause,
    NewRun, RunFilter, RunStatus, Sqlite, Store, StoreError, Synchronous,
};
use tempfile::TempDir;

fn new_run(id: &str) -> NewRun {
    NewRun {
        id: id.to_owned(),
        workflow: "content-creation".to_owned(),
        fingerprint: "f00d".to_owned(),
        input: r#"{"topic":"rust"}"#.to_owned(),
        created_at: 1_000,
        ..NewRun::default()
    }
}

async fn create(store: &Sqlite, id: &str) -> u64 {
    match store.create(&new_run(id), &Beginning::default()).await.unwrap() {
        Created::Created(fence) => fence,
        Created::Existing(run) => panic!("{run} has no key"),
    }
}

fn binding(name: &'static str, value: &str) -> Binding {
    Binding { name: name.into(), value: value.to_owned() }
}

fn step(path: &str, at: &'static str, bindings: &[(&'static str, &str)]) -> Checkpoint {
    let bindings = bindings.iter().map(|(name, value)| binding(name, value)).collect();
    Checkpoint { path: path.into(), at: at.into(), bindings, ..Checkpoint::default() }
}

fn asks(path: &str, at: &'static str, number: u64) -> Checkpoint {
    let id = format!("approve-{number}");
    let asked = NewPause { id, number, name: "approve".to_owned(), path: path.to_owned(), ..NewPause::default() };
    Checkpoint { asked: Some(asked), ..step(path, at, &[]) }
}

fn yes(by: &str) -> Answer {
    Answer { value: "true".to_owned(), by: Some(by.to_owned()), at: 3_000, comment: None }
}

async fn frames(store: &Sqlite, run: &str) -> BTreeMap<String, FrameRecord> {
    store.frames(run).await.unwrap().into_iter().map(|frame| (frame.path.clone(), frame)).collect()
}

async fn paths(store: &Sqlite, run: &str) -> Vec<String> {
    frames(store, run).await.into_keys().collect()
}

const CHILD: &str = "FLOW_TEST_STORE_TO_CLAIM_IN";

fn lock_files(folder: &TempDir) -> usize {
    let entries = fs::read_dir(folder.path()).unwrap();
    entries.filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains("-driver-")).count()
}

fn cause(error: &StoreError) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_not_touched() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("flow.db");
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.pragma_update(None, "user_version", 1_000).unwrap();
    let error = Sqlite::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { found: 1_000, known: 4 }), "{error:?}");
    let mode: String = raw.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "delete");
}

#[tokio::test]
async fn a_file_of_an_older_version_goes_on() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("flow.db");
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute_batch(include_str!("../src/store/sqlite/migrations/0001_runs.sql")).unwrap();
    raw.execute_batch(
        r#"PRAGMA user_version = 1;
        INSERT INTO runs (id, status, fence, workflow, fingerprint, created_at, updated_at, input, output) VALUES
            ('r', 'paused', 4, 'content-creation', 'f00d', 1000, 2000, '{"topic":"rust"}', NULL),
            ('done', 'completed', 2, 'content-creation', 'f00d', 900, 950, '1', '2');
        INSERT INTO frames (run, path, at, pause) VALUES
            ('r', '', 'fork', NULL), ('r', 'parallel.0', 'approve', 'approve-1'), ('r', 'parallel.1', '=done', NULL);
        INSERT INTO bindings (run, path, name, value) VALUES
            ('r', '', 'a', '[1, 2]'), ('r', '', 'c#2', '"é"'), ('r', 'parallel.1', '=result', '1.50');
        INSERT INTO pauses (run, id, number, name, path, question, prompt, schema, asked_at) VALUES
            ('r', 'approve-1', 1, 'approve', 'parallel.0', '?', '{}', '{}', 1500);"#,
    )
    .unwrap();
    drop(raw);

    let store = Sqlite::open(&path).unwrap();
    let found = store.find("r").await.unwrap().unwrap();
    assert_eq!((found.status, found.wake, found.run.deadline), (RunStatus::Paused, None, None));
    let before = store.frames("r").await.unwrap();
    let bindings = |n: usize| before[n].bindings.clone();
    assert_eq!(bindings(0), [binding("a", "[1, 2]"), binding("c#2", "\"é\"")]);
    assert_eq!((bindings(1), bindings(2)), (vec![], vec![binding("=result", "1.50")]));
    assert!(before.iter().all(|frame| frame.moves == 1 && frame.wake.is_none() && frame.trying.is_none()));
    let pauses = store.pauses("r").await.unwrap();
    assert_eq!((pauses[0].pause.deadline, pauses[0].expired_at), (None, None));

    let points: Vec<String> =
        store.history("r").await.unwrap().into_iter().map(|made| format!("{} {}", made.seq, made.at)).collect();
    assert_eq!(points, ["1 fork", "2 approve", "3 =done"], "its history begins where it stands");
    assert_eq!(store.frames_at("r", 3).await.unwrap(), Some(before));
    assert_eq!(store.history("done").await.unwrap(), []);
    assert_eq!(store.claim("done").await.unwrap(), Claim::Ended);

    assert_eq!(store.answer("r", "approve-1", &yes("ann"), &[]).await.unwrap(), AnswerReceipt::Accepted);
    assert_eq!(store.claim("r").await.unwrap(), Claim::Claimed(5));
    store.checkpoint("r", 5, &step("parallel.0", "=done", &[("=result", "true")])).await.unwrap();
    assert_eq!(store.frames_at("r", 4).await.unwrap(), Some(store.frames("r").await.unwrap()));
    store.finish("r", 5, &Finish::Completed("1".to_owned()), &Effects::default()).await.unwrap();
    drop(store);
    Sqlite::open(&path).unwrap();
}

#[test]
fn what_cannot_be_opened_is_named() {
    let folder = TempDir::new().unwrap();
    let missing = folder.path().join("missing").join("flow.db");
    let error = Sqlite::open(&missing).unwrap_err();
    assert_eq!(error.to_string(), format!("the store could not open `{}`", missing.display()));
    assert!(cause(&error).contains("there is no folder"), "{error:?}");

    let text = folder.path().join("notes.txt");
    fs::write(&text, "no database at all, but long enough to be looked at".repeat(100)).unwrap();
    let error = Sqlite::open(&text).unwrap_err();
    assert_eq!(error.to_string(), format!("the store could not open `{}`", text.display()));
    assert!(cause(&error).contains("not a database"), "{error:?}");

    assert!(Sqlite::open(folder.path()).unwrap_err().to_string().contains("could not open"));
    assert!(cause(&Sqlite::open(":memory:").unwrap_err()).contains("`Memory`"));
    assert!(cause(&Sqlite::open("").unwrap_err()).contains("empty"));
}

#[test]
fn many_may_open_a_new_file_at_once() {
    for _ in 0..5 {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("flow.db");
        std::thread::scope(|scope| {
            for opening in (0..8).map(|_| scope.spawn(|| Sqlite::open(&path))).collect::<Vec<_>>() {
                opening.join().unwrap().unwrap();
            }
        });
    }
}

#[tokio::test]
async fn only_a_driver_leaves_a_file_and_takes_it_away() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("flow.db");
    let store = Sqlite::open(&path).unwrap();
    store.list(&RunFilter::default()).await.unwrap();
    assert_eq!(lock_files(&folder), 0);
    create(&store, "r").await;
    let reader = Sqlite::open(&path).unwrap();
    assert_eq!(reader.claim("r").await.unwrap(), Claim::Busy);
    assert_eq!(lock_files(&folder), 1);
    drop(store);
    assert_eq!(lock_files(&folder), 0);
    drop(reader);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "the database alone");
}

#[tokio::test]
async fn a_dropped_future_is_written() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("flow.db");
    let store = Sqlite::open(&path).unwrap();
    let fence = create(&store, "r").await;
    let checkpoint = step("", "x", &[]);
    let mut write = store.checkpoint("r", fence, &checkpoint);
    let _ = futures::poll!(&mut write);
    drop(write);
    drop(store);
    assert_eq!(paths(&Sqlite::open(&path).unwrap(), "r").await, [""]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_waits_for_another_process_and_gives_up_in_time() {
    for synchronous in [Synchronous::Normal, Synchronous::Full] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("flow.db");
        let options = Sqlite::options().synchronous(synchronous).busy_timeout(Duration::from_millis(300));
        let store = Arc::new(options.open(&path).unwrap());
        let fence = create(&store, "r").await;
        let raw = rusqlite::Connection::open(&path).unwrap();
        raw.execute_batch("BEGIN IMMEDIATE").unwrap();

        let writing = tokio::spawn({
            let store = store.clone();
            async move { store.checkpoint("r", fence, &step("", "x", &[])).await }
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!writing.is_finished());
        assert_eq!(store.frames("r").await.unwrap(), [], "reading waits for nobody");
        raw.execute_batch("COMMIT").unwrap();
        writing.await.unwrap().unwrap();

        raw.execute_batch("BEGIN IMMEDIATE").unwrap();
        let error = store.checkpoint("r", fence, &step("", "y", &[])).await.unwrap_err();
        assert_eq!(error.to_string(), "the store could not write a checkpoint of run `r`");
        assert!(cause(&error).contains("another process"), "{error:?}");
        raw.execute_batch("COMMIT").unwrap();
        assert_eq!(frames(&store, "r").await[""].at, "x");
        store.checkpoint("r", fence, &step("", "z", &[])).await.unwrap();
    }
}

#[tokio::test]
async fn a_failure_in_a_transaction_is_undone() {
    let folder = TempDir::new().unwrap();
    for synchronous in [Synchronous::Normal, Synchronous::Full] {
        let path = folder.path().join(format!("{synchronous:?}.db"));
        let store = Sqlite::options().synchronous(synchronous).open(&path).unwrap();
        let fence = create(&store, "r").await;
        store.checkpoint("r", fence, &asks("", "approve", 1)).await.unwrap();
        // The same pause once more: the frame is written already when SQLite refuses the pause.
        let again = asks("x", "approve", 1);
        let error = store.checkpoint("r", fence, &again).await.unwrap_err();
        assert!(cause(&error).contains("UNIQUE"), "{error:?}");
        let (good, next) = (step("", "y", &[]), step("", "z", &[]));
        let (one, two, three) = tokio::join!(
            store.checkpoint("r", fence, &good),
            store.checkpoint("r", fence, &again),
            store.checkpoint("r", fence, &next)
        );
        one.unwrap();
        two.unwrap_err();
        three.unwrap();
        assert_eq!(paths(&store, "r").await, [""]);
        assert_eq!(frames(&store, "r").await[""].at, "z");
    }
}

/// Not a test of its own: what the child of [`a_killed_process_holds_no_claim`] does.
#[tokio::test]
async fn child_that_claims() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let store = Sqlite::open(path).unwrap();
    create(&store, "created").await;
    assert!(matches!(store.claim("claimed").await.unwrap(), Claim::Claimed(_)));
    println!("\nholding");
    std::thread::sleep(Duration::from_secs(60));
}

fn child(path: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_that_claims", "--nocapture"])
        .env(CHILD, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "holding"), "the child must come to hold its claims");
    child
}

#[tokio::test]
async fn a_killed_process_holds_no_claim() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("flow.db");
    let store = Sqlite::open(&path).unwrap();
    let fence = create(&store, "claimed").await;
    store.release("claimed", fence).await.unwrap();

    let mut child = child(&path);
    for run in ["created", "claimed"] {
        assert_eq!(store.claim(run).await.unwrap(), Claim::Busy);
    }
    assert_eq!(lock_files(&folder), 2);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(store.claim("created").await.unwrap(), Claim::Claimed(2));
    assert_eq!(store.claim("claimed").await.unwrap(), Claim::Claimed(3));
    assert_eq!(lock_files(&folder), 1, "the dead driver's file is gone");
}

#[cfg(unix)]
mod of_another_user {
    use std::os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    };

    use super::*;

    const PATH: &str = "FLOW_TEST_STORE_OF_ANOTHER_USER";
    const NOBODY: u32 = 65_534;

    /// Not a test of its own: what the child of [`a_lock_that_cannot_be_opened_counts_as_held`] does.
    #[tokio::test]
    async fn child_that_looks() {
        let Some(path) = std::env::var_os(PATH) else { return };
        let store = Sqlite::open(path).unwrap();
        assert_eq!(store.claim("held").await.unwrap(), Claim::Busy);
        assert_eq!(store.abandoned(&["content-creation"], 10).await.unwrap(), ["dead"]);
        let Claim::Claimed(fence) = store.claim("dead").await.unwrap() else { panic!("its driver is dead") };
        store.release("dead", fence).await.unwrap();
        println!("\nlooked");
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[tokio::test]
    async fn a_lock_that_cannot_be_opened_counts_as_held() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("flow.db");
        fs::write(&path, "").unwrap();
        set_mode(folder.path(), 0o777);
        set_mode(&path, 0o666);
        let held = Sqlite::open(&path).unwrap();
        create(&held, "held").await;
        let locks = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let lock = locks.filter(|path| path.to_string_lossy().contains("-driver-")).last().unwrap();
        // A driver that is gone.
        let dead = Sqlite::open(&path).unwrap();
        create(&dead, "dead").await;
        drop(dead);

        // Where everybody may run it.
        let program = folder.path().join("program");
        fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        for mode in [0o644, 0o444, 0o000] {
            set_mode(&lock, mode);
            let mut child = Command::new(&program);
            child.args(["--exact", "of_another_user::child_that_looks", "--nocapture"]).env(PATH, &path);
            // Nothing is forbidden to root.
            if fs::metadata(&path).unwrap().uid() == 0 {
                child.uid(NOBODY).gid(NOBODY);
            }
            let output = child.output().unwrap();
            let told = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && told.contains("\nlooked"), "{mode:o}: {output:?}");
        }
    }
}

#[tokio::test]
async fn a_killed_process_leaves_nothing_for_good() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("flow.db");
    let first = Sqlite::open(&path).unwrap();
    let fence = create(&first, "claimed").await;
    first.release("claimed", fence).await.unwrap();
    let mut child = child(&path);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(lock_files(&folder), 2);
    // Another driver sweeps when it begins, but leaves the living alone.
    let second = Sqlite::open(&path).unwrap();
    create(&second, "other").await;
    assert_eq!(lock_files(&folder), 2);
    assert_eq!(first.claim("other").await.unwrap(), Claim::Busy);
}

mod room {
    use std::path::PathBuf;

    use flow_runtime::prelude::*;

    use super::*;

    #[step]
    async fn extend(text: &str) -> Result<String, String> {
        Ok(format!("{text}{}", "x".repeat(20_000)))
    }

    workflow! {
        async fn grow(times: u32) -> Result<usize, String> {
            let mut text = String::new();
            for _ in 0..times {
                text = extend(&text).await?;
            }
            Ok(text.len())
        }
    }

    fn app(path: &Path, synchronous: Synchronous, size: u64) -> App {
        let store = Sqlite::options().synchronous(synchronous).max_size(size).open(path).unwrap();
        App::builder().store(store).register::<Grow>(()).build().unwrap()
    }

    fn chain(error: &dyn Error) -> String {
        format!("{error}; {}", error.source().map(chain).unwrap_or_default())
    }

    #[tokio::test]
    async fn a_run_goes_on_when_there_is_room_again() {
        for synchronous in [Synchronous::Normal, Synchronous::Full] {
            let folder = TempDir::new().unwrap();
            let path = folder.path().join("flow.db");
            let full = app(&path, synchronous, 1 << 20);
            let run = full.start::<Grow>(20).await.unwrap();
            let error = run.wait().await.unwrap_err();
            let told = chain(&error);
            assert!(told.contains("flow.db`: there is no room left"), "{told}");
            assert!(told.contains(run.id()), "{told}");
            let store = Sqlite::open(&path).unwrap();
            let found = store.find(run.id()).await.unwrap().unwrap();
            assert_eq!((found.status, &found.failure), (RunStatus::Running, &None), "the run itself has not failed");
            let made = store.history(run.id()).await.unwrap().len();
            assert!((3..20).contains(&made), "{made} checkpoints");
            // Others are told as well, and reading goes on.
            assert!(full.start::<Grow>(20).await.unwrap().wait().await.is_err());

            let id = run.id().to_owned();
            drop((full, run));
            let run = app(&path, synchronous, 100 << 20).run::<Grow>(&id).await.unwrap();
            assert!(matches!(run.wait().await.unwrap(), Outcome::Done(400_000)));
            let history = store.history(&id).await.unwrap();
            assert!(history.iter().map(|made| made.seq).eq(1..=history.len() as u64));
            let conn = rusqlite::Connection::open(&path).unwrap();
            let sound: String = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            assert_eq!(sound, "ok");
        }
    }

    const LIMITED: &str = "FLOW_TEST_STORE_WITHOUT_ROOM";

    /// Not a test of its own: what the child of [`a_disk_that_fails_is_named`] does.
    #[tokio::test]
    async fn child_without_room() {
        let Some(path) = std::env::var_os(LIMITED).map(PathBuf::from) else { return };
        let app = app(&path, Synchronous::Full, 100 << 20);
        let run = app.start::<Grow>(20).await.unwrap();
        let told = chain(&run.wait().await.unwrap_err());
        assert!(told.contains("the disk failed") || told.contains("no room"), "{told}");
        println!("\nrun {}", run.id());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_disk_that_fails_is_named() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("flow.db");
        drop(Sqlite::open(&path).unwrap());
        // No file of the child may become larger than half a megabyte.
        let limited = "trap '' XFSZ; ulimit -f 1000; exec \"$0\" --exact room::child_without_room --nocapture";
        let mut child = Command::new("sh");
        child.args(["-c", limited]).arg(std::env::current_exe().unwrap());
        let output = child.env(LIMITED, &path).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        let id = told.lines().find_map(|line| line.strip_prefix("run ")).unwrap_or_else(|| panic!("{output:?}"));
        let app = app(&path, Synchronous::Full, 100 << 20);
        let run = app.run::<Grow>(id).await.unwrap();
        assert!(matches!(run.wait().await.unwrap(), Outcome::Done(400_000)));
    }
}
