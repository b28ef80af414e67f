//! The workflow: a bit of everything, with a result that says what happened to it.

use std::time::Duration;

use flow_runtime::prelude::*;
use serde::{Deserialize, Serialize};

/// How many questions a run asks.
pub(crate) const QUESTIONS: u32 = 4;
/// How often a step's result is kept in a run, the unlucky one's included.
pub(crate) const STEPS: usize = 11;

/// What a run returns: what its steps made, and what it was answered, by question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) sum: u64,
    pub(crate) answers: Vec<u64>,
}

/// What the steps of a run make together.
pub(crate) fn expected_sum(n: u64) -> u64 {
    let made = |part: u64| n * 1_000 + part;
    (0..6).map(made).sum::<u64>() + made(10) + (20..23).map(made).sum::<u64>() + made(30)
}

/// Most naps are short enough for the run to stay in memory, some are not.
fn nap(n: u64) -> Duration {
    Duration::from_millis(if n % 5 == 4 { 1_500 } else { 10 + n % 60 })
}

/// Makes a number, after a moment.
#[step]
async fn make(n: u64, part: u64) -> Result<u64, String> {
    tokio::time::sleep(Duration::from_millis(1 + (n + part) % 7)).await;
    Ok(n * 1_000 + part)
}

/// As `make`, but not the first time.
#[step(retries = 3, backoff = "20ms..1s")]
async fn unlucky(n: u64, part: u64) -> Result<u64, String> {
    if flow_runtime::attempt() == 1 {
        return Err("not the first time".to_owned());
    }
    Ok(n * 1_000 + part)
}

/// What number shall it be?
#[pause]
fn ask(n: u64, question: u32) -> u64;

workflow! {
    /// Makes some numbers and asks for some.
    pub(crate) async fn errand(n: u64) -> Result<Report, String> {
        let parts: Vec<u64> = (0..6).collect();
        let made = parallel!(for part in parts { make(n, part).await }, limit = 3)?;
        let mut sum: u64 = made.iter().sum();
        sleep(nap(n)).await;
        let (first, more) = parallel!(
            async { Ok(pause(ask(n, 0)).await) },
            async {
                sleep(Duration::from_millis(n % 50)).await;
                unlucky(n, 10).await
            },
        )?;
        sum += more;
        let mut answers = vec![first];
        for round in 0..3_u32 {
            let part = make(n, 20 + u64::from(round)).await?;
            sum += part;
            let answer = pause(ask(n, 1 + round)).await;
            answers.push(answer);
        }
        let last = make(n, 30).await?;
        sum += last;
        Ok(Report { sum, answers })
    }
}
