//! Every way to run a case gives the same result, and no step whose result was kept runs again.

use std::path::PathBuf;

use flow_runtime::{Memory, RunError};

use crate::{
    Case, Death, Storage, plain,
    process::{Ended, Order, Plan, ahead_of_the_wall, run_to_end},
    trace::{self, World},
};

/// How thoroughly a case is checked.
#[derive(Debug, Clone)]
pub enum Depth {
    /// In memory, killed in every way again and again.
    Memory,
    /// In memory, killed once and cancelled, at every write.
    EveryWrite,
    /// In an SQLite file that does not exist yet, killed after every checkpoint.
    Sqlite(PathBuf),
    /// In memory, with writes that go wrong at random.
    Faults,
    /// In an SQLite file that does not exist yet, with writes that go wrong at random.
    SqliteFaults(PathBuf),
}

/// Checks a case for a seed.
///
/// # Panics
/// When two ways to run it differ, with the case, the seed and the difference.
pub async fn check(case: &Case, seed: u64, depth: &Depth) {
    ahead_of_the_wall().await;
    trace::finish();
    plain::forget_undo();
    let expected = (case.plain)(seed).await.map_err(|error| error.to_string());
    match &expected {
        Ok(_) => plain::forget_undo(),
        Err(_) => plain::undo_all().await,
    }
    let comparison = Comparison { case, seed, expected, plain: trace::finish() };
    match depth {
        Depth::Memory => comparison.in_memory().await,
        Depth::EveryWrite => comparison.every_write().await,
        Depth::Sqlite(path) => {
            let ended = run_to_end(path, case, seed, Plan::all(Death::Before(1), Order::First)).await;
            comparison.same("killed on SQLite after every write", &ended);
        }
        Depth::Faults => comparison.faults(&Memory::new()).await,
        Depth::SqliteFaults(path) => comparison.faults(path).await,
    }
}

struct Comparison<'c> {
    case: &'c Case,
    seed: u64,
    expected: Result<String, String>,
    plain: World,
}

impl Comparison<'_> {
    async fn in_memory(&self) {
        match (self.case.run)(self.seed).await {
            Err(RunError::Paused(_)) => {}
            _ if self.case.waits => {}
            Ok(output) => self.same_result("run in place", &Ok(output)),
            Err(error) => self.same_result("run in place", &Err(text_of(error))),
        }
        let ways = [
            (Death::None, Order::First),
            (Death::Before(1), Order::First),
            (Death::After(2), Order::Last),
            (Death::Before(2), Order::AllReversed),
            (Death::After(3), Order::First),
        ];
        for (death, order) in ways {
            let way = format!("in an App, death {death:?}, answers {order:?}");
            let ended = run_to_end(&Memory::new(), self.case, self.seed, Plan::all(death, order)).await;
            self.same(&way, &ended);
        }
    }

    async fn faults<S: Storage>(&self, storage: &S) {
        let plan = Plan::all(Death::Random(self.seed, 3), Order::AllReversed);
        self.same("with faults at random", &run_to_end(storage, self.case, self.seed, plan).await);
    }

    async fn every_write(&self) {
        let run = async |plan| run_to_end(&Memory::new(), self.case, self.seed, plan).await;
        let whole = run(Plan::once(Death::None)).await;
        self.same("in an App", &whole);
        for write in 1..=whole.writes {
            for death in [Death::Before(write), Death::After(write)] {
                self.same(&format!("killed once, {death:?}"), &run(Plan::once(death)).await);
            }
            let ended = run(Plan::once(Death::Cancelled(write))).await;
            self.cancelled(&format!("cancelled elsewhere after write {write}"), &ended);
            for death in [Death::Before(write), Death::After(write)] {
                let ended = run(Plan { cancel: true, ..Plan::once(death) }).await;
                self.cancelled(&format!("killed, {death:?}, then cancelled"), &ended);
                // The undoing dies as well.
                let ended = run(Plan { cancel: true, next: Death::Before(2), ..Plan::once(death) }).await;
                self.cancelled(&format!("killed, {death:?}, then cancelled, then killed often"), &ended);
            }
        }
    }

    fn whose(&self, way: &str) -> String {
        format!("program `{}`, seed {}: {way}", self.case.name, self.seed)
    }

    fn same_result(&self, way: &str, found: &Result<String, String>) {
        let (whose, expected) = (self.whose(way), &self.expected);
        assert!(
            found == expected,
            "{whose} differs from the plain function{}\n  plain: {expected:?}\n  found: {found:?}",
            first_difference(expected, found),
        );
    }

    fn same(&self, way: &str, ended: &Ended) {
        self.same_result(way, &ended.result);
        self.in_order(way, ended);
        let (whose, plain, found) = (self.whose(way), &self.plain, &ended.world);
        assert!(
            found.ran == plain.ran || self.case.cancels,
            "{whose}: other steps ran than in the plain function\n  plain: {:?}\n  found: {:?}",
            plain.ran,
            found.ran,
        );
        assert!(
            found.left == plain.left || self.case.cancels,
            "{whose}: the world looks different than after the plain function\n  plain: {:?}\n  found: {:?}",
            plain.left,
            found.left,
        );
    }

    /// What holds however a run has ended: nothing that was committed is repeated, and all of it is undone in reverse order, or
    /// none of it.
    fn in_order(&self, way: &str, ended: &Ended) {
        let (whose, World { undoable, undone, wrong, .. }) = (self.whose(way), &ended.world);
        assert!(wrong.is_empty(), "{whose}: {wrong:?}");
        let reversed: Vec<&String> = undoable.iter().rev().collect();
        match &ended.result {
            Ok(_) => assert!(undone.is_empty(), "{whose}: it has not failed, but {undone:?} was undone"),
            Err(text) => {
                let undone: Vec<&String> = undone.iter().collect();
                assert!(
                    undone == reversed,
                    "{whose}: it ended with {text:?}\n  to be undone: {reversed:?}\n  undone:       {undone:?}"
                );
            }
        }
    }

    fn cancelled(&self, way: &str, ended: &Ended) {
        if ended.cancelled {
            self.in_order(way, ended);
        } else {
            // It had ended before.
            self.same(way, ended);
        }
    }
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
