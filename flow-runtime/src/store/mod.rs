//! Where runs are kept: the [`Store`] trait, the records that cross it, and the stores of this crate.
//!
//! A store sees names and JSON text only. It knows no type, no closure and no lifetime of a workflow, so anything that can
//! keep rows and commit them together can be one.

mod memory;
mod record;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::{future::Future, pin::Pin};

pub use memory::Memory;
pub use record::{
    Answer, AnswerReceipt, Binding, Checkpoint, Claim, Finish, FrameRecord, NewPause, NewRun, PauseRecord, RunFilter,
    RunRecord, RunStatus,
};
#[cfg(feature = "sqlite")]
pub use sqlite::{Sqlite, SqliteOptions, Synchronous};

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
}

/// Keeps runs, their frames and their pauses.
///
/// Every method is one transaction: when it returns `Ok`, all of it is kept, also after a crash; when it returns `Err`,
/// nothing of it is. A future that is dropped before it is done may or may not have written, but never a part.
///
/// # Claims
/// A run has at most one driver. [`create`](Store::create) and [`claim`](Store::claim) hand out a *fence*, a number that
/// grows with every claim; a write with an older fence is refused with [`StoreError::Fenced`]. A claim ends with
/// [`park`](Store::park), with [`finish`](Store::finish), with [`release`](Store::release), and when the claiming store
/// handle is gone, be it dropped or killed.
pub trait Store: Send + Sync + 'static {
    /// Writes a new run, already claimed by this store handle, and returns its fence.
    fn create<'a>(&'a self, run: &'a NewRun) -> StoreFuture<'a, u64>;

    /// Reads one run, `None` if there is none of this id.
    fn find<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Option<RunRecord>>;

    /// Lists runs, the newest first.
    fn list<'a>(&'a self, filter: &'a RunFilter) -> StoreFuture<'a, Vec<RunRecord>>;

    /// Tries to become the only driver of a run.
    fn claim<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Claim>;

    /// Gives a claim back without a change to the run. A claim that is lost already is no error.
    fn release<'a>(&'a self, run: &'a str, fence: u64) -> StoreFuture<'a, ()>;

    /// Reads the frames of a run with their bindings, in no particular order.
    fn frames<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<FrameRecord>>;

    /// Reads all pauses of a run, in the order in which they were asked.
    fn pauses<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<PauseRecord>>;

    /// Moves one frame, writes the bindings that changed and the pause it asks, and removes the frames it leaves behind.
    /// A pause id that the run has used before is an error.
    fn checkpoint<'a>(&'a self, run: &'a str, fence: u64, checkpoint: &'a Checkpoint) -> StoreFuture<'a, ()>;

    /// Marks the run as paused and gives the claim back, unless a frame stands at a pause that has been answered.
    /// Returns whether the run was parked.
    fn park<'a>(&'a self, run: &'a str, fence: u64) -> StoreFuture<'a, bool>;

    /// Ends the run and gives the claim back. A run that completed loses its frames, one that failed keeps them.
    fn finish<'a>(&'a self, run: &'a str, fence: u64, finish: &'a Finish) -> StoreFuture<'a, ()>;

    /// Answers one pause. Of many answers to one pause exactly one is [`AnswerReceipt::Accepted`].
    fn answer<'a>(&'a self, run: &'a str, pause: &'a str, answer: &'a Answer) -> StoreFuture<'a, AnswerReceipt>;
}
