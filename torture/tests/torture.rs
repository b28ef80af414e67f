//! Workers killed at random, on either store.

use std::process::Command;

/// How long workers are killed, in seconds.
const SECONDS: &str = "60";

fn torture(store: &str) {
    let done = Command::new(env!("CARGO_BIN_EXE_torture")).args([store, "--seconds", SECONDS]).output();
    let done = match done {
        Ok(done) => done,
        Err(error) => panic!("{error}"),
    };
    let (said, errors) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{said}{errors}");
    assert!(said.starts_with(&format!("torture on {store}: 500 runs, 4 workers")), "{said}");
    println!("{said}");
}

// One after the other: there are two cores, and each has four workers.
#[test]
fn killed_workers_lose_nothing() {
    torture("sqlite");
    torture("postgres");
}
