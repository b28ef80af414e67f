//! Where runs are kept: the [`Store`] trait, the records that cross it, and the stores of this crate.
//!
//! A store sees names and JSON text only. It knows no type, no closure and no lifetime of a workflow, so anything that can
//! keep rows and commit them together can be one.

mod frames;
mod memory;
mod record;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::{future::Future, pin::Pin};

pub(crate) use frames::forget;
pub use memory::Memory;
pub use record::{
    Answer, AnswerReceipt, Binding, CancelReceipt, Checkpoint, CheckpointRecord, Claim, Due, Finish, FrameMark,
    FrameRecord, NewPause, NewRun, NewUndo, PauseRecord, ReopenReceipt, RunFilter, RunRecord, RunStatus, UndoRecord,
};
#[cfg(feature = "sqlite")]
pub use sqlite::{Sqlite, SqliteOptions, Synchronous};

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
/// Every method is one transaction: when it returns `Ok`, all of it is kept, also after a crash; when it returns `Err`,
/// nothing of it is. A future that is dropped before it is done may or may not have written, but never a part. Every method
/// that is given the id of a run that does not exist fails with [`StoreError::UnknownRun`], except
/// [`find`](Store::find). Times are milliseconds since the Unix epoch.
///
/// # Claims
/// A run has at most one driver. [`create`](Store::create), [`create_from`](Store::create_from) and
/// [`claim`](Store::claim) hand out a *fence*, a number that grows with every claim; a write with an older fence is refused
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
/// outlives the run.
pub trait Store: Send + Sync + 'static {
    /// Writes a new run, already claimed by this store handle, and returns its fence. Its `wake` is its deadline.
    ///
    /// Fails with [`StoreError::AlreadyExists`] for an id that is taken.
    fn create<'a>(&'a self, run: &'a NewRun) -> StoreFuture<'a, u64>;

    /// As [`create`](Store::create), for a run that stands somewhere already: with these frames and these pauses, taken over
    /// as they are. Its history begins with one checkpoint per frame, in the order given;
    /// its `wake` is the earliest of its frames' and its deadline.
    fn create_from<'a>(
        &'a self,
        run: &'a NewRun,
        frames: &'a [FrameRecord],
        pauses: &'a [PauseRecord],
    ) -> StoreFuture<'a, u64>;

    /// Reads one run, `None` if there is none of this id.
    fn find<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Option<RunRecord>>;

    /// Lists runs, the newest first.
    fn list<'a>(&'a self, filter: &'a RunFilter) -> StoreFuture<'a, Vec<RunRecord>>;

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

    /// Moves one frame, writes the bindings that changed and the pause it asks, and removes the frames it leaves behind; or
    /// [marks](Checkpoint::mark) it. A pause id that the run has used before is an error.
    ///
    /// The frame's pause, `wake` and `trying` become what the checkpoint says, nothing included. A checkpoint that wants to
    /// be woken earlier than the run's `wake` sets that as well.
    fn checkpoint<'a>(&'a self, run: &'a str, fence: u64, checkpoint: &'a Checkpoint) -> StoreFuture<'a, ()>;

    /// Marks the run as paused and gives the claim back, unless a frame stands at a pause that has been answered or has
    /// expired. Returns whether the run was parked. A run that is being undone keeps that status.
    ///
    /// The run's `wake` becomes the earliest of its frames' and its deadline.
    fn park<'a>(&'a self, run: &'a str, fence: u64) -> StoreFuture<'a, bool>;

    /// Ends the run and gives the claim back; nothing wakes it any more. A run that completed or was cancelled loses its
    /// frames, one that failed keeps them.
    fn finish<'a>(&'a self, run: &'a str, fence: u64, finish: &'a Finish) -> StoreFuture<'a, ()>;

    /// Answers one pause. Of many answers to one pause exactly one is [`AnswerReceipt::Accepted`].
    ///
    /// A run that gets an answer is due at once, so that it goes on even if whoever gave it is killed.
    ///
    /// An answer given at the pause's deadline or later marks the pause as expired. Fails with
    /// [`StoreError::UnknownPause`] for a pause that was never asked.
    fn answer<'a>(&'a self, run: &'a str, pause: &'a str, answer: &'a Answer) -> StoreFuture<'a, AnswerReceipt>;

    /// Marks a pause that nobody has answered as expired. Returns whether it is expired now; `false` says that somebody
    /// answered before. Fails with [`StoreError::UnknownPause`] for a pause that was never asked.
    fn expire<'a>(&'a self, run: &'a str, fence: u64, pause: &'a str, at: i64) -> StoreFuture<'a, bool>;

    /// The runs of these workflows whose `wake` is not after `now` and that nobody drives, be it that they were parked or that
    /// their driver is dead: the earliest first, `limit` at most. Also when the next timer after `now` is due, of all runs.
    fn due<'a>(&'a self, workflows: &'a [&'a str], now: i64, limit: u32) -> StoreFuture<'a, Due>;

    /// Cancels a run, whoever drives it: the driver's fence counts no more.
    ///
    /// If nothing is left to be undone, the run has ended and lost its frames. If there is, the run is
    /// [`RunStatus::Undoing`] without a failure, is claimed by nobody, and is due at `at`.
    fn cancel<'a>(&'a self, run: &'a str, at: i64) -> StoreFuture<'a, CancelReceipt>;

    /// Makes a failed run one that can be claimed again, and is due at `at`.
    ///
    /// A run of which something could not be undone is [`RunStatus::Undoing`] again, with the failure it had, and these are
    /// to be tried again. A run of which all was undone stays as it is. Any other is paused where it failed, without a
    /// failure and without a deadline, and these frames try what is said here.
    fn reopen<'a>(&'a self, run: &'a str, at: i64, frames: &'a [FrameMark]) -> StoreFuture<'a, ReopenReceipt>;

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
    ) -> StoreFuture<'a, bool>;

    /// Reads all that can be undone of a run or has been, in the order in which it was done.
    fn undos<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<UndoRecord>>;

    /// Marks one of the [`undos`](Store::undos) as done, or, with a failure, as one that could not be undone.
    fn undone<'a>(
        &'a self,
        run: &'a str,
        fence: u64,
        seq: u64,
        n: u32,
        failure: Option<&'a str>,
        at: i64,
    ) -> StoreFuture<'a, ()>;

    /// Lists the checkpoints of a run in the order in which they were written. Their numbers have no gaps.
    fn history<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<CheckpointRecord>>;

    /// The frames of a run as they were right after checkpoint `seq`, in no particular order; none at 0, which is before the
    /// first. `None` if no such checkpoint is kept.
    ///
    /// Pause and `wake` of a frame are those of its last checkpoint until then, whatever was marked since; it tries nothing.
    fn frames_at<'a>(&'a self, run: &'a str, seq: u64) -> StoreFuture<'a, Option<Vec<FrameRecord>>>;
}
