//! `prune`, `recover`, `worker`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Report, RunReport};
use crate::{drive::done, output::in_words};

/// `prune`: what is no longer kept.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PruneReport {
    /// Runs that are gone.
    pub runs: u64,
    /// Checkpoints of other runs that are gone.
    pub checkpoints: u64,
}

impl Report for PruneReport {
    fn text(&self) -> String {
        done(&format!("{} runs and {} checkpoints of other runs are forgotten.", self.runs, self.checkpoints))
    }
}

/// `recover` without a run: what became of the runs that nobody drove.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RecoverReport {
    /// How many were taken up.
    pub taken_up: usize,
    /// How they stand now.
    pub runs: Vec<RunReport>,
}

impl Report for RecoverReport {
    fn text(&self) -> String {
        if self.taken_up == 0 {
            return "No run needs anybody: none was left behind.\n".to_owned();
        }
        let runs: Vec<String> = self.runs.iter().map(Report::text).collect();
        runs.join("\n")
    }

    fn exit_code(&self) -> u8 {
        let codes: Vec<u8> = self.runs.iter().map(Report::exit_code).collect();
        // A failure is what somebody has to hear of first.
        if codes.contains(&1) { 1 } else { codes.into_iter().max().unwrap_or(0) }
    }
}

/// `worker`, when it is stopped: what it did.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WorkerReport {
    /// Runs it gave back.
    pub given_back: usize,
    /// Of these, runs in the middle of a step, which will run again.
    pub interrupted: usize,
    /// How long it worked, in milliseconds.
    pub ms: i64,
}

impl Report for WorkerReport {
    fn text(&self) -> String {
        let WorkerReport { given_back, interrupted, ms } = self;
        let what = format!("Stopped after {}; {given_back} runs given back", in_words(*ms));
        done(&match interrupted {
            0 => format!("{what}."),
            interrupted => format!("{what}, {interrupted} of them in the middle of a step."),
        })
    }
}
