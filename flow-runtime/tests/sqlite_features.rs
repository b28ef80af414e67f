//! Everything the store in SQLite writes and reads, against the store in memory: the same operations, the same results.

#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::fmt::Debug;

use flow_runtime::store::{
    Answer, Beginning, Binding, Checkpoint, Claim, Created, Effects, Finish, FrameRecord, Memory, NewDefinition,
    NewPause, NewRun, NewUndo, PauseRecord, Prune, Pruned, RunFilter, RunStatus, SessionFilter, SessionReceipt,
    SessionWrite, Sqlite, Stage, Store, StoreError,
};
use tempfile::TempDir;

struct Both {
    sqlite: Sqlite,
    memory: Memory,
    _folder: TempDir,
}

impl Both {
    fn open() -> Self {
        let folder = TempDir::new().unwrap();
        let sqlite = Sqlite::open(folder.path().join("flow.db")).unwrap();
        Both { sqlite, memory: Memory::new(), _folder: folder }
    }
}

/// What one operation gives on both stores, which must be the same.
macro_rules! same {
    ($both:ident . $operation:ident ( $($argument:expr),* )) => {{
        let sqlite = $both.sqlite.$operation($($argument),*).await;
        let memory = Store::$operation(&$both.memory, $($argument),*).await;
        agree(stringify!($operation), sqlite, memory)
    }};
}

#[track_caller]
fn agree<T: Debug>(
    operation: &str,
    sqlite: Result<T, StoreError>,
    memory: Result<T, StoreError>,
) -> Result<T, StoreError> {
    // What went wrong below the store is worded by it.
    let text = |result: &Result<T, StoreError>| match result {
        Err(StoreError::Backend { .. }) => "a failure".to_owned(),
        other => format!("{other:?}"),
    };
    assert_eq!(text(&sqlite), text(&memory), "{operation}: SQLite, memory");
    sqlite
}

fn run(id: &str) -> NewRun {
    NewRun {
        id: id.to_owned(),
        workflow: "content".to_owned(),
        fingerprint: "f00d".to_owned(),
        input: "1".to_owned(),
        created_at: 1_000,
        ..NewRun::default()
    }
}

fn nothing() -> Beginning {
    Beginning::default()
}

