//! What is written at each checkpoint, and what happens when the store fails at one.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::{Arc, Mutex};

use flow_runtime::{
    Memory, RunError,
    prelude::*,
    store::{
        Answer, AnswerReceipt, CancelReceipt, Checkpoint, CheckpointRecord, Claim, Due, Finish, FrameMark, FrameRecord,
        NewRun, NewUndo, PauseRecord, ReopenReceipt, RunFilter, RunRecord, Store, StoreError, StoreFuture, UndoRecord,
    },
};

type Result<T> = std::result::Result<T, String>;

/// Notes every checkpoint, and refuses to write another one after the given number.
#[derive(Clone)]
struct Noting {
    inner: Memory,
    left: Arc<Mutex<usize>>,
    /// Whether claims cannot be given back either.
    stuck: Arc<Mutex<bool>>,
    noted: Arc<Mutex<Vec<String>>>,
}

impl Noting {
    fn new(inner: Memory, checkpoints: usize) -> Self {
        Noting { inner, left: Arc::new(Mutex::new(checkpoints)), stuck: Arc::default(), noted: Arc::default() }
    }

    fn noted(&self) -> Vec<String> {
        self.noted.lock().unwrap().clone()
    }
}

impl Store for Noting {
    fn create<'a>(&'a self, run: &'a NewRun) -> StoreFuture<'a, u64> {
        self.inner.create(run)
    }
    fn find<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Option<RunRecord>> {
        self.inner.find(run)
    }
    fn list<'a>(&'a self, filter: &'a RunFilter) -> StoreFuture<'a, Vec<RunRecord>> {
        self.inner.list(filter)
    }
    fn claim<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Claim> {
        self.inner.claim(run)
    }
    fn release<'a>(&'a self, run: &'a str, fence: u64) -> StoreFuture<'a, ()> {
        if *self.stuck.lock().unwrap() {
            let full = StoreError::backend("give a claim back", "the disk is full");
            return Box::pin(std::future::ready(Err(full)));
        }
        self.inner.release(run, fence)
    }
    fn frames<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<FrameRecord>> {
        self.inner.frames(run)
    }
    fn pauses<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<PauseRecord>> {
        self.inner.pauses(run)
    }
    fn checkpoint<'a>(&'a self, run: &'a str, fence: u64, checkpoint: &'a Checkpoint) -> StoreFuture<'a, ()> {
        let mut left = self.left.lock().unwrap();
        if *left == 0 {
            let full = StoreError::backend("write a checkpoint", "the disk is full");
            return Box::pin(std::future::ready(Err(full)));
        }
        *left -= 1;
        let bindings: Vec<String> =
            checkpoint.bindings.iter().map(|binding| format!("{}={}", binding.name, binding.value)).collect();
        let place = match &*checkpoint.path {
            "" => checkpoint.at.to_string(),
            path => format!("{path}: {}", checkpoint.at),
        };
        let forget = checkpoint.forget.as_ref().map_or_else(String::new, |fork| format!(" forget {fork}"));
        self.noted.lock().unwrap().push(format!("{place} [{}]{forget}", bindings.join(" ")));
        self.inner.checkpoint(run, fence, checkpoint)
    }
    fn park<'a>(&'a self, run: &'a str, fence: u64) -> StoreFuture<'a, bool> {
        self.inner.park(run, fence)
    }
    fn finish<'a>(&'a self, run: &'a str, fence: u64, finish: &'a Finish) -> StoreFuture<'a, ()> {
        self.inner.finish(run, fence, finish)
    }
    fn answer<'a>(&'a self, run: &'a str, pause: &'a str, answer: &'a Answer) -> StoreFuture<'a, AnswerReceipt> {
        self.inner.answer(run, pause, answer)
    }
    fn create_from<'a>(
        &'a self,
        run: &'a NewRun,
        frames: &'a [FrameRecord],
        pauses: &'a [PauseRecord],
    ) -> StoreFuture<'a, u64> {
        self.inner.create_from(run, frames, pauses)
    }
    fn holds<'a>(&'a self, run: &'a str, fence: u64) -> StoreFuture<'a, bool> {
        self.inner.holds(run, fence)
    }
    fn frame<'a>(&'a self, run: &'a str, path: &'a str) -> StoreFuture<'a, Option<FrameRecord>> {
        self.inner.frame(run, path)
    }
    fn expire<'a>(&'a self, run: &'a str, fence: u64, pause: &'a str, at: i64) -> StoreFuture<'a, bool> {
        self.inner.expire(run, fence, pause, at)
    }
    fn due<'a>(&'a self, workflows: &'a [&'a str], now: i64, limit: u32) -> StoreFuture<'a, Due> {
        self.inner.due(workflows, now, limit)
    }
    fn cancel<'a>(&'a self, run: &'a str, at: i64) -> StoreFuture<'a, CancelReceipt> {
        self.inner.cancel(run, at)
    }
    fn reopen<'a>(&'a self, run: &'a str, at: i64, frames: &'a [FrameMark]) -> StoreFuture<'a, ReopenReceipt> {
        Store::reopen(&self.inner, run, at, frames)
    }
    fn begin_undo<'a>(
        &'a self,
        run: &'a str,
        fence: u64,
        failure: Option<&'a str>,
        undos: &'a [NewUndo],
    ) -> StoreFuture<'a, bool> {
        self.inner.begin_undo(run, fence, failure, undos)
    }
    fn undos<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<UndoRecord>> {
        self.inner.undos(run)
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
        self.inner.undone(run, fence, seq, n, failure, at)
    }
    fn history<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<CheckpointRecord>> {
        self.inner.history(run)
    }
    fn frames_at<'a>(&'a self, run: &'a str, seq: u64) -> StoreFuture<'a, Option<Vec<FrameRecord>>> {
        self.inner.frames_at(run, seq)
    }
}

