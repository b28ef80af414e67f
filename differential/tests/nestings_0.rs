//! The constructs of the language in each other, a quarter of them.
#![allow(missing_docs, unused, unused_comparisons, clippy::all, clippy::unwrap_used)]

use differential::{Depth, check};

include!(concat!(env!("OUT_DIR"), "/nestings_0.rs"));

#[tokio::test(start_paused = true)]
async fn nestings_behave() {
    for case in cases() {
        for seed in [0, 1] {
            check(&case, seed, &Depth::EveryWrite).await;
        }
    }
}
