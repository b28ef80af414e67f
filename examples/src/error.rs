//! What can go wrong on the command line, and with which exit code.

use std::path::PathBuf;

use flow_runtime::{AnswerError, BuildError, Failure, RunError, StoreError};
use serde_json::{Value, json};

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
    },
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

impl CliError {
    /// 2 if another command line would help, 1 otherwise.
    pub fn exit_code(&self) -> u8 {
        match self {
            CliError::Answer { source: AnswerError::Run(_), .. } => 1,
            CliError::Failed { .. }
            | CliError::Run(_)
            | CliError::Store(_)
            | CliError::Build(_)
            | CliError::Runtime(_) => 1,
            CliError::Input(_)
            | CliError::NoDatabase(_)
            | CliError::UnknownRun { .. }
            | CliError::AmbiguousRun { .. }
            | CliError::NotJson { .. }
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
            CliError::Failed { run, source } => json!({ "run": run, "status": "failed", "error": source.chain() }),
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
        text
    }
}
