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
    Memory, Sqlite, StoreError,
    prelude::*,
    store::{Checkpoint, Finish, NewRun, Synchronous},
    testing::{Content, Hook, Hooked, Operation},
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
    let recorder = Hooked::new(Memory::new(), Recorder::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let app = App::builder().store(recorder.clone()).register::<W>(()).build().unwrap();
    runtime.block_on(async {
        let run = app.start::<W>(input).await.unwrap();
        assert!(matches!(run.wait().await.unwrap(), Outcome::Done(_)));
    });
    let recorder = recorder.hook();
    let run = recorder.runs.lock().unwrap().remove(0);
    let output = recorder.outputs.lock().unwrap().remove(0);
    let checkpoints = std::mem::take(&mut *recorder.checkpoints.lock().unwrap());
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

/// Takes down what is written.
#[derive(Default)]
struct Recorder {
    runs: Mutex<Vec<NewRun>>,
    checkpoints: Mutex<Vec<Checkpoint>>,
    outputs: Mutex<Vec<String>>,
}

impl Hook for Recorder {
    fn before(&self, operation: &Operation<'_>) -> Result<(), StoreError> {
        match operation.content {
            Content::Create(run, _) => self.runs.lock().unwrap().push(run.clone()),
            Content::Checkpoint(checkpoint) => self.checkpoints.lock().unwrap().push(checkpoint.clone()),
            Content::Finish(Finish::Completed(output)) => self.outputs.lock().unwrap().push(output.clone()),
            _ => {}
        }
        Ok(())
    }
}
