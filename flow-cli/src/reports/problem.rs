//! Why a command did not do its work.

use schemars::JsonSchema;
use serde::Serialize;

/// What any command prints with `--json` if it did not do its work. The exit code is 1, or 2 if another command line would help.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ErrorReport {
    /// What is wrong.
    pub error: Problem,
}

/// What is wrong.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Problem {
    /// What kind of error it is: `usage`, `unknown_run`, `not_json`, `fields`, `already_answered`, `store` and so on.
    pub kind: String,
    /// One sentence.
    pub message: String,
    /// What is below it, the outermost first.
    pub because: Vec<String>,
    /// What can be done about it.
    pub hints: Vec<String>,
}
