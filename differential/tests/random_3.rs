//! Random programs, a quarter of them: one binary for all would take the compiler too long.
#![allow(missing_docs, unused, unused_comparisons, clippy::all, clippy::unwrap_used)]

use differential::{Depth, check};

include!(concat!(env!("OUT_DIR"), "/random_3.rs"));

#[tokio::test(start_paused = true)]
async fn random_programs_behave() {
    for case in cases() {
        for seed in [0, 1, 2, 5, 11] {
            check(&case, seed, &Depth::Memory).await;
        }
    }
}
