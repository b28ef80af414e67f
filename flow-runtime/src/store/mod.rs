//! Where runs are kept: the [`Store`] trait, the records that cross it, and the stores of this crate.
//!
//! A store sees names and JSON text only. It knows no type, no closure and no lifetime of a workflow, so anything that can
//! keep rows and commit them together can be one.

mod fold;
mod frames;
mod memory;
mod record;
#[cfg(feature = "sqlite")]
mod sqlite;
mod texts;

use std::{any::Any, future::Future, pin::Pin, sync::Arc};

use futures::Stream;

pub use fold::{Folds, Way};
pub(crate) use frames::forget;
pub use frames::{Frames, Move};
pub use memory::Memory;
pub use record::{
    Answer, AnswerReceipt, Beginning, Binding, CancelReceipt, Checkpoint, CheckpointRecord, Claim, Created,
    DefinitionRecord, Due, Effects, EventRecord, Finish, FrameMark, FrameRecord, NewDefinition, NewPause, NewRun,
    NewUndo, PauseRecord, Prune, Pruned, ReopenReceipt, RunCount, RunFilter, RunRecord, RunStatus, SessionFilter,
    SessionReceipt, SessionRecord, SessionWrite, Stage, UndoRecord,
};
#[cfg(feature = "sqlite")]
pub use sqlite::{Sqlite, SqliteOptions, SqliteTx, SqliteTxError, Synchronous};

/// How long a claimed run with a timer is left alone, in milliseconds: should its driver be killed, the run is
/// [due](Store::due) so long after it was claimed.
const LOOK_AGAIN: i64 = 60_000;

/// The future of one store operation.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Why a store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no run of this id.
    #[error("there is no run `{run}` in this store")]
    UnknownRun {
        /// The id that was asked for.
        run: String,
    },
    /// There is a run of this id already.
    #[error("there is a run `{run}` in this store already")]
    AlreadyExists {
        /// The id that was to be created.
        run: String,
    },
    /// The run has no pause of this id.
    #[error("run `{run}` has no pause `{pause}`")]
    UnknownPause {
        /// The run that was asked.
        run: String,
        /// The pause id that does not exist there.
        pause: String,
    },
    /// Another driver took the run over; nothing of this write was kept.
    #[error("run `{run}` is driven by somebody else now, so this write was refused")]
    Fenced {
        /// The run in question.
        run: String,
    },
    /// The session was changed by somebody else since it was read; nothing of this write was kept.
    #[error("session `{session}` was changed by somebody else at the same time, so this write was refused")]
    SessionChanged {
        /// The session in question.
        session: String,
    },
    /// Steps cannot take part in this store's transactions.
    #[error("this store has no transactions for steps: keep runs in SQLite or PostgreSQL for `#[step(tx)]`")]
    NoTransactions,
    /// The stored data was written by a newer version of this crate.
    #[error(
        "the store has schema version {found}, this program knows versions up to {known}: use a newer flow-runtime"
    )]
    NewerSchema {
        /// The version found in the store.
        found: i64,
        /// The newest version this program can read.
        known: i64,
    },
    /// The storage itself failed.
    #[error("the store could not {doing}")]
    Backend {
        /// What was being done, as the end of a sentence.
        doing: String,
        /// The storage's own error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl StoreError {
    /// An error of the storage below a store, for stores written outside this crate too.
    ///
    /// `doing` completes the sentence "the store could not …".
    pub fn backend(doing: impl Into<String>, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        StoreError::Backend { doing: doing.into(), source: source.into() }
    }

    fn unknown_undo(run: &str, seq: u64, n: u32) -> Self {
        StoreError::backend(format!("note what was undone of run `{run}`"), format!("it has nothing to undo {seq}.{n}"))
    }
}

