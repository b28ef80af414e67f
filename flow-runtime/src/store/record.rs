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
    /// Of several runs that wait for a free place, the one with the highest number goes first.
    pub priority: i32,
    /// A name for this start, unique in its workflow: who starts again with the same key gets the run there is.
    pub key: Option<String>,
}

/// What a new run begins with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beginning {
    /// Where it stands already. Its history begins with one checkpoint per frame, in this order.
    pub frames: Vec<FrameRecord>,
    /// What it has asked already.
    pub pauses: Vec<PauseRecord>,
    /// What else is written with it.
    pub effects: Effects,
}

/// What else is committed with a write: all of it or, with the write, nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effects {
    /// Events of the run, each a JSON object. They get the next numbers of the run, from 1.
    pub events: Vec<String>,
    /// The session state to be written.
    pub session: Option<SessionWrite>,
}

impl From<Vec<String>> for Effects {
    /// These events, and nothing else.
    fn from(events: Vec<String>) -> Self {
        Effects { events, session: None }
    }
}

/// What became of the wish to start a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// It is there, and claimed with this fence.
    Created(u64),
    /// There is a run of the same workflow and [key](NewRun::key): this one. Nothing has changed.
    Existing(String),
}

/// A new state of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionWrite {
    /// Id of the session.
    pub id: String,
    /// The [version](SessionRecord::version) it is a change of; 0 for a session that is not there yet.
    pub base: u64,
    /// The state, as JSON. `None` leaves it as it is, or `null` in a new session.
    pub state: Option<String>,
    /// Its name. `None` leaves it as it is.
    pub name: Option<String>,
    /// Whose it is. Counts for a new session only.
    pub user: Option<String>,
    /// When, in milliseconds since the Unix epoch.
    pub at: i64,
}

/// A session as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionRecord {
    /// Its id.
    pub id: String,
    /// A name for people.
    pub name: Option<String>,
    /// Whose it is.
    pub user: Option<String>,
    /// Its state, as JSON.
    pub state: String,
    /// How often it has been written, from 1.
    pub version: u64,
    /// When it was written first, in milliseconds since the Unix epoch.
    pub created_at: i64,
    /// When it was written last, in milliseconds since the Unix epoch.
    pub updated_at: i64,
}

/// Which sessions to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionFilter {
    /// Only sessions of this user.
    pub user: Option<String>,
    /// Only sessions that were written last before this time, or at it with an id below this one: the last of the page before.
    pub after: Option<(i64, String)>,
    /// How many at most.
    pub limit: u32,
}

impl Default for SessionFilter {
    /// All sessions, a hundred at most.
    fn default() -> Self {
        SessionFilter { user: None, after: None, limit: 100 }
    }
}

/// What became of the wish to delete a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionReceipt {
    /// It is gone, and so are this many runs.
    Deleted(u64),
    /// This run of it has not ended. Nothing has changed.
    Busy(String),
    /// There is neither a state nor a run of this id.
    Unknown,
}

/// One stored event of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRecord {
    /// Its number in the run, from 1, without gaps.
    pub seq: u64,
    /// The event, a JSON object.
    pub event: String,
}

/// What stage a stored definition is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// The next one of its workflow replaces it.
    Draft,
    /// It stays as it is.
    Published,
}

impl Stage {
    /// The stage as it is stored: `draft`, `published`.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Draft => "draft",
            Stage::Published => "published",
        }
    }

    /// The stage of a stored name, `None` for a name this version does not know.
    pub fn parse(name: &str) -> Option<Self> {
        [Stage::Draft, Stage::Published].into_iter().find(|stage| stage.as_str() == name)
    }
}

/// A definition to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDefinition {
    /// Id of the workflow.
    pub workflow: String,
    /// A short name for what of it decides whether runs can go on.
    pub fingerprint: String,
    /// The definition, as JSON.
    pub definition: String,
    /// The stage it is saved in.
    pub stage: Stage,
    /// A name for this version. Another version of the workflow that has it loses it.
    pub label: Option<String>,
    /// When, in milliseconds since the Unix epoch.
    pub saved_at: i64,
}

/// A definition as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinitionRecord {
    /// Its number in its workflow, from 1. Numbers only grow.
    pub version: u32,
    /// What was written.
    pub definition: NewDefinition,
}

