//! What is written at each checkpoint, and what happens when the store fails at one.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

use flow_runtime::{
    Memory, RunError,
    prelude::*,
    store::StoreError,
    testing::{Content, Hook, Hooked, Operation},
};

type Result<T> = std::result::Result<T, String>;

/// Notes every checkpoint, and refuses to write another one after the given number.
struct Noting {
    left: Mutex<usize>,
    /// Whether claims cannot be given back either.
    stuck: AtomicBool,
    noted: Mutex<Vec<String>>,
}

impl Noting {
    fn on(store: Memory, checkpoints: usize) -> Hooked<Noting> {
        Hooked::new(store, Noting { left: Mutex::new(checkpoints), stuck: false.into(), noted: Mutex::default() })
    }

    fn noted(&self) -> Vec<String> {
        self.noted.lock().unwrap().clone()
    }
}

impl Hook for Noting {
    fn before(&self, operation: &Operation<'_>) -> std::result::Result<(), StoreError> {
        if operation.name == "release" && self.stuck.load(Ordering::Relaxed) {
            return Err(StoreError::backend("give a claim back", "the disk is full"));
        }
        let Content::Checkpoint(checkpoint) = operation.content else { return Ok(()) };
        let mut left = self.left.lock().unwrap();
        if *left == 0 {
            return Err(StoreError::backend("write a checkpoint", "the disk is full"));
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
        Ok(())
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

fn app(store: &Hooked<Noting>) -> App {
    App::builder().store(store.clone()).register::<MeasureAll>(()).build().unwrap()
}

#[tokio::test]
async fn a_checkpoint_writes_what_has_changed() {
    let store = Noting::on(Memory::new(), usize::MAX);
    let app = app(&store);
    let run = app.start::<MeasureAll>(input()).await.unwrap();
    run.wait().await.unwrap();
    run.answer::<Agree>(true).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(text) if text == "10 cm 2 true"));
    assert_eq!(
        store.hook().noted(),
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
        let store = Noting::on(memory.reopen(), 1);
        let app = app(&store);
        let run = match &id {
            None => app.start::<MeasureAll>(input()).await.unwrap(),
            Some(id) => app.run::<MeasureAll>(id).await.unwrap(),
        };
        id = Some(run.id().to_owned());
        let outcome = run.wait().await;
        noted.extend(store.hook().noted());
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
    let store = Noting::on(Memory::new(), 1);
    store.hook().stuck.store(true, Ordering::Relaxed);
    let app = app(&store);
    let run = app.start::<MeasureAll>(input()).await.unwrap();
    assert!(matches!(run.wait().await, Err(RunError::Store(_))));
    // The disk has room again.
    store.hook().stuck.store(false, Ordering::Relaxed);
    *store.hook().left.lock().unwrap() = usize::MAX;
    assert!(matches!(run.wait().await.unwrap(), Outcome::Paused(_)));
}
