//! Workflows inside of others, where the code around them does not do the same after a restart.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::sync::atomic::{AtomicBool, Ordering};

use flow_runtime::{Memory, prelude::*};

type Result<T> = std::result::Result<T, String>;

#[step]
async fn double(n: u64) -> Result<u64> {
    Ok(n * 2)
}

#[pause]
fn enough(n: u64) -> bool;

workflow! {
    async fn ask_often(n: u64) -> Result<u64> {
        let twice = double(n).await?;
        let (left, right) = parallel!(
            async { Ok(pause(enough(twice)).await) },
            async { Ok(pause(enough(n)).await) },
        )?;
        Ok(if left && right { twice } else { n })
    }
}

static BY_HAND: AtomicBool = AtomicBool::new(true);

workflow! {
    async fn decide(n: u64) -> Result<u64> {
        let n = double(n).await?;
        // Code that decides otherwise the second time, as if it had looked at a clock.
        if BY_HAND.load(Ordering::SeqCst) {
            return ask_often(n).await;
        }
        let n = double(n).await?;
        let done = pause(enough(n)).await;
        Ok(if done { n } else { 0 })
    }
}

/// What the code does not get to any more is withdrawn, with its questions.
#[tokio::test(start_paused = true)]
async fn a_child_the_code_does_not_get_to_again_is_left_behind() {
    let store = Memory::new();
    let app = App::builder().store(store.clone()).register::<Decide>(()).build().unwrap();
    let run = app.start::<Decide>(1).await.unwrap();
    let Outcome::Paused(open) = run.wait().await.unwrap() else { panic!("nobody is asked") };
    let paths: Vec<&str> = open.iter().map(|pause| pause.path()).collect();
    assert_eq!(paths, ["ask_often()/parallel.0", "ask_often()/parallel.1"]);

    BY_HAND.store(false, Ordering::SeqCst);
    let app = App::builder().store(store.reopen()).register::<Decide>(()).build().unwrap();
    let again = app.run::<Decide>(run.id()).await.unwrap();
    again.answer_json(open[0].id(), true.into()).await.unwrap();
    let Outcome::Paused(open) = again.wait().await.unwrap() else { panic!("nobody is asked") };
    assert_eq!(open.iter().map(|pause| (pause.id(), pause.path())).collect::<Vec<_>>(), [("enough-3", "")]);
    again.answer::<Enough>(true).await.unwrap();
    let Outcome::Done(4) = again.wait().await.unwrap() else { panic!("not done") };
}
