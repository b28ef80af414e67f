//! The floor of what a store can cost: the rows that a run writes, taken down once, then written with `rusqlite` and nothing
//! else.

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use flow_runtime::{
    Memory, Sqlite, Store,
    prelude::*,
    store::{
        Answer, AnswerReceipt, CancelReceipt, Checkpoint, CheckpointRecord, Claim, Due, Finish, FrameMark, FrameRecord,
        NewRun, NewUndo, PauseRecord, ReopenReceipt, RunFilter, RunRecord, StoreFuture, Synchronous, UndoRecord,
    },
};
use rusqlite::{Connection, config::DbConfig, params};
use serde_json::json;

/// What one run writes.
pub struct Written {
    run: NewRun,
    /// Each with its bindings as one JSON object.
    checkpoints: Vec<(Checkpoint, String)>,
    output: String,
}

/// Runs a workflow without dependencies once and takes down what it writes.
pub fn record<W: Workflow<Deps = ()>>(input: W::Input) -> Written {
    let recorder = Recorder::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let app = App::builder().store(recorder.clone()).register::<W>(()).build().unwrap();
    runtime.block_on(async {
        let run = app.start::<W>(input).await.unwrap();
        assert!(matches!(run.wait().await.unwrap(), Outcome::Done(_)));
    });
    let (runs, checkpoints, outputs) = (recorder.runs, recorder.checkpoints, recorder.outputs);
    let run = runs.lock().unwrap().remove(0);
    let output = outputs.lock().unwrap().remove(0);
    let checkpoints = std::mem::take(&mut *checkpoints.lock().unwrap());
    let checkpoints = checkpoints.into_iter().map(|checkpoint| {
        let bindings = checkpoint.bindings.iter().map(|binding| format!("\"{}\":{}", binding.name, binding.value));
        let object = format!("{{{}}}", bindings.collect::<Vec<_>>().join(","));
        (checkpoint, object)
    });
    let checkpoints = checkpoints.collect();
    Written { run, checkpoints, output }
}

/// The floor: the statements of the store, on one connection, with nothing around them.
pub struct Bare {
    conn: Connection,
    runs: AtomicUsize,
}

impl Bare {
    /// An empty database with the store's tables.
    pub fn open(path: &Path, synchronous: Synchronous) -> Self {
        // The tables are those of the store.
        drop(Sqlite::open(path).unwrap());
        let conn = Connection::open(path).unwrap();
        conn.set_prepared_statement_cache_capacity(64);
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).unwrap();
        let synchronous = if synchronous == Synchronous::Full { "FULL" } else { "NORMAL" };
        conn.pragma_update(None, "synchronous", synchronous).unwrap();
        Bare { conn, runs: AtomicUsize::new(0) }
    }

    fn execute(&self, sql: &str, params: impl rusqlite::Params) {
        self.conn.prepare_cached(sql).unwrap().execute(params).unwrap();
    }

    fn transaction(&self, id: &str, write: impl FnOnce()) {
        self.execute("BEGIN IMMEDIATE", []);
        let sql = "SELECT fence = ?2 AND driver IS NOT NULL FROM runs WHERE id = ?1";
        let held: bool = self.conn.prepare_cached(sql).unwrap().query_row(params![id, 1], |row| row.get(0)).unwrap();
        assert!(held);
        write();
        self.execute("COMMIT", []);
    }

    /// Writes one run, each checkpoint with a commit of its own.
    pub fn write(&self, written: &Written) {
        // Ids that grow, as those of the App do.
        let id = format!("{:036}", self.runs.fetch_add(1, Ordering::Relaxed));
        let run = &written.run;
        self.execute(
            "INSERT INTO runs (id, status, fence, driver, workflow, fingerprint, session, user, created_at, updated_at,
                 metadata, input)
             VALUES (?1, 'running', 1, 'driver', ?2, ?3, NULL, NULL, ?4, ?4, NULL, ?5)",
            params![id, run.workflow, run.fingerprint, run.created_at, run.input],
        );
        for (checkpoint, object) in &written.checkpoints {
            let path = &*checkpoint.path;
            self.transaction(&id, || {
                if let Some(prefix) = &checkpoint.forget {
                    // What comes behind the dot that a prefix ends with.
                    let end = format!("{}/", prefix.trim_end_matches('.'));
                    let range = "run = ?1 AND path >= ?2 AND path < ?3";
                    self.execute(&format!("DELETE FROM bindings WHERE {range}"), params![id, prefix, end]);
                    self.execute(&format!("DELETE FROM frames WHERE {range}"), params![id, prefix, end]);
                }
                self.execute(
                    "INSERT INTO frames (run, path, at, pause, wake, trying, moves) VALUES (?1, ?2, ?3, NULL, NULL, NULL, 1)
                     ON CONFLICT (run, path) DO UPDATE SET at = excluded.at, pause = excluded.pause,
                         wake = excluded.wake, trying = excluded.trying, moves = moves + 1",
                    params![id, path, checkpoint.at],
                );
                for binding in &checkpoint.bindings {
                    self.execute(
                        "INSERT INTO bindings (run, path, name, value) VALUES (?1, ?2, ?3, ?4)
                         ON CONFLICT (run, path, name) DO UPDATE SET value = excluded.value",
                        params![id, path, binding.name, binding.value],
                    );
                }
                let keep = checkpoint.keep.map(|names| json!(names).to_string());
                if let Some(names) = &keep {
                    self.execute(
                        "DELETE FROM bindings WHERE run = ?1 AND path = ?2
                             AND name NOT IN (SELECT value FROM json_each(?3))",
                        params![id, path, names],
                    );
                }
                self.execute(
                    "INSERT INTO history (run, seq, path, at, pause, wake, forget, keep, bindings, time)
                     VALUES (?1, coalesce((SELECT max(seq) FROM history WHERE run = ?1), 0) + 1, ?2, ?3, NULL, NULL, ?6,
                         ?7, ?4, ?5)",
                    params![id, path, checkpoint.at, object, run.created_at, checkpoint.forget, keep],
                );
            });
        }
        self.transaction(&id, || {
            self.execute("DELETE FROM bindings WHERE run = ?1", [&id]);
            self.execute("DELETE FROM frames WHERE run = ?1", [&id]);
            self.execute(
                "UPDATE runs SET driver = NULL, status = 'completed', updated_at = ?2, output = ?3, failure = NULL,
                     wake = NULL
                 WHERE id = ?1",
                params![id, run.created_at, written.output],
            );
        });
    }
}

