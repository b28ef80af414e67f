//! The hand-written programs.
#![allow(missing_docs, unused, clippy::all)]

use differential::{Case, Depth, check};

include!(concat!(env!("OUT_DIR"), "/bodies.rs"));

async fn check_all(cases: Vec<Case>) {
    assert!(!cases.is_empty());
    for case in cases {
        for seed in 0..24 {
            check(&case, seed, &Depth::Memory).await;
        }
    }
}

#[tokio::test]
async fn loops_behave() {
    check_all(loops::cases()).await;
}

#[tokio::test]
async fn bindings_behave() {
    check_all(bindings::cases()).await;
}

#[tokio::test]
async fn branching_behaves() {
    check_all(branching::cases()).await;
}

#[tokio::test]
async fn errors_behave() {
    check_all(errors::cases()).await;
}
