//! The rows that cross the border between engine and store. All values are JSON text.

use std::borrow::Cow;

/// A run to be written down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
    /// When it has to be done, in milliseconds since the Unix epoch.
    pub deadline: Option<i64>,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunStatus {
    /// It is being driven, or was when its driver died.
    Running,
    /// It waits for answers and timers only; nothing of it is in memory.
    Paused,
    /// It failed or was cancelled, and its steps are being undone.
    Undoing,
    /// It returned its output.
    Completed,
    /// It returned an error, or its code panicked.
    Failed,
    /// It was cancelled.
    Cancelled,
}

impl RunStatus {
    const ALL: [RunStatus; 6] = [
        RunStatus::Running,
        RunStatus::Paused,
        RunStatus::Undoing,
        RunStatus::Completed,
        RunStatus::Failed,
        RunStatus::Cancelled,
    ];

    /// The status as it is stored: `running`, `paused`, `undoing`, `completed`, `failed`, `cancelled`.
    pub fn as_str(self) -> &'static str {
        match self {
            RunStatus::Running => "running",
            RunStatus::Paused => "paused",
            RunStatus::Undoing => "undoing",
            RunStatus::Completed => "completed",
            RunStatus::Failed => "failed",
            RunStatus::Cancelled => "cancelled",
        }
    }

    /// The status of a stored name, `None` for a name this version does not know.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Whether nothing of the run is left to be done: it completed, failed or was cancelled.
    pub fn has_ended(self) -> bool {
        match self {
            RunStatus::Running | RunStatus::Paused | RunStatus::Undoing => false,
            RunStatus::Completed | RunStatus::Failed | RunStatus::Cancelled => true,
        }
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
    /// The [`Failure`](crate::Failure) of a failed run, as JSON. While a run is undone, the failure with which it will end;
    /// `None` if it will end as cancelled.
    pub failure: Option<String>,
    /// When its next timer is due, in milliseconds since the Unix epoch. It counts while nobody drives the run; see
    /// [`Store::due`](super::Store::due).
    pub wake: Option<i64>,
    /// When it last changed its status, in milliseconds since the Unix epoch.
    pub updated_at: i64,
}

impl RunRecord {
    /// A run that has just been started.
    pub(crate) fn new(run: NewRun) -> Self {
        let updated_at = run.created_at;
        RunRecord { run, status: RunStatus::Running, output: None, failure: None, wake: None, updated_at }
    }
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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FrameRecord {
    /// Empty for the workflow's body, `parallel.1` for the second branch of its first fork, and so on down.
    pub path: String,
    /// Name of the point.
    pub at: String,
    /// Id of the pause it waits at.
    pub pause: Option<String>,
    /// When it wants to be woken, in milliseconds since the Unix epoch.
    pub wake: Option<i64>,
    /// What the engine notes about the step that is being tried here. JSON that no store looks into.
    pub trying: Option<String>,
    /// How many checkpoints the frame has made, [marks](Checkpoint::mark) not counted.
    pub moves: u64,
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

/// A move of one frame to a new point, or a mark at the point where it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// Path of the frame.
    pub path: std::sync::Arc<str>,
    /// Name of the point it has reached.
    pub at: Cow<'static, str>,
    /// The bindings that changed since the frame's last checkpoint.
    pub bindings: Vec<Binding>,
    /// The pause asked here.
    pub asked: Option<NewPause>,
    /// When the frame wants to be woken, in milliseconds since the Unix epoch.
    pub wake: Option<i64>,
    /// What the engine notes about the step that is being tried here, as JSON.
    pub trying: Option<String>,
    /// All frames whose path begins so are left behind.
    pub forget: Option<String>,
    /// Where the frame may rest for long, the names of all bindings that live there: the frame loses the others.
    pub keep: Option<&'static [&'static str]>,
    /// What there is to be undone from here on, should the run fail or be cancelled. In this order.
    pub undo: Vec<NewUndo>,
    /// The frame stays where it is: only its pause, `wake` and `trying` are set, to what is said here. `at` counts for a
    /// frame that is not there yet; `bindings`, `forget` and `keep` do not count. A mark is no part of the history.
    pub mark: bool,
}

/// Something that has been done and can be undone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewUndo {
    /// Path of the frame that did it.
    pub path: String,
    /// Name of the step.
    pub step: String,
    /// What the step returned, as JSON.
    pub output: String,
}

/// What a frame tries to do where it stands: what a [mark](Checkpoint::mark) sets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FrameMark {
    /// Path of the frame.
    pub path: String,
    /// Id of the pause it waits at.
    pub pause: Option<String>,
    /// When it wants to be woken, in milliseconds since the Unix epoch.
    pub wake: Option<i64>,
    /// What the engine notes, as JSON.
    pub trying: Option<String>,
}

/// Something that can be undone, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoRecord {
    /// Number in the [history](super::Store::history) of the checkpoint that carried it, or of the one after the last: the
    /// step ran from where the frames stood before it.
    pub seq: u64,
    /// Its number among those of the same `seq`, from 0.
    pub n: u32,
    /// Path of the frame that did it.
    pub path: String,
    /// Name of the step.
    pub step: String,
    /// What the step returned, as JSON.
    pub output: String,
    /// When it was undone, in milliseconds since the Unix epoch.
    pub done_at: Option<i64>,
    /// Why it could not be undone.
    pub failure: Option<String>,
}

/// One checkpoint in the history of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointRecord {
    /// Its number in the run, from 1.
    pub seq: u64,
    /// Path of the frame that moved.
    pub path: String,
    /// Name of the point it reached.
    pub at: String,
    /// When it was written, in milliseconds since the Unix epoch.
    pub time: i64,
}

/// A question to somebody outside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
    /// Until when it can be answered, in milliseconds since the Unix epoch: an answer given at this time is too late.
    pub deadline: Option<i64>,
}

/// A pause as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PauseRecord {
    /// What was asked.
    pub pause: NewPause,
    /// The answer, if there is one.
    pub answer: Option<Answer>,
    /// When it was found that nobody had answered before the deadline, in milliseconds since the Unix epoch.
    pub expired_at: Option<i64>,
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
    /// The pause's deadline had passed.
    Expired,
    /// The run no longer waits there: it has ended, is being undone, or moved on.
    NotWaiting,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finish {
    /// With this output, as JSON.
    Completed(String),
    /// With this [`Failure`](crate::Failure), as JSON.
    Failed(String),
    /// By being cancelled.
    Cancelled,
}

/// Runs that want to be woken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Due {
    /// Ids of runs whose timer is due and that nobody drives, the earliest first.
    pub runs: Vec<String>,
    /// When the next timer of any run will be due, in milliseconds since the Unix epoch.
    pub next: Option<i64>,
}

/// What became of the wish to cancel a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelReceipt {
    /// It is cancelled.
    Cancelled,
    /// It has steps to be undone first, which is now for whoever claims it.
    Undoing,
    /// There was nothing to cancel: it has ended, or is being undone. Nothing has changed.
    Ended(RunStatus),
}

/// What became of the wish to go on with a failed run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReopenReceipt {
    /// It goes on where it failed: in its own code, or where its steps were being undone.
    Reopened,
    /// Its steps have been undone, so there is nothing left to go on with. Nothing has changed.
    Undone,
    /// It has not failed. Nothing has changed.
    NotFailed(RunStatus),
}
