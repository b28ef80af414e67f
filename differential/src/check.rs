//! Every way to run a case gives the same result, and no step whose result was kept runs again.

use std::{collections::BTreeMap, path::PathBuf};

use flow_runtime::{Memory, RunError};

use crate::{
    Case, Death,
    process::{Ended, Order, run_to_end},
    trace::{self, Call},
};

/// How thoroughly a case is checked.
#[derive(Debug, Clone)]
pub enum Depth {
    /// In memory, killed in every way.
    Memory,
    /// In an SQLite file that does not exist yet, killed after every checkpoint.
    Sqlite(PathBuf),
}

/// Checks a case for a seed.
///
/// # Panics
/// When two ways to run it differ, with the case, the seed and the difference.
pub async fn check(case: &Case, seed: u64, depth: &Depth) {
    trace::take();
    let expected = (case.plain)(seed).await.map_err(|error| error.to_string());
    let comparison = Comparison { case, seed, expected, plain: count(&trace::take()) };
    match depth {
        Depth::Memory => comparison.in_memory().await,
        Depth::Sqlite(path) => {
            let ended = run_to_end(path, case, seed, Death::Before(1), Order::First).await;
            comparison.same_result("killed on SQLite after every write", &ended.result);
        }
    }
}

struct Comparison<'c> {
    case: &'c Case,
    seed: u64,
    expected: Result<String, String>,
    plain: BTreeMap<String, usize>,
}

impl Comparison<'_> {
    async fn in_memory(&self) {
        match (self.case.run)(self.seed).await {
            Err(RunError::Paused(_)) => {}
            Ok(output) => self.same_result("run in place", &Ok(output)),
            Err(error) => self.same_result("run in place", &Err(text_of(error))),
        }
        let ways = [
            (Death::None, Order::First),
            (Death::Before(1), Order::First),
            (Death::After(1), Order::Last),
            (Death::Before(2), Order::AllReversed),
            (Death::After(3), Order::First),
        ];
        for (death, order) in ways {
            let way = format!("in an App, death {death:?}, answers {order:?}");
            let ended = run_to_end(&Memory::new(), self.case, self.seed, death, order).await;
            self.same_result(&way, &ended.result);
            self.no_step_twice(&way, &ended);
        }
    }

    fn same_result(&self, way: &str, found: &Result<String, String>) {
        let (case, seed, expected) = (self.case.name, self.seed, &self.expected);
        assert!(
            found == expected,
            "program `{case}`, seed {seed}: {way} differs from the plain function{}\n  plain: {expected:?}\n  found: {found:?}",
            first_difference(expected, found),
        );
    }

    /// Steps whose results were kept have run as often as in the plain function, and no more: what was in flight when a
    /// process died is all that may have run again.
    fn no_step_twice(&self, way: &str, ended: &Ended) {
        let (case, seed) = (self.case.name, self.seed);
        let (last, died) = ended.traces.split_last().map_or((&[][..], &[][..]), |(last, died)| (last, died));
        let mut ran: Vec<Call> = last.to_vec();
        for trace in died {
            ran.extend(trace.iter().filter(|call| call.kept).cloned());
        }
        let ran = count(&ran);
        assert!(
            ran == self.plain || self.case.cancels,
            "program `{case}`, seed {seed}: {way}: other steps ran than in the plain function\n  plain: {:?}\n  found: {ran:?}",
            self.plain,
        );
    }
}

fn count(calls: &[Call]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for call in calls {
        *counts.entry(call.name.clone()).or_default() += 1;
    }
    counts
}

fn text_of(error: RunError) -> String {
    match error {
        RunError::Failed(failure) => failure.chain().join(": "),
        other => other.to_string(),
    }
}

fn first_difference(a: &Result<String, String>, b: &Result<String, String>) -> String {
    match (a, b) {
        (Ok(a), Ok(b)) | (Err(a), Err(b)) => {
            let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
            format!(" from character {same}")
        }
        _ => String::new(),
    }
}