fn events(from: i64, count: i64) -> Vec<String> {
    (from..from + count).map(|time| format!(r#"{{"time":{time},"kind":"custom","data":[ {time} ]}}"#)).collect()
}

fn step(at: &'static str, value: &str) -> Checkpoint {
    let bindings = vec![Binding { name: "text".into(), value: value.to_owned() }];
    Checkpoint { at: at.into(), bindings, ..Checkpoint::default() }
}

async fn created(both: &Both, new: &NewRun) -> u64 {
    let Created::Created(fence) = same!(both.create(new, &nothing())).unwrap() else { panic!("it is new") };
    fence
}

#[tokio::test]
async fn a_key_starts_one_run_of_a_workflow() {
    let both = Both::open();
    let keyed = |id: &str| NewRun { key: Some("order-7".to_owned()), priority: -3, ..run(id) };
    same!(both.create(&keyed("a"), &nothing())).unwrap();
    assert_eq!(same!(both.create(&keyed("b"), &nothing())).unwrap(), Created::Existing("a".to_owned()));
    assert_eq!(same!(both.create(&keyed("a"), &nothing())).unwrap(), Created::Existing("a".to_owned()));
    same!(both.create(&NewRun { workflow: "other".to_owned(), ..keyed("c") }, &nothing())).unwrap();
    same!(both.create(&run("a"), &nothing())).unwrap_err();
    same!(both.create(&run("d"), &nothing())).unwrap();
    assert_eq!(same!(both.find("a")).unwrap().unwrap().run, keyed("a"));
    assert_eq!(same!(both.list(&RunFilter::default())).unwrap().len(), 3);
}

#[tokio::test]
async fn events_are_numbered_without_gaps_and_come_with_their_write() {
    let both = Both::open();
    let effects = |from, count| Effects { events: events(from, count), session: None };
    let beginning = Beginning { effects: effects(1, 2), ..nothing() };
    let Created::Created(fence) = same!(both.create(&run("r"), &beginning)).unwrap() else { panic!("it is new") };
    same!(both.checkpoint("r", fence, &Checkpoint { effects: effects(3, 3), ..step("x", "1") })).unwrap();
    same!(both.checkpoint("r", fence + 1, &Checkpoint { effects: effects(90, 3), ..step("x", "1") })).unwrap_err();
    same!(both.checkpoint("r", fence, &step("y", "2"))).unwrap();
    same!(both.emit("r", fence, &events(6, 1))).unwrap();
    same!(both.emit("r", fence + 1, &events(90, 1))).unwrap_err();
    same!(both.emit("nobody", 1, &events(90, 1))).unwrap_err();
    assert!(same!(both.park("r", fence, &events(7, 1))).unwrap());
    same!(both.claim("r")).unwrap();
    same!(both.finish("r", fence + 1, &Finish::Completed("1".to_owned()), &effects(8, 2))).unwrap();
    for from in 0..12 {
        for limit in [0, 1, 2, 3, 100] {
            same!(both.events("r", from, limit)).unwrap();
        }
    }
    let all = same!(both.events("r", u64::MIN, u32::MAX)).unwrap();
    assert_eq!(all.iter().map(|event| event.seq).collect::<Vec<_>>(), (1..=9).collect::<Vec<_>>());
    assert_eq!(all.iter().map(|event| event.event.clone()).collect::<Vec<_>>(), events(1, 9));
    same!(both.events("r", u64::MAX, 10)).unwrap();
    same!(both.events("nobody", 1, 10)).unwrap_err();
}

#[tokio::test]
async fn a_session_is_written_by_who_knows_its_version() {
    let both = Both::open();
    let write = |base, state: &str, at| SessionWrite {
        id: "s".to_owned(),
        base,
        state: Some(state.to_owned()),
        at,
        ..SessionWrite::default()
    };
    let in_session = NewRun { session: Some("s".to_owned()), user: Some("ann".to_owned()), ..run("r") };
    let fence = created(&both, &in_session).await;
    assert_eq!(same!(both.session("s")).unwrap().unwrap().state, "null");
    same!(both.write_session(&write(0, "0", 5))).unwrap_err();
    same!(both.write_session(&write(2, "0", 5))).unwrap_err();
    same!(both.write_session(&write(1, "{}", 6))).unwrap();
    let renamed =
        SessionWrite { name: Some("name".to_owned()), state: None, user: Some("bob".to_owned()), ..write(2, "", 7) };
    same!(both.write_session(&renamed)).unwrap();
    let with = |session| Effects { events: events(1, 1), session: Some(session) };
    same!(both.checkpoint("r", fence, &Checkpoint { effects: with(write(2, "[]", 8)), ..step("x", "1") })).unwrap_err();
    assert_eq!(same!(both.history("r")).unwrap(), []);
    same!(both.checkpoint("r", fence, &Checkpoint { effects: with(write(3, "[]", 8)), ..step("x", "1") })).unwrap();
    let end = Finish::Failed("{}".to_owned());
    same!(both.finish("r", fence, &end, &with(write(3, "[]", 9)))).unwrap_err();
    assert_eq!(same!(both.delete_session("s")).unwrap(), SessionReceipt::Busy("r".to_owned()));
    same!(both.finish("r", fence, &end, &with(write(4, "[1]", 9)))).unwrap();
    let found = same!(both.session("s")).unwrap().unwrap();
    assert_eq!((found.version, found.user.as_deref(), found.name.as_deref()), (5, Some("ann"), Some("name")));
    assert_eq!(same!(both.events("r", 1, 10)).unwrap().len(), 2);

    let refused = Beginning { effects: with(write(0, "1", 10)), ..nothing() };
    same!(both.create(&run("refused"), &refused)).unwrap_err();
    assert_eq!(same!(both.find("refused")).unwrap(), None);
    let fresh = SessionWrite { id: "t".to_owned(), user: Some("eve".to_owned()), ..write(0, "1", 9) };
    let beginning = Beginning { effects: with(fresh), ..nothing() };
    same!(both.create(&run("t"), &beginning)).unwrap();
    for user in [None, Some("ann".to_owned()), Some("eve".to_owned()), Some("none".to_owned())] {
        for after in [None, Some((9, "t".to_owned())), Some((9, "s".to_owned()))] {
            for limit in [0, 1, 10] {
                same!(both.sessions(&SessionFilter { user: user.clone(), after: after.clone(), limit })).unwrap();
            }
        }
    }
    assert_eq!(same!(both.delete_session("s")).unwrap(), SessionReceipt::Deleted(1));
    assert_eq!(same!(both.delete_session("s")).unwrap(), SessionReceipt::Unknown);
    assert_eq!(same!(both.find("r")).unwrap(), None);
    same!(both.events("r", 1, 10)).unwrap_err();
}

#[tokio::test]
async fn definitions_are_numbered_and_published_ones_stay() {
    let both = Both::open();
    let save = async |definition: &str, stage, label: Option<&str>, saved_at| {
        let label = label.map(str::to_owned);
        let (workflow, fingerprint) = ("content".to_owned(), definition.to_owned());
        let new = NewDefinition { workflow, fingerprint, definition: definition.to_owned(), stage, label, saved_at };
        let saved = same!(both.save_definition(&new)).unwrap();
        same!(both.definitions(None)).unwrap();
        saved.version
    };
    assert_eq!(save("1", Stage::Draft, None, 1).await, 1);
    assert_eq!(save("2", Stage::Draft, Some("next"), 2).await, 1);
    assert_eq!(save("2", Stage::Draft, None, 3).await, 1);
    assert_eq!(save("2", Stage::Published, None, 4).await, 1);
    assert_eq!(save("2", Stage::Published, Some("live"), 5).await, 1);
    assert_eq!(save("2", Stage::Draft, Some("live"), 6).await, 2);
    assert_eq!(save("3", Stage::Published, Some("next"), 7).await, 2);
    assert_eq!(save("2", Stage::Published, Some("next"), 8).await, 3);
    let other = NewDefinition {
        workflow: "a".to_owned(),
        fingerprint: String::new(),
        definition: "{}".to_owned(),
        stage: Stage::Draft,
        label: Some("next".to_owned()),
        saved_at: 9,
    };
    same!(both.save_definition(&other)).unwrap();
    assert_eq!(same!(both.definitions(None)).unwrap().len(), 4);
    assert_eq!(same!(both.definitions(Some("content"))).unwrap().len(), 3);
    assert_eq!(same!(both.definitions(Some("b"))).unwrap().len(), 0);
}

/// Runs of all kinds; the times are those given, so the ones at which they ended are not compared.
async fn many(both: &Both) {
    let text = |text: &str| Some(text.to_owned());
    let metadata =
        [None, text("{\"a\":1}"), text("{\"a\":{\"x\":1,\"y\":[2]},\"b\":null}"), text("[1]"), text("not json")];
    for n in 0..60_i64 {
        let id = format!("r{:02}", (n * 37) % 60);
        let new = NewRun {
            workflow: ["one", "two", "three"][(n % 3) as usize].to_owned(),
            session: text(["s", "t"][(n % 2) as usize]).filter(|_| n % 5 > 1),
            user: text(["ann", "bob"][(n % 7 % 2) as usize]).filter(|_| n % 7 > 1),
            metadata: metadata[(n % 5) as usize].clone(),
            created_at: 1_000 + n / 4,
            ..run(&id)
        };
        let fence = created(both, &new).await;
        match n % 6 {
            0 => {}
            1 => drop(same!(both.park(&id, fence, &[])).unwrap()),
            2 => same!(both.finish(&id, fence, &Finish::Completed("1".to_owned()), &Effects::default())).unwrap(),
            3 => same!(both.finish(&id, fence, &Finish::Failed("{}".to_owned()), &Effects::default())).unwrap(),
            4 => drop(same!(both.cancel(&id, 5, &[])).unwrap()),
            _ => {
                let undo = vec![NewUndo { step: "pay".to_owned(), output: "1".to_owned(), ..NewUndo::default() }];
                same!(both.begin_undo(&id, fence, None, &undo, &[])).unwrap();
            }
        }
    }
}

#[tokio::test]
async fn every_filter_finds_the_same() {
    let both = Both::open();
    many(&both).await;
    let text = |text: &str| Some(text.to_owned());
    let statuses = [
        vec![],
        vec![RunStatus::Paused],
        vec![RunStatus::Failed, RunStatus::Running, RunStatus::Failed],
        vec![RunStatus::Undoing, RunStatus::Completed, RunStatus::Cancelled, RunStatus::Paused],
    ];
    let metadata = [
        vec![],
        vec![("a", "1")],
        vec![("a", "1.0")],
        vec![("a", "{\"y\": [2], \"x\": 1}"), ("b", "null")],
        vec![("b", "")],
    ];
    let mut found = 0;
    for workflow in [None, text("one"), text("none")] {
        for status in &statuses {
            for (session, user) in [(None, None), (text("s"), None), (None, text("ann")), (text("t"), text("bob"))] {
                for metadata in &metadata {
                    for (created_from, created_before, after) in [
                        (None, None, None),
                        (Some(1_003), None, Some((1_010, "r30".to_owned()))),
                        (Some(1_002), Some(1_009), None),
                        (None, Some(1_012), Some((1_005, "r10".to_owned()))),
                    ] {
                        for limit in [0, 3, 100] {
                            let filter = RunFilter {
                                workflow: workflow.clone(),
                                status: status.clone(),
                                session: session.clone(),
                                user: user.clone(),
                                key: None,
                                created_from,
                                created_before,
                                metadata: metadata.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
                                after: after.clone(),
                                limit,
                            };
                            let ids = |runs: Vec<flow_runtime::store::RunRecord>| -> Vec<String> {
                                runs.into_iter().map(|found| found.run.id).collect()
                            };
                            let sqlite = ids(both.sqlite.list(&filter).await.unwrap());
                            assert_eq!(sqlite, ids(both.memory.list(&filter).await.unwrap()), "{filter:?}");
                            found += sqlite.len();
                            let counts = |counts: Vec<flow_runtime::store::RunCount>| -> Vec<_> {
                                counts.into_iter().map(|c| (c.workflow, c.status, c.runs, c.oldest)).collect()
                            };
                            let sqlite = counts(both.sqlite.stats(&filter).await.unwrap());
                            assert_eq!(sqlite, counts(both.memory.stats(&filter).await.unwrap()), "{filter:?}");
                        }
                    }
                }
            }
        }
    }
    assert!(found > 1_000, "the filters let something through: {found}");
}

#[tokio::test]
async fn pages_are_without_gaps() {
    let both = Both::open();
    many(&both).await;
    let status = vec![RunStatus::Paused, RunStatus::Failed];
    for status in [vec![], status] {
        let mut filter = RunFilter { status, limit: 7, ..RunFilter::default() };
        let mut seen = Vec::new();
        loop {
            let page = both.sqlite.list(&filter).await.unwrap();
            let Some(last) = page.last() else { break };
            filter.after = Some((last.run.created_at, last.run.id.clone()));
            seen.extend(page);
        }
        assert_eq!(seen, both.sqlite.list(&RunFilter { after: None, limit: 100, ..filter }).await.unwrap());
        assert!(seen.len() >= 20);
    }
}

#[tokio::test]
async fn runs_without_a_driver_are_found() {
    let folder = TempDir::new().unwrap();
    let open = || Sqlite::open(folder.path().join("flow.db")).unwrap();
    let (living, dying, looking) = (open(), open(), open());
    let at = |id: &str, created_at| NewRun { created_at, ..run(id) };
    let all = ["content", "other"];
    living.create(&at("living", 1), &nothing()).await.unwrap();
    dying.create(&at("dying", 3), &nothing()).await.unwrap();
    dying.create(&NewRun { workflow: "other".to_owned(), ..at("other", 4) }, &nothing()).await.unwrap();
    let Created::Created(fence) = dying.create(&at("parked", 5), &nothing()).await.unwrap() else { panic!("new") };
    assert!(dying.park("parked", fence, &[]).await.unwrap());
    let Created::Created(fence) = living.create(&at("released", 9), &nothing()).await.unwrap() else { panic!("new") };
    living.release("released", fence).await.unwrap();
    assert_eq!(looking.abandoned(&all, 10).await.unwrap(), ["released"]);
    drop(dying);
    for store in [&living, &looking] {
        assert_eq!(store.abandoned(&all, 10).await.unwrap(), ["dying", "other", "released"]);
        assert_eq!(store.abandoned(&all, 2).await.unwrap(), ["dying", "other"]);
        assert_eq!(store.abandoned(&["content"], 10).await.unwrap(), ["dying", "released"]);
        assert!(store.abandoned(&[], 10).await.unwrap().is_empty());
    }
    assert!(matches!(looking.claim("dying").await.unwrap(), Claim::Claimed(2)));
    assert_eq!(living.abandoned(&all, 10).await.unwrap(), ["other", "released"]);
}

fn asks(number: u64, path: &str) -> Checkpoint {
    let asked = NewPause { id: format!("approve-{number}"), number, path: path.to_owned(), ..NewPause::default() };
    Checkpoint { path: path.into(), asked: Some(asked), ..step("approve", "1") }
}

#[tokio::test]
async fn what_is_pruned_is_gone_and_the_rest_goes_on() {
    let both = Both::open();
    let fence = created(&both, &run("r")).await;
    let far = 4_000_000_000_000;
    for n in 1..=4 {
        same!(both.checkpoint("r", fence, &asks(n, "p.0"))).unwrap();
        let answer = Answer { value: "true".to_owned(), by: None, at: n as i64, comment: None };
        same!(both.answer("r", &format!("approve-{n}"), &answer, &events(n as i64, 2))).unwrap();
        let effects = Effects { events: [events(10, 1), events(far, 1)].concat(), session: None };
        let made = Checkpoint { effects, ..step("x", &n.to_string()) };
        same!(both.checkpoint("r", fence, &made)).unwrap();
    }
    let keep = |checkpoints| Prune { ended_before: None, checkpoints: Some(checkpoints), limit: 10 };
    let all = same!(both.frames_at("r", 6)).unwrap();
    assert_eq!(same!(both.prune(&keep(8))).unwrap(), Pruned::default());
    assert_eq!(same!(both.prune(&keep(3))).unwrap().checkpoints, 5);
    let look = async || {
        for seq in 0..12 {
            let sorted = |frames: Option<Vec<FrameRecord>>| {
                frames.map(|mut frames| {
                    frames.sort_by(|a, b| a.path.cmp(&b.path));
                    frames
                })
            };
            let sqlite = sorted(both.sqlite.frames_at("r", seq).await.unwrap());
            assert_eq!(sqlite, sorted(both.memory.frames_at("r", seq).await.unwrap()), "after {seq}");
        }
        let ids = |pauses: Vec<PauseRecord>| pauses.into_iter().map(|asked| asked.pause.id).collect::<Vec<_>>();
        let numbers = |history: Vec<flow_runtime::store::CheckpointRecord>| {
            history.into_iter().map(|made| (made.seq, made.at)).collect::<Vec<_>>()
        };
        let sqlite = (ids(both.sqlite.pauses("r").await.unwrap()), numbers(both.sqlite.history("r").await.unwrap()));
        let memory = (ids(both.memory.pauses("r").await.unwrap()), numbers(both.memory.history("r").await.unwrap()));
        assert_eq!(sqlite, memory);
        same!(both.events("r", 1, 100)).unwrap();
        sqlite
    };
    // Where the history begins a frame stands at pause 3.
    let (pauses, history) = look().await;
    assert_eq!(pauses, ["approve-3", "approve-4"]);
    assert_eq!(history.first(), Some(&(6, "x".to_owned())));
    assert_eq!(both.sqlite.frames_at("r", 4).await.unwrap(), None);
    assert_eq!(both.sqlite.frames_at("r", 6).await.unwrap(), all);
    assert_eq!(same!(both.events("r", 1, 100)).unwrap().first().map(|event| event.seq), Some(4));

    assert_eq!(same!(both.prune(&keep(0))).unwrap().checkpoints, 3);
    assert_eq!(look().await.1, []);
    same!(both.checkpoint("r", fence, &step("next", "9"))).unwrap();
    assert_eq!(look().await.1, [(9, "next".to_owned())]);

    // What may have to be undone stays.
    let undo = vec![NewUndo { step: "pay".to_owned(), output: "1".to_owned(), ..NewUndo::default() }];
    let paid = Checkpoint { undo, ..step("paid", "9") };
    same!(both.checkpoint("r", fence, &paid)).unwrap();
    same!(both.checkpoint("r", fence, &step("later", "9"))).unwrap();
    assert_eq!(same!(both.prune(&keep(0))).unwrap().checkpoints, 1);
    assert_eq!(same!(both.undos("r")).unwrap()[0].seq, 10);
    assert!(look().await.1.len() == 2 && both.sqlite.frames_at("r", 9).await.unwrap().is_some());
    same!(both.undone("r", fence, 10, 0, None, 7, &events(8, 1))).unwrap();
    assert_eq!(same!(both.prune(&keep(0))).unwrap().checkpoints, 2);
    same!(both.finish("r", fence, &Finish::Completed("1".to_owned()), &Effects::default())).unwrap();
    look().await;
}

#[tokio::test]
async fn runs_that_ended_long_ago_are_forgotten() {
    let both = Both::open();
    many(&both).await;
    let ended = both.sqlite.stats(&RunFilter::default()).await.unwrap();
    let ended: u64 = ended.iter().filter(|count| count.status.has_ended()).map(|count| count.runs).sum();
    let prune = |before, limit| Prune { ended_before: Some(before), checkpoints: None, limit };
    assert_eq!(same!(both.prune(&prune(1_000, 100))).unwrap(), Pruned::default());
    let far = 4_000_000_000_000;
    assert_eq!(same!(both.prune(&prune(far, 3))).unwrap(), Pruned { runs: 3, checkpoints: 0, more: true });
    let rest = ended - 3;
    assert_eq!(
        same!(both.prune(&prune(far, rest as u32))).unwrap(),
        Pruned { runs: rest, checkpoints: 0, more: false }
    );
    let left = both.sqlite.list(&RunFilter { limit: 1_000, ..RunFilter::default() }).await.unwrap();
    assert_eq!(left.len() as u64, 60 - ended);
    assert!(left.iter().all(|run| !run.status.has_ended()));
}

/// The file of a run with one large binding that is written once.
#[tokio::test]
async fn a_binding_that_does_not_change_is_written_once() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("flow.db");
    let store = Sqlite::options().synchronous(flow_runtime::store::Synchronous::Normal).open(&path).unwrap();
    let Created::Created(fence) = store.create(&run("r"), &nothing()).await.unwrap() else { panic!("it is new") };
    let large = Binding { name: "large".into(), value: format!("\"{}\"", "x".repeat(1 << 20)) };
    let first = Checkpoint { bindings: vec![large], ..step("x", "1") };
    store.checkpoint("r", fence, &first).await.unwrap();
    for n in 0..1_000 {
        store.checkpoint("r", fence, &step("x", &n.to_string())).await.unwrap();
    }
    drop(store);
    let size = std::fs::metadata(&path).unwrap().len();
    assert!(size < 3 << 20, "{size} bytes");
}
