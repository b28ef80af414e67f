//! The rows that cross the border between engine and store. All values are JSON text.

use std::borrow::Cow;

/// A run to be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRun {
    /// Unique id of the run.
    pub id: String,
    /// Id of the workflow, as in [`Workflow::ID`](crate::Workflow::ID).
    pub workflow: String,
    /// Fingerprint of the definition the run was started with.
    pub fingerprint: String,
    /// The input, as JSON.
    pub input: String,
    /// The session the run belongs to.
    pub session: Option<String>,
    /// The user on whose behalf the run was started.
    pub user: Option<String>,
    /// Free metadata, as JSON.
    pub metadata: Option<String>,
    /// When the run was started, in milliseconds since the Unix epoch.
    pub created_at: i64,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunStatus {
    /// It is being driven, or was when its driver died.
    Running,
    /// It waits for answers only; nothing of it is in memory.
    Paused,
    /// It returned its output.
    Completed,
    /// It returned an error, or its code panicked.
    Failed,
}

impl RunStatus {
    /// The status as it is stored: `running`, `paused`, `completed`, `failed`.
    pub fn as_str(self) -> &'static str {
        match self {
            RunStatus::Running => "running",
            RunStatus::Paused => "paused",
            RunStatus::Completed => "completed",
            RunStatus::Failed => "failed",
        }
    }

    /// The status of a stored name, `None` for a name this version does not know.
    pub fn parse(name: &str) -> Option<Self> {
        [RunStatus::Running, RunStatus::Paused, RunStatus::Completed, RunStatus::Failed]
            .into_iter()
            .find(|status| status.as_str() == name)
    }
}

impl std::fmt::Display for RunStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A run as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// What was written at its start.
    pub run: NewRun,
    /// Where it stands.
    pub status: RunStatus,
    /// The output of a completed run, as JSON.
    pub output: Option<String>,
    /// The [`Failure`](crate::Failure) of a failed run, as JSON.
    pub failure: Option<String>,
    /// When it last changed its status, in milliseconds since the Unix epoch.
    pub updated_at: i64,
}

/// Which runs to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFilter {
    /// Only runs of this workflow id.
    pub workflow: Option<String>,
    /// Only runs of this status.
    pub status: Option<RunStatus>,
    /// Only runs of this session.
    pub session: Option<String>,
    /// How many at most.
    pub limit: u32,
}

impl Default for RunFilter {
    /// All runs, a hundred at most.
    fn default() -> Self {
        RunFilter { workflow: None, status: None, session: None, limit: 100 }
    }
}

/// What came of an attempt to drive a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The run is claimed; writes carry this fence.
    Claimed(u64),
    /// A living driver has it.
    Busy,
    /// It has ended; there is nothing to drive.
    Ended,
}

/// One frame: where a line of control stands, and the bindings that live there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameRecord {
    /// Empty for the workflow's body, `parallel.1` for the second branch of its first fork, and so on down.
    pub path: String,
    /// Name of the point.
    pub at: String,
    /// Id of the pause it waits at.
    pub pause: Option<String>,
    /// The stored bindings of the frame. Some may be dead at this point.
    pub bindings: Vec<Binding>,
}

/// One stored binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Its name in the workflow.
    pub name: Cow<'static, str>,
    /// Its value, as JSON.
    pub value: String,
}

/// A move of one frame to a new point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Path of the frame.
    pub path: std::sync::Arc<str>,
    /// Name of the point it has reached.
    pub at: Cow<'static, str>,
    /// The bindings that changed since the frame's last checkpoint.
    pub bindings: Vec<Binding>,
    /// The pause asked here.
    pub asked: Option<NewPause>,
    /// All frames whose path begins so are left behind.
    pub forget: Option<String>,
    /// Where the frame may rest for long, the names of all bindings that live there: the frame loses the others.
    pub keep: Option<&'static [&'static str]>,
}

/// A question to somebody outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPause {
    /// Unique in its run: the pause's name and a number, as in `approve-2`.
    pub id: String,
    /// Its number in the run, from 1.
    pub number: u64,
    /// Name of the `#[pause]` function.
    pub name: String,
    /// Path of the frame that asks.
    pub path: String,
    /// The doc comment of the `#[pause]` function.
    pub question: String,
    /// The arguments of the call, as a JSON object.
    pub prompt: String,
    /// JSON Schema of the answer.
    pub schema: String,
    /// When it was asked, in milliseconds since the Unix epoch.
    pub asked_at: i64,
}

/// A pause as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PauseRecord {
    /// What was asked.
    pub pause: NewPause,
    /// The answer, if there is one.
    pub answer: Option<Answer>,
}

/// An answer to a pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The answer, as JSON.
    pub value: String,
    /// Who gave it.
    pub by: Option<String>,
    /// When, in milliseconds since the Unix epoch.
    pub at: i64,
}

/// What became of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerReceipt {
    /// It is the pause's answer now.
    Accepted,
    /// The pause was answered before, with this.
    AlreadyAnswered(Answer),
    /// The run no longer waits there: it has ended, or moved on.
    NotWaiting,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finish {
    /// With this output, as JSON.
    Completed(String),
    /// With this [`Failure`](crate::Failure), as JSON.
    Failed(String),
}
