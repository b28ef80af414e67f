//! What all cases share: where runs are kept, what ran, and short words for what is expected.

use std::{
    future::Future,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use flow_runtime::{
    App, AppBuilder, Failure, Memory, OpenPause, Outcome, Run, RunError, Sqlite, Workflow,
    store::{RunStatus, Store, Synchronous},
};
use tempfile::TempDir;

pub(crate) type Result<T, E = String> = std::result::Result<T, E>;

/// What ran, in order. The dependency of all workflows here.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    /// What ran since the last look.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    pub(crate) fn has(&self, what: &str) -> bool {
        self.0.lock().unwrap().iter().any(|noted| noted == what)
    }
}

/// Where runs are kept.
pub(crate) enum Place {
    Memory(Memory),
    Sqlite { file: PathBuf, _folder: TempDir },
}

impl Place {
    pub(crate) fn both() -> [Place; 2] {
        let folder = tempfile::tempdir().unwrap();
        [Place::Memory(Memory::new()), Place::Sqlite { file: folder.path().join("flow.db"), _folder: folder }]
    }

    /// An App that shares nothing with others but the store, as in another process.
    pub(crate) fn builder(&self) -> AppBuilder {
        match self {
            Place::Memory(memory) => App::builder().store(memory.reopen()),
            Place::Sqlite { file, .. } => App::builder().store(sqlite(file)),
        }
    }

    /// As [`builder`](Self::builder), with one workflow.
    pub(crate) fn app<W: Workflow<Deps = Log>>(&self, log: &Log) -> App {
        self.builder().register::<W>(log.clone()).build().unwrap()
    }

    /// The store itself.
    pub(crate) fn store(&self) -> Box<dyn Store> {
        match self {
            Place::Memory(memory) => Box::new(memory.reopen()),
            Place::Sqlite { file, .. } => Box::new(sqlite(file)),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Place::Memory(_) => "in memory",
            Place::Sqlite { .. } => "on SQLite",
        }
    }
}

/// At `NORMAL` commits are made on the spot. One that waits for the disk does so on a thread of its own, and a paused clock,
/// which knows nothing of that thread, would run on meanwhile.
fn sqlite(file: &Path) -> Sqlite {
    Sqlite::options().synchronous(Synchronous::Normal).open(file).unwrap()
}

/// Plays a case in memory and on SQLite.
pub(crate) async fn everywhere(case: impl AsyncFn(&Place)) {
    for place in Place::both() {
        println!("{}:", place.name());
        case(&place).await;
    }
}

/// As [`everywhere`], for cases that consist of several processes.
pub(crate) fn in_processes(case: impl Fn(&Place)) {
    for place in Place::both() {
        println!("{}:", place.name());
        case(&place);
    }
}

/// A process: what it has not finished ends with it, wherever it is.
pub(crate) fn process<T>(life: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(life)
}

/// Starts a run in an App of its own, and gives the id once it waits for somebody.
pub(crate) async fn started<W: Workflow<Deps = Log>>(place: &Place, log: &Log, input: W::Input) -> String {
    let run = place.app::<W>(log).start::<W>(input).await.unwrap();
    open(&run).await;
    run.id().to_owned()
}

/// Opens a run in an App of its own.
pub(crate) async fn opened<W: Workflow<Deps = Log>>(place: &Place, log: &Log, id: &str) -> Run<W> {
    place.app::<W>(log).run::<W>(id).await.unwrap()
}

/// The output of a run that gets to its end.
pub(crate) async fn done<W: Workflow>(run: &Run<W>) -> W::Output {
    match run.wait().await {
        Ok(Outcome::Done(output)) => output,
        Ok(Outcome::Paused(pauses)) => panic!("should be done, but waits at {pauses:?}"),
        other => panic!("should be done: {:?}", other.err()),
    }
}

/// The questions of a run that waits for answers.
pub(crate) async fn open<W: Workflow>(run: &Run<W>) -> Vec<OpenPause> {
    match run.wait().await {
        Ok(Outcome::Paused(pauses)) => pauses,
        Ok(_) => panic!("should wait, but is done"),
        Err(error) => panic!("should wait: {error:?}"),
    }
}

/// The only question of a run that waits for an answer.
pub(crate) async fn asked<W: Workflow>(run: &Run<W>) -> OpenPause {
    let mut pauses = open(run).await;
    assert_eq!(pauses.len(), 1, "{pauses:?}");
    pauses.remove(0)
}

/// Ids of pauses.
pub(crate) fn ids(pauses: &[OpenPause]) -> Vec<&str> {
    pauses.iter().map(OpenPause::id).collect()
}

/// How a run failed.
pub(crate) async fn failed<W: Workflow>(run: &Run<W>) -> Failure {
    match run.wait().await {
        Err(RunError::Failed(failure)) => failure,
        Err(other) => panic!("should have failed: {other:?}"),
        Ok(_) => panic!("should have failed"),
    }
}

/// Waits until a run has ended or waits, without having it driven.
pub(crate) async fn settled<W: Workflow>(run: &Run<W>) -> RunStatus {
    let mut status = run.status().await.unwrap();
    let began = Instant::now();
    while matches!(status, RunStatus::Running | RunStatus::Undoing) {
        assert!(began.elapsed() < Duration::from_secs(60), "the run goes on and on");
        tokio::task::yield_now().await;
        status = run.status().await.unwrap();
    }
    status
}

/// Waits until something is so. Tokio's clock stands still meanwhile: whoever yields is not idle.
pub(crate) async fn until(is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(60), "it never happens");
        tokio::task::yield_now().await;
    }
}

pub(crate) const HOUR: Duration = Duration::from_secs(3600);