/// A store that takes down what is written.
#[derive(Clone, Default)]
struct Recorder {
    memory: Memory,
    runs: Arc<Mutex<Vec<NewRun>>>,
    checkpoints: Arc<Mutex<Vec<Checkpoint>>>,
    outputs: Arc<Mutex<Vec<String>>>,
}

impl Store for Recorder {
    fn create<'a>(&'a self, run: &'a NewRun) -> StoreFuture<'a, u64> {
        self.runs.lock().unwrap().push(run.clone());
        self.memory.create(run)
    }
    fn find<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Option<RunRecord>> {
        self.memory.find(run)
    }
    fn list<'a>(&'a self, filter: &'a RunFilter) -> StoreFuture<'a, Vec<RunRecord>> {
        self.memory.list(filter)
    }
    fn claim<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Claim> {
        self.memory.claim(run)
    }
    fn release<'a>(&'a self, run: &'a str, fence: u64) -> StoreFuture<'a, ()> {
        self.memory.release(run, fence)
    }
    fn frames<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<FrameRecord>> {
        self.memory.frames(run)
    }
    fn pauses<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<PauseRecord>> {
        self.memory.pauses(run)
    }
    fn checkpoint<'a>(&'a self, run: &'a str, fence: u64, checkpoint: &'a Checkpoint) -> StoreFuture<'a, ()> {
        self.checkpoints.lock().unwrap().push(checkpoint.clone());
        self.memory.checkpoint(run, fence, checkpoint)
    }
    fn park<'a>(&'a self, run: &'a str, fence: u64) -> StoreFuture<'a, bool> {
        self.memory.park(run, fence)
    }
    fn finish<'a>(&'a self, run: &'a str, fence: u64, finish: &'a Finish) -> StoreFuture<'a, ()> {
        if let Finish::Completed(output) = finish {
            self.outputs.lock().unwrap().push(output.clone());
        }
        self.memory.finish(run, fence, finish)
    }
    fn answer<'a>(&'a self, run: &'a str, pause: &'a str, answer: &'a Answer) -> StoreFuture<'a, AnswerReceipt> {
        self.memory.answer(run, pause, answer)
    }
    fn create_from<'a>(
        &'a self,
        run: &'a NewRun,
        frames: &'a [FrameRecord],
        pauses: &'a [PauseRecord],
    ) -> StoreFuture<'a, u64> {
        self.memory.create_from(run, frames, pauses)
    }
    fn holds<'a>(&'a self, run: &'a str, fence: u64) -> StoreFuture<'a, bool> {
        self.memory.holds(run, fence)
    }
    fn frame<'a>(&'a self, run: &'a str, path: &'a str) -> StoreFuture<'a, Option<FrameRecord>> {
        self.memory.frame(run, path)
    }
    fn expire<'a>(&'a self, run: &'a str, fence: u64, pause: &'a str, at: i64) -> StoreFuture<'a, bool> {
        self.memory.expire(run, fence, pause, at)
    }
    fn due<'a>(&'a self, workflows: &'a [&'a str], now: i64, limit: u32) -> StoreFuture<'a, Due> {
        self.memory.due(workflows, now, limit)
    }
    fn cancel<'a>(&'a self, run: &'a str, at: i64) -> StoreFuture<'a, CancelReceipt> {
        self.memory.cancel(run, at)
    }
    fn reopen<'a>(&'a self, run: &'a str, at: i64, frames: &'a [FrameMark]) -> StoreFuture<'a, ReopenReceipt> {
        Store::reopen(&self.memory, run, at, frames)
    }
    fn begin_undo<'a>(
        &'a self,
        run: &'a str,
        fence: u64,
        failure: Option<&'a str>,
        undos: &'a [NewUndo],
    ) -> StoreFuture<'a, bool> {
        self.memory.begin_undo(run, fence, failure, undos)
    }
    fn undos<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<UndoRecord>> {
        self.memory.undos(run)
    }
    fn undone<'a>(
        &'a self,
        run: &'a str,
        fence: u64,
        seq: u64,
        n: u32,
        failure: Option<&'a str>,
        at: i64,
    ) -> StoreFuture<'a, ()> {
        self.memory.undone(run, fence, seq, n, failure, at)
    }
    fn history<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<CheckpointRecord>> {
        self.memory.history(run)
    }
    fn frames_at<'a>(&'a self, run: &'a str, seq: u64) -> StoreFuture<'a, Option<Vec<FrameRecord>>> {
        self.memory.frames_at(run, seq)
    }
}