/// What need not be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prune {
    /// Runs that ended before this time go, with all that belongs to them. Milliseconds since the Unix epoch.
    pub ended_before: Option<i64>,
    /// Of every other run only so many of the last checkpoints stay, and those that are needed to undo it. Events and answered
    /// pauses from before the oldest that stays go as well, except those a frame stands at and the last of each.
    pub checkpoints: Option<u64>,
    /// How many runs to look at, at most: those that have most to lose first, or any.
    pub limit: u32,
}

/// What is no longer kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Runs that are gone.
    pub runs: u64,
    /// Checkpoints of other runs that are gone.
    pub checkpoints: u64,
    /// Whether there is more of the same, beyond the limit.
    pub more: bool,
}

/// How many runs there are of one workflow and one status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunCount {
    /// Id of the workflow.
    pub workflow: String,
    /// The status.
    pub status: RunStatus,
    /// How many.
    pub runs: u64,
    /// When the first of them was started, in milliseconds since the Unix epoch.
    pub oldest: i64,
    /// From start to the last change of status, all of them together, in milliseconds.
    pub total_ms: u64,
    /// The same of the one that took longest.
    pub longest_ms: u64,
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
    pub(crate) const ALL: [RunStatus; 6] = [
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
    /// Only runs in one of these states; empty for all.
    pub status: Vec<RunStatus>,
    /// Only runs of this session.
    pub session: Option<String>,
    /// Only runs started on behalf of this user.
    pub user: Option<String>,
    /// Only runs started with this [key](NewRun::key): one of each workflow.
    pub key: Option<String>,
    /// Only runs started at this time or later, in milliseconds since the Unix epoch.
    pub created_from: Option<i64>,
    /// Only runs started before this time, in milliseconds since the Unix epoch.
    pub created_before: Option<i64>,
    /// Only runs whose metadata is an object with all of these: a key, and its value as JSON text.
    pub metadata: Vec<(String, String)>,
    /// Only runs that come after this one, by the time it was started at and its id: the last of the page before.
    pub after: Option<(i64, String)>,
    /// How many at most.
    pub limit: u32,
}

impl Default for RunFilter {
    /// All runs, a hundred at most.
    fn default() -> Self {
        RunFilter {
            workflow: None,
            status: Vec::new(),
            session: None,
            user: None,
            key: None,
            created_from: None,
            created_before: None,
            metadata: Vec::new(),
            after: None,
            limit: 100,
        }
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
    /// Ids of pauses that nobody needs to answer any more: those of frames that are left behind. One that is answered all the same
    /// stays so.
    pub withdrawn: Vec<String>,
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
    /// What else is written with it.
    pub effects: Effects,
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
    /// The point of the frame at which it is asked; empty for what the engine itself asks about a step.
    pub point: String,
    /// The question in words.
    pub question: String,
    /// The arguments of the call, as a JSON object.
    pub prompt: String,
    /// JSON Schema of the answer.
    pub schema: String,
    /// When it was asked, in milliseconds since the Unix epoch.
    pub asked_at: i64,
    /// Until when it can be answered, in milliseconds since the Unix epoch: an answer given at this time is too late.
    pub deadline: Option<i64>,
    /// Who may answer, as JSON that no store looks into; `None` for anyone.
    pub allowed: Option<String>,
    /// How often somebody is reminded of it, in milliseconds; `None` for never.
    pub remind_ms: Option<i64>,
    /// How often the same was asked before: in the same run, of the same path, point and name. A store counts that for what a
    /// [checkpoint](Checkpoint::asked) asks, and keeps what a [beginning](Beginning::pauses) says.
    pub asked_before: u32,
}

/// A pause as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PauseRecord {
    /// What was asked.
    pub pause: NewPause,
    /// The answer, if there is one.
    pub answer: Option<Answer>,
    /// When it was found that nobody had answered before the deadline, in milliseconds since the Unix epoch.
    pub expired_at: Option<i64>,
    /// How often somebody was [reminded](super::Store::remind) of it.
    pub reminded: u32,
    /// When a checkpoint [withdrew](Checkpoint::withdrawn) it, in milliseconds since the Unix epoch.
    pub withdrawn_at: Option<i64>,
}

impl From<NewPause> for PauseRecord {
    /// A pause that was just asked.
    fn from(pause: NewPause) -> Self {
        PauseRecord { pause, ..PauseRecord::default() }
    }
}

/// An answer to a pause.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// The answer, as JSON.
    pub value: String,
    /// Who gave it.
    pub by: Option<String>,
    /// When, in milliseconds since the Unix epoch.
    pub at: i64,
    /// What they said with it.
    pub comment: Option<String>,
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
