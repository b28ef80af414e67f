//! The constructs of the language in each other, a quarter of them.
#![allow(missing_docs, unused, unused_comparisons, clippy::all, clippy::unwrap_used)]

use differential::{Depth, check};

include!(concat!(env!("OUT_DIR"), "/nestings_1.rs"));

#[tokio::test(start_paused = true)]
async fn nestings_behave() {
    let only = std::env::var("CASE").ok();
    for case in cases().into_iter().filter(|case| only.as_deref().is_none_or(|only| only == case.name)) {
        if std::env::var("LOUD").is_ok() {
            eprintln!("{}", case.name);
        }
        for seed in [0, 1] {
            check(&case, seed, &Depth::EveryWrite).await;
        }
    }
}