#[step]
async fn measure(text: &str) -> Result<usize> {
    Ok(text.len())
}

#[pause]
fn agree(sum: usize) -> bool;

workflow! {
    async fn measure_all(texts: Vec<String>, unit: String) -> Result<String> {
        let mut sum = 0;
        for text in texts {
            let size = measure(&text).await?;
            sum += size;
        }
        for _ in 0..2 {
            let size = measure(&unit).await?;
            if size > 1 {
                sum += size;
            }
        }
        let (first, agreed) = parallel!(measure(&unit), async { Ok(pause(agree(sum)).await) })?;
        Ok(format!("{sum} {unit} {first} {agreed}"))
    }
}

fn input() -> (Vec<String>, String) {
    (["a", "bb", "ccc"].map(str::to_owned).to_vec(), "cm".to_owned())
}

fn app(store: &Noting) -> App {
    App::builder().store(store.clone()).register::<MeasureAll>(()).build().unwrap()
}

#[tokio::test]
async fn a_checkpoint_writes_what_has_changed() {
    let store = Noting::new(Memory::new(), usize::MAX);
    let app = app(&store);
    let run = app.start::<MeasureAll>(input()).await.unwrap();
    run.wait().await.unwrap();
    run.answer::<Agree>(true).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(text) if text == "10 cm 2 true"));
    assert_eq!(
        store.noted(),
        [
            // The list, without the item in hand, once; after that the position alone.
            r#"measure done [unit="cm" sum=0 items={"from":1,"items":["bb","ccc"]} position=1 size=1]"#,
            "measure done [sum=1 position=2 size=2]",
            "measure done [sum=3 position=3 size=3]",
            r#"measure done#2 [sum=6 range={"start":1,"end":1} size=2]"#,
            "measure done#2 [sum=8 range=null size=2]",
            "parallel [sum=10]",
            "parallel.0: =done [=result=2]",
            "parallel.1: agree []",
            "parallel.1: =done [=result=true]",
            "parallel done [first=2 agreed=true] forget parallel.",
        ]
    );
}

#[tokio::test]
async fn a_store_that_fails_stops_the_run_which_goes_on_where_it_stood() {
    let memory = Memory::new();
    let mut id: Option<String> = None;
    let mut noted = Vec::new();
    for attempt in 1.. {
        let store = Noting::new(memory.reopen(), 1);
        let app = app(&store);
        let run = match &id {
            None => app.start::<MeasureAll>(input()).await.unwrap(),
            Some(id) => app.run::<MeasureAll>(id).await.unwrap(),
        };
        id = Some(run.id().to_owned());
        let outcome = run.wait().await;
        noted.extend(store.noted());
        match outcome {
            Err(RunError::Store(error)) => assert_eq!(error.to_string(), "the store could not write a checkpoint"),
            Ok(Outcome::Paused(_)) => run.answer::<Agree>(false).await.unwrap(),
            Ok(Outcome::Done(text)) => {
                assert_eq!(text, "10 cm 2 false");
                break;
            }
            other => panic!("{other:?}"),
        }
        assert!(attempt < 30, "{noted:?}");
    }
    // Nothing is written twice, and nothing is left out.
    assert_eq!(noted.len(), 10, "{noted:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_could_not_be_given_back_is_given_back_later() {
    let store = Noting::new(Memory::new(), 1);
    *store.stuck.lock().unwrap() = true;
    let app = app(&store);
    let run = app.start::<MeasureAll>(input()).await.unwrap();
    assert!(matches!(run.wait().await, Err(RunError::Store(_))));
    // The disk has room again.
    *store.stuck.lock().unwrap() = false;
    *store.left.lock().unwrap() = usize::MAX;
    assert!(matches!(run.wait().await.unwrap(), Outcome::Paused(_)));
}
