//! The floor of what a store can cost: the rows that a run writes, taken down once, then written with `rusqlite` and nothing
//! else.

use std::{
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use flow_runtime::{
    Memory, Sqlite, Store, StoreError,
    prelude::*,
    store::{Checkpoint, Finish, NewRun, Synchronous},
    testing::{Content, Hook, Hooked, Operation},
};
use rusqlite::{Connection, config::DbConfig, params};
use serde_json::json;

/// What one run writes.
pub struct Written {
    run: NewRun,
    /// The events that come with its start, if there are any.
    began: Option<Events>,
    checkpoints: Vec<Move>,
    output: String,
    ended: Option<Events>,
}

struct Move {
    checkpoint: Checkpoint,
    /// Its bindings as one JSON object.
    bindings: String,
    keep: Option<String>,
    events: Option<Events>,
}

/// How many, and all of them as one JSON array.
struct Events(usize, String);

impl Events {
    fn of(events: &[String]) -> Option<Self> {
        (!events.is_empty()).then(|| Events(events.len(), format!("[{}]", events.join(","))))
    }
}

/// Runs a workflow without dependencies once and takes down what it writes.
pub fn record<W: Workflow<Deps = ()>>(input: W::Input) -> Written {
    let memory = Memory::new();
    let recorder = Hooked::new(memory.clone(), Recorder::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let app = App::builder().store(recorder.clone()).register::<W>(()).build().unwrap();
    runtime.block_on(async {
        let run = app.start::<W>(input).await.unwrap();
        assert!(matches!(run.wait().await.unwrap(), Outcome::Done(_)));
    });
    let recorder = recorder.hook();
    let (run, began) = recorder.runs.lock().unwrap().remove(0);
    let output = recorder.outputs.lock().unwrap().remove(0);
    let checkpoints = std::mem::take(&mut *recorder.checkpoints.lock().unwrap());
    let told = checkpoints.iter().map(|checkpoint| checkpoint.effects.events.len()).chain(began.as_ref().map(|e| e.0));
    let rest = runtime.block_on(memory.events(&run.id, told.sum::<usize>() as u64 + 1, u32::MAX)).unwrap();
    let ended = Events::of(&rest.into_iter().map(|event| event.event).collect::<Vec<_>>());
    let checkpoints = checkpoints.into_iter().map(|checkpoint| {
        let bindings = checkpoint.bindings.iter().map(|binding| format!("\"{}\":{}", binding.name, binding.value));
        let bindings = format!("{{{}}}", bindings.collect::<Vec<_>>().join(","));
        let keep = checkpoint.keep.map(|names| json!(names).to_string());
        Move { bindings, keep, events: Events::of(&checkpoint.effects.events), checkpoint }
    });
    Written { run, began, checkpoints: checkpoints.collect(), output, ended }
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

    /// Writes one run, each checkpoint with a commit of its own.
    pub fn write(&self, written: &Written) {
        self.write_together(written, 1);
    }

    /// Writes some runs side by side: all of their first checkpoints with one commit, all of their second ones, and so on.
    pub fn write_together(&self, written: &Written, runs: usize) {
        // Ids that grow, as those of the App do.
        let first = self.runs.fetch_add(runs, Ordering::Relaxed);
        let ids: Vec<String> = (first..first + runs).map(|n| format!("{n:036}")).collect();
        self.group(&ids, |id| self.create(id, written));
        for made in &written.checkpoints {
            self.group(&ids, |id| self.checkpoint(id, made, written.run.created_at));
        }
        self.group(&ids, |id| self.finish(id, written));
    }

    fn group(&self, ids: &[String], write: impl Fn(&str)) {
        self.execute("BEGIN IMMEDIATE", []);
        ids.iter().for_each(|id| write(id));
        self.execute("COMMIT", []);
    }

    fn check(&self, id: &str) {
        let sql = "SELECT fence = ?2 AND driver IS NOT NULL FROM runs WHERE id = ?1";
        let held: bool = self.conn.prepare_cached(sql).unwrap().query_row(params![id, 1], |row| row.get(0)).unwrap();
        assert!(held);
    }

    fn tell(&self, id: &str, events: &Option<Events>) {
        if let Some(Events(count, json)) = events {
            self.execute(
                "INSERT INTO events (run, seq, events)
                 VALUES (?1, coalesce((SELECT max(seq) FROM events WHERE run = ?1), 0) + ?2, ?3)",
                params![id, *count as i64, json],
            );
        }
    }

    fn create(&self, id: &str, written: &Written) {
        let run = &written.run;
        self.execute(
            "INSERT INTO runs (id, status, fence, driver, workflow, fingerprint, session, user, created_at, updated_at,
                 metadata, input)
             VALUES (?1, 'running', 1, 'driver', ?2, ?3, NULL, NULL, ?4, ?4, NULL, ?5)",
            params![id, run.workflow, run.fingerprint, run.created_at, run.input],
        );
        self.tell(id, &written.began);
    }

    fn checkpoint(&self, id: &str, made: &Move, time: i64) {
        let Move { checkpoint, bindings, keep, events } = made;
        let path = &*checkpoint.path;
        self.check(id);
        if let Some(prefix) = &checkpoint.forget {
            // What comes behind the dot that a prefix ends with.
            let end = format!("{}/", prefix.trim_end_matches('.'));
            let range = "run = ?1 AND path >= ?2 AND path < ?3";
            self.execute(&format!("DELETE FROM bindings WHERE {range}"), params![id, prefix, end]);
            self.execute(&format!("DELETE FROM frames WHERE {range}"), params![id, prefix, end]);
        }
        self.execute(
            "INSERT INTO frames (run, path, at, pause, wake, trying, moves) VALUES (?1, ?2, ?3, NULL, NULL, NULL, 1)
             ON CONFLICT (run, path) DO UPDATE SET at = excluded.at, pause = excluded.pause, wake = excluded.wake,
                 trying = excluded.trying, moves = moves + 1",
            params![id, path, checkpoint.at],
        );
        for binding in &checkpoint.bindings {
            self.execute(
                "INSERT INTO bindings (run, path, name, value) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (run, path, name) DO UPDATE SET value = excluded.value",
                params![id, path, binding.name, binding.value],
            );
        }
        if let Some(names) = keep {
            self.execute(
                "DELETE FROM bindings WHERE run = ?1 AND path = ?2 AND name NOT IN (SELECT value FROM json_each(?3))",
                params![id, path, names],
            );
        }
        self.execute(
            "INSERT INTO history (run, seq, path, at, pause, wake, forget, keep, bindings, time)
             VALUES (?1, coalesce((SELECT max(seq) FROM history WHERE run = ?1), 0) + 1, ?2, ?3, NULL, NULL, ?6, ?7, ?4,
                 ?5)",
            params![id, path, checkpoint.at, bindings, time, checkpoint.forget, keep],
        );
        self.tell(id, events);
    }

    fn finish(&self, id: &str, written: &Written) {
        self.check(id);
        self.tell(id, &written.ended);
        self.execute("DELETE FROM bindings WHERE run = ?1", [id]);
        self.execute("DELETE FROM frames WHERE run = ?1", [id]);
        self.execute(
            "UPDATE runs SET driver = NULL, status = 'completed', updated_at = ?2, output = ?3, failure = NULL,
                 wake = NULL
             WHERE id = ?1",
            params![id, written.run.created_at, written.output],
        );
    }
}

/// Takes down what is written.
#[derive(Default)]
struct Recorder {
    runs: Mutex<Vec<(NewRun, Option<Events>)>>,
    checkpoints: Mutex<Vec<Checkpoint>>,
    outputs: Mutex<Vec<String>>,
}

impl Hook for Recorder {
    fn before(&self, operation: &Operation<'_>) -> Result<(), StoreError> {
        match operation.content {
            Content::Create(run, beginning) => {
                self.runs.lock().unwrap().push((run.clone(), Events::of(&beginning.effects.events)));
            }
            Content::Checkpoint(checkpoint) => self.checkpoints.lock().unwrap().push(checkpoint.clone()),
            Content::Finish(Finish::Completed(output)) => self.outputs.lock().unwrap().push(output.clone()),
            _ => {}
        }
        Ok(())
    }
}