/// Keeps runs, their frames, their pauses, their history and what can be undone of them.
///
/// Every method that writes is one transaction: when it returns `Ok`, all of it is kept, also after a crash; when it returns `Err`,
/// nothing of it is. A future that is dropped before it is done may or may not have written, but never a part. Every method
/// that is given the id of a run that does not exist fails with [`StoreError::UnknownRun`], except
/// [`find`](Store::find). Times are milliseconds since the Unix epoch.
///
/// # Claims
/// A run has at most one driver. [`create`](Store::create) and [`claim`](Store::claim) hand out a *fence*, a number that grows with every claim; a write with an older fence is refused
/// with [`StoreError::Fenced`]. A claim ends with [`park`](Store::park), with [`finish`](Store::finish), with
/// [`release`](Store::release), when somebody [cancels](Store::cancel) the run, and when the claiming store handle is gone,
/// be it dropped or killed.
///
/// # Timers
/// A frame says with a checkpoint when it wants to be woken. The run's own `wake` is never later than that, so that
/// [`due`](Store::due) finds the run, whether it was parked or its driver was killed.
///
/// # History
/// Every checkpoint that is no [mark](Checkpoint::mark) gets the next number of its run, from 1, and is kept:
/// [`history`](Store::history) lists them, [`frames_at`](Store::frames_at) gives the frames as they were. The history
/// outlives the run, until somebody [prunes](Store::prune) it.
///
/// # Events
/// Most writes bring events along. They are numbered by run, from 1 and without gaps, in the order in which the writes were
/// made, and are written exactly when the write takes effect.
///
/// # Sessions
/// A checkpoint or [`finish`](Store::finish) can write a session's state. It says of which version that is a change, and is
/// refused with [`StoreError::SessionChanged`] if the session has another one by now.
pub trait Store: Send + Sync + 'static {
    /// Writes a new run, already claimed by this store handle with fence 1, with what it begins with. Its `wake` is the earliest
    /// of its frames' and its deadline.
    ///
    /// Fails with [`StoreError::AlreadyExists`] for an id that is taken. A run of a session that is not there makes it.
    fn create<'a>(&'a self, run: &'a NewRun, beginning: &'a Beginning) -> StoreFuture<'a, Created>;

    /// Reads one run, `None` if there is none of this id.
    fn find<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Option<RunRecord>>;

    /// Lists runs, the newest first: by the time they were started at, then by id.
    fn list<'a>(&'a self, filter: &'a RunFilter) -> StoreFuture<'a, Vec<RunRecord>>;

    /// Counts the runs that [`list`](Store::list) would list without a limit, by workflow and status.
    fn stats<'a>(&'a self, filter: &'a RunFilter) -> StoreFuture<'a, Vec<RunCount>>;

    /// The runs of these workflows that are running or being undone and that nobody drives, because their driver is dead or has
    /// given them back: the oldest first, `limit` at most.
    fn abandoned<'a>(&'a self, workflows: &'a [&'a str], limit: u32) -> StoreFuture<'a, Vec<String>>;

    /// Tries to become the only driver of a run. A run that is being undone keeps that status; any other is running then.
    ///
    /// A run with a `wake` gets a new one, a minute from now: it is looked at again should its driver be killed.
    fn claim<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Claim>;

    /// Whether a claim still counts: whether a write with this fence would be taken.
    fn holds<'a>(&'a self, run: &'a str, fence: u64) -> StoreFuture<'a, bool>;

    /// Gives a claim back without a change to the run. A claim that is lost already is no error.
    fn release<'a>(&'a self, run: &'a str, fence: u64) -> StoreFuture<'a, ()>;

    /// Reads the frames of a run with their bindings, in no particular order.
    fn frames<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<FrameRecord>>;

    /// Reads one frame with its bindings, `None` if the run has none of this path.
    fn frame<'a>(&'a self, run: &'a str, path: &'a str) -> StoreFuture<'a, Option<FrameRecord>>;

    /// Reads all pauses of a run, in the order in which they were asked.
    fn pauses<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<PauseRecord>>;

    /// Reads the pauses of these ids and the one that was asked last, in the order in which they were asked: what is needed to go
    /// on with a run, however much it has asked in its life. A store that does not care reads all and leaves out the others.
    fn pauses_of<'a>(&'a self, run: &'a str, ids: &'a [String]) -> StoreFuture<'a, Vec<PauseRecord>> {
        Box::pin(async move {
            let mut pauses = self.pauses(run).await?;
            let last = pauses.last().map(|last| last.pause.id.clone());
            pauses.retain(|pause| ids.contains(&pause.pause.id) || last.as_ref() == Some(&pause.pause.id));
            Ok(pauses)
        })
    }

    /// Moves one frame, writes the bindings that changed and the pause it asks, and removes the frames it leaves behind; or
    /// [marks](Checkpoint::mark) it. A pause id that the run has used before is an error.
    ///
    /// The frame's pause, `wake` and `trying` become what the checkpoint says, nothing included. A checkpoint that wants to
    /// be woken earlier than the run's `wake` sets that as well. The pause counts [how often](NewPause::asked_before) the same was
    /// asked before: one more than the last of the same path, point and name.
    fn checkpoint<'a>(&'a self, run: &'a str, fence: u64, checkpoint: &'a Checkpoint) -> StoreFuture<'a, ()>;

    /// Marks the run as paused and gives the claim back, unless a frame stands at a pause that has been answered or has
    /// expired. Returns whether the run was parked. A run that is being undone keeps that status.
    ///
    /// The run's `wake` becomes the earliest of its frames' and its deadline.
    /// The events are written if it was parked.
    fn park<'a>(&'a self, run: &'a str, fence: u64, events: &'a [String]) -> StoreFuture<'a, bool>;

    /// Ends the run and gives the claim back; nothing wakes it any more. A run that completed or was cancelled loses its
    /// frames, one that failed keeps them.
    fn finish<'a>(&'a self, run: &'a str, fence: u64, finish: &'a Finish, effects: &'a Effects) -> StoreFuture<'a, ()>;

    /// Answers one pause. Of many answers to one pause exactly one is [`AnswerReceipt::Accepted`].
    ///
    /// A run that gets an answer is due at once, so that it goes on even if whoever gave it is killed.
    ///
    /// An answer given at the pause's deadline or later is [`AnswerReceipt::Expired`] and changes nothing: the run is due then,
    /// and its driver [ends](Store::expire) the pause. Until it has, an answer by a clock that is behind may still be accepted.
    /// Fails with [`StoreError::UnknownPause`] for a pause that was never asked. The events are written if the answer was
    /// accepted.
    fn answer<'a>(
        &'a self,
        run: &'a str,
        pause: &'a str,
        answer: &'a Answer,
        events: &'a [String],
    ) -> StoreFuture<'a, AnswerReceipt>;

    /// Marks a pause that nobody has answered as expired. Returns whether it is expired now; `false` says that somebody
    /// answered before. Fails with [`StoreError::UnknownPause`] for a pause that was never asked. The events are written if it
    /// was not expired before and is now.
    fn expire<'a>(
        &'a self,
        run: &'a str,
        fence: u64,
        pause: &'a str,
        at: i64,
        events: &'a [String],
    ) -> StoreFuture<'a, bool>;

    /// Notes that somebody was reminded of a pause: counts one more, and has the frame that stands at it want to be woken at `wake`.
    /// Returns `false`, and changes nothing, if the pause is answered or has expired. Fails with [`StoreError::UnknownPause`] for
    /// a pause that was never asked. The events are written if it was noted.
    fn remind<'a>(
        &'a self,
        run: &'a str,
        fence: u64,
        pause: &'a str,
        wake: i64,
        events: &'a [String],
    ) -> StoreFuture<'a, bool>;

    /// The runs of these workflows whose `wake` is not after `now` and that nobody drives, be it that they were parked or that
    /// their driver is dead: the earliest first, `limit` at most. Also when the next timer after `now` is due, of all runs.
    fn due<'a>(&'a self, workflows: &'a [&'a str], now: i64, limit: u32) -> StoreFuture<'a, Due>;

    /// Cancels a run, whoever drives it: the driver's fence counts no more.
    ///
    /// If nothing is left to be undone, the run has ended and lost its frames. If there is, the run is
    /// [`RunStatus::Undoing`] without a failure, is claimed by nobody, and is due at `at`. The events are written unless there
    /// was nothing to cancel.
    fn cancel<'a>(&'a self, run: &'a str, at: i64, events: &'a [String]) -> StoreFuture<'a, CancelReceipt>;

    /// Makes a failed run one that can be claimed again, and is due at `at`.
    ///
    /// A run of which something could not be undone is [`RunStatus::Undoing`] again, with the failure it had, and these are
    /// to be tried again. A run of which all was undone stays as it is. Any other is paused where it failed, without a
    /// failure and without a deadline, and these frames try what is said here. The events are written if it was reopened.
    fn reopen<'a>(
        &'a self,
        run: &'a str,
        at: i64,
        frames: &'a [FrameMark],
        events: &'a [String],
    ) -> StoreFuture<'a, ReopenReceipt>;

    /// Begins to undo a run, which keeps its claim. It will end with this failure, or, without one, as cancelled. Until then
    /// it has a `wake`, so that it is looked at again should its driver be killed.
    ///
    /// `undos` are what was done since the last checkpoint and is to be undone, too. If there is nothing to undo at all, the
    /// run has ended so, as by [`finish`](Store::finish), and the result is `false`.
    fn begin_undo<'a>(
        &'a self,
        run: &'a str,
        fence: u64,
        failure: Option<&'a str>,
        undos: &'a [NewUndo],
        events: &'a [String],
    ) -> StoreFuture<'a, bool>;

    /// Reads all that can be undone of a run or has been, in the order in which it was done.
    fn undos<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<UndoRecord>>;

    /// Marks one of the [`undos`](Store::undos) as done, or, with a failure, as one that could not be undone.
    #[expect(clippy::too_many_arguments, reason = "each is a column of one row")]
    fn undone<'a>(
        &'a self,
        run: &'a str,
        fence: u64,
        seq: u64,
        n: u32,
        failure: Option<&'a str>,
        at: i64,
        events: &'a [String],
    ) -> StoreFuture<'a, ()>;

    /// Lists the checkpoints of a run in the order in which they were written. Their numbers have no gaps.
    fn history<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<CheckpointRecord>>;

    /// The frames of a run as they were right after checkpoint `seq`, in no particular order; none at 0, which is before the
    /// first. `None` if no such checkpoint is kept.
    ///
    /// Pause and `wake` of a frame are those of its last checkpoint until then, whatever was marked since; it tries nothing.
    fn frames_at<'a>(&'a self, run: &'a str, seq: u64) -> StoreFuture<'a, Option<Vec<FrameRecord>>>;

    /// Writes events and nothing else.
    fn emit<'a>(&'a self, run: &'a str, fence: u64, events: &'a [String]) -> StoreFuture<'a, ()>;

    /// Reads the events of a run from number `from` on, in their order, `limit` at most. Those that were
    /// [pruned](Store::prune) are left out.
    fn events<'a>(&'a self, run: &'a str, from: u64, limit: u32) -> StoreFuture<'a, Vec<EventRecord>>;

    /// Reads one session, `None` if there is none of this id.
    fn session<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<SessionRecord>>;

    /// Lists sessions, those that were written last first.
    fn sessions<'a>(&'a self, filter: &'a SessionFilter) -> StoreFuture<'a, Vec<SessionRecord>>;

    /// Writes a session, with no run. Fails with [`StoreError::SessionChanged`] if its version is not the expected one.
    fn write_session<'a>(&'a self, write: &'a SessionWrite) -> StoreFuture<'a, ()>;

    /// Deletes a session and its runs, unless one of them has not ended.
    fn delete_session<'a>(&'a self, id: &'a str) -> StoreFuture<'a, SessionReceipt>;

    /// Saves a definition and returns what is stored now. One that equals the last version, in definition and stage, is not
    /// saved again and gets the label. A draft replaces the draft that is the last version, a published one makes it published;
    /// otherwise a new version is made.
    fn save_definition<'a>(&'a self, definition: &'a NewDefinition) -> StoreFuture<'a, DefinitionRecord>;

    /// Lists the stored definitions of a workflow, or of all: by workflow, the newest version first.
    fn definitions<'a>(&'a self, workflow: Option<&'a str>) -> StoreFuture<'a, Vec<DefinitionRecord>>;

    /// Forgets what need not be kept.
    fn prune<'a>(&'a self, prune: &'a Prune) -> StoreFuture<'a, Pruned>;

    /// Begins a transaction for a step to take part in. Dropping it undoes all that was done in it.
    ///
    /// # Errors
    /// [`StoreError::NoTransactions`] if the store has none for others, which is what a store says that does not care.
    fn begin<'a>(&'a self) -> StoreFuture<'a, Box<dyn StoreTx>> {
        Box::pin(std::future::ready(Err(StoreError::NoTransactions)))
    }

    /// Hears what happens through other handles of the same data, in this process or in another. `None`, which is what a store
    /// says that does not care: it cannot tell, and whoever wants to know has to look.
    fn listen<'a>(&'a self) -> StoreFuture<'a, Option<Changes>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

/// A transaction of a store that a step takes part in.
pub trait StoreTx: Send {
    /// What the step gets to write with: found by its type.
    fn handle(&self) -> Arc<dyn Any + Send + Sync>;

    /// Writes a checkpoint, as [`Store::checkpoint`], and commits it with all that the step has done.
    fn commit<'a>(self: Box<Self>, run: &'a str, fence: u64, checkpoint: &'a Checkpoint) -> StoreFuture<'a, ()>
    where
        Self: 'a;
}

/// What is heard of a store's data.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// Something happened to this run: it was answered, cancelled, parked, or has ended.
    Run(String),
    /// A run may be [due](Store::due), or was given back.
    Due,
    /// Something may have been missed: whoever waits for anything has to look.
    Missed,
}

/// What is heard of a store's data, as long as somebody listens.
pub type Changes = Pin<Box<dyn Stream<Item = Change> + Send>>;
