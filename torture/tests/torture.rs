//! Workers killed at random, on either store.

use std::process::Command;

/// How long workers are killed, in seconds.
const SECONDS: &str = "60";

fn torture(args: &[&str], says: &str) {
    let done = Command::new(env!("CARGO_BIN_EXE_torture")).args(args).output();
    let done = match done {
        Ok(done) => done,
        Err(error) => panic!("{error}"),
    };
    let (said, errors) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{said}{errors}");
    assert!(said.starts_with(says), "{said}");
    println!("{said}");
}

// One after the other: there are two cores, and each has four workers.
#[test]
fn killed_workers_lose_nothing() {
    torture(&["sqlite", "--seconds", SECONDS], "torture on sqlite: 500 runs, 4 workers");
    torture(&["postgres", "--seconds", SECONDS], "torture on postgres: 500 runs, 4 workers");
}

#[test]
fn of_a_hundred_answers_from_four_processes_one_counts() {
    for store in ["sqlite", "postgres"] {
        torture(&["answers", store], &format!("answers on {store}: 100 from 4 processes, one counts"));
    }
}
