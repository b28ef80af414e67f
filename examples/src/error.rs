//! What can go wrong on the command line, and with which exit code.

use std::path::PathBuf;

use flow_runtime::{AnswerError, BuildError, ControlError, Failure, RunError, StoreError};
use serde_json::{Value, json};

use crate::text;

/// Why a command did not do its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CliError {
    /// The arguments of `start` make no input.
    #[error("this cannot be started")]
    Input(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// There is no such file, and only `start` makes one.
    #[error("there is no `{}`; `start` creates it, `--db FILE` names another one", .0.display())]
    NoDatabase(PathBuf),
    /// No run has an id that begins or ends so.
    #[error("no run's id ends in `{given}`; `list` shows the runs")]
    UnknownRun {
        /// What was typed.
        given: String,
    },
    /// Several runs have an id that begins or ends so.
    #[error("several runs' ids fit `{given}`: {}", .ids.join(", "))]
    AmbiguousRun {
        /// What was typed.
        given: String,
        /// The ids that fit.
        ids: Vec<String>,
    },
    /// The answer is not JSON.
    #[error("the answer is not JSON")]
    NotJson {
        /// Where JSON ends.
        #[source]
        source: serde_json::Error,
        /// Commands with right answers.
        examples: Vec<String>,
    },
    /// The answer was not taken.
    #[error("{source}")]
    Answer {
        /// Why.
        source: AnswerError,
        /// Commands with right answers.
        examples: Vec<String>,
    },
    /// The run has failed.
    #[error("{source}")]
    Failed {
        /// The run's id.
        run: String,
        /// Why.
        source: Failure,
        /// What was undone, and how things stand now.
        aftermath: Box<Aftermath>,
    },
    /// The run was cancelled.
    #[error("the run was cancelled")]
    Cancelled {
        /// The run's id.
        run: String,
        /// What was undone, and how things stand now.
        aftermath: Box<Aftermath>,
    },
    /// The run could not be cancelled.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The run could not be started or driven.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Two workflows of one id.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// No async runtime, for lack of file handles for instance.
    #[error("the async runtime could not be started")]
    Runtime(#[source] std::io::Error),
}

/// What a run has left behind that did not get to its end.
#[derive(Debug, Default)]
pub struct Aftermath {
    /// The steps that were undone, in this order, with what they had returned.
    pub undone: Vec<(String, Value)>,
    /// How the things stand that the example works with.
    pub world: Option<Value>,
}

impl Aftermath {
    fn undone_to_json(&self) -> Value {
        self.undone.iter().map(|(step, output)| json!({ "step": step, "output": output })).collect()
    }

    /// For people.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::new();
        if !self.undone.is_empty() {
            let row = |(step, output): &(String, Value)| {
                vec![step.clone(), text::render(output).trim_end().replace('\n', ", ")]
            };
            let rows: Vec<Vec<String>> = self.undone.iter().map(row).collect();
            text.push_str(&format!("\nUndone, the last first:\n{}", text::indent(&text::columns(&rows), "  ")));
        }
        if let Some(world) = &self.world {
            text.push_str(&format!("\nAfterwards:\n{}", text::indent(&text::render(world), "  ")));
        }
        text
    }
}

impl CliError {
    /// 2 if another command line would help, 1 otherwise.
    pub fn exit_code(&self) -> u8 {
        match self {
            CliError::Answer { source: AnswerError::Run(_), .. } => 1,
            CliError::Control(ControlError::Run(_)) => 1,
            CliError::Failed { .. }
            | CliError::Cancelled { .. }
            | CliError::Run(_)
            | CliError::Store(_)
            | CliError::Build(_)
            | CliError::Runtime(_) => 1,
            CliError::Input(_)
            | CliError::NoDatabase(_)
            | CliError::UnknownRun { .. }
            | CliError::AmbiguousRun { .. }
            | CliError::NotJson { .. }
            | CliError::Control(_)
            | CliError::Answer { .. } => 2,
        }
    }

    /// Commands that would work.
    pub fn examples(&self) -> &[String] {
        match self {
            CliError::NotJson { examples, .. } | CliError::Answer { examples, .. } => examples,
            _ => &[],
        }
    }

    /// The error and its sources, the outermost first.
    pub fn chain(&self) -> Vec<String> {
        let mut chain = vec![self.to_string()];
        let mut source = std::error::Error::source(self);
        while let Some(error) = source {
            let text = error.to_string();
            // A transparent error has its source's text.
            if chain.last() != Some(&text) {
                chain.push(text);
            }
            source = error.source();
        }
        chain
    }

    /// For scripts.
    pub(crate) fn to_json(&self) -> Value {
        match self {
            CliError::Failed { run, source, aftermath } => {
                let undone = aftermath.undone_to_json();
                json!({ "run": run, "status": "failed", "error": source.chain(), "undone": undone })
            }
            CliError::Cancelled { run, aftermath } => cancelled_to_json(run, aftermath),
            _ => json!({ "error": self.chain(), "examples": self.examples() }),
        }
    }

    /// For people.
    pub(crate) fn to_text(&self) -> String {
        let mut text = format!("error: {}\n", self.chain().join("\n  because "));
        if let [first, rest @ ..] = self.examples() {
            text.push_str(&format!("\nA right answer is, for example:\n  {first}\n"));
            rest.iter().for_each(|example| text.push_str(&format!("  {example}\n")));
        }
        if let CliError::Failed { aftermath, .. } | CliError::Cancelled { aftermath, .. } = self {
            text.push_str(&aftermath.to_text());
        }
        text
    }
}

/// For scripts.
pub(crate) fn cancelled_to_json(run: &str, aftermath: &Aftermath) -> Value {
    json!({ "run": run, "status": "cancelled", "undone": aftermath.undone_to_json() })
}
