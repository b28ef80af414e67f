//! The frames of long ago, asked for backwards.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use common::{Place, create, step};
use flow_runtime::{
    Store,
    store::{Binding, Checkpoint, Prune},
};

#[tokio::test]
async fn going_back_gives_what_each_checkpoint_gives() {
    let place = Place::new().await;
    let store = place.open().await;
    for run in ["a", "b"] {
        create(&store, run).await;
        for n in 1..=400_u32 {
            let value = format!("\"{run}{n}\"");
            let bindings = vec![Binding { name: ["x", "y", "z"][n as usize % 3].into(), value }];
            let path = ["", "p.0"][n as usize % 2];
            store.checkpoint(run, 1, &Checkpoint { path: path.into(), bindings, ..step("x") }).await.unwrap();
        }
    }
    let ways = [("a", 400), ("a", 300), ("b", 350), ("a", 299), ("a", 390), ("a", 401)].into_iter();
    for (run, seq) in ways.chain((0..=400).rev().map(|seq| ("b", seq))) {
        let frames = store.frames_at(run, seq).await.unwrap();
        assert_eq!(frames.is_some(), seq <= 400);
        let moves: u64 = frames.iter().flatten().map(|frame| frame.moves).sum();
        assert!(seq > 400 || moves == seq, "{run}, {seq}: {moves}");
        if run == "a" || seq % 41 == 0 {
            // One that knows nothing yet.
            assert_eq!(frames, place.open().await.frames_at(run, seq).await.unwrap(), "{run}, {seq}");
        }
    }
    // What is known was cut away, or is of another run of this id.
    let prune = Prune { ended_before: None, checkpoints: Some(50), limit: 9 };
    assert!(store.frames_at("a", 390).await.unwrap().is_some());
    assert!(store.frames_at("a", 380).await.unwrap().is_some());
    assert_eq!(place.open().await.prune(&prune).await.unwrap().checkpoints, 700);
    for (seq, there) in [(379, true), (350, true), (349, false)] {
        let frames = store.frames_at("a", seq).await.unwrap();
        assert_eq!(frames.is_some(), there, "{seq}");
        assert_eq!(frames, place.open().await.frames_at("a", seq).await.unwrap());
    }
    store.frames_at("b", 400).await.unwrap();
    store.frames_at("b", 399).await.unwrap();
    place.sql("UPDATE flow.history SET time = time + 1, at = 'new' WHERE run = 'b'").await;
    let frames = store.frames_at("b", 398).await.unwrap().unwrap();
    assert!(frames.iter().all(|frame| frame.at == "new"), "{frames:?}");
}
