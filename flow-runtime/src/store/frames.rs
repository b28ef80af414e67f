//! The frames of a run as plain data, and what a checkpoint does to them: for the store in memory, and for every store that
//! has to say how the frames were long ago.

use std::{borrow::Cow, collections::BTreeMap, ops::Bound};

use super::{Binding, Checkpoint, CheckpointRecord, FrameMark, FrameRecord, RunStatus};

/// The frames of a run as plain data, by path: for a store that has to tell from a history how they were long ago.
#[derive(Debug, Clone, Default)]
pub struct Frames(BTreeMap<String, FrameRecord>);

/// Removes the entries whose path begins with `prefix`, which stand side by side.
pub(crate) fn forget<T>(by_path: &mut BTreeMap<String, T>, prefix: &str) {
    let from = by_path.range::<str, _>((Bound::Included(prefix), Bound::Unbounded)).map(|(path, _)| path);
    let gone: Vec<String> = from.take_while(|path| path.starts_with(prefix)).cloned().collect();
    gone.iter().for_each(|path| drop(by_path.remove(path)));
}

/// The last checkpoint of a run that need not be kept if this many are to be: what is needed to undo a run stays while it can be
/// undone. `undo` is the smallest [number](super::UndoRecord::seq) of what has not been undone.
pub(super) fn prunable(status: RunStatus, last: u64, checkpoints: u64, undo: Option<u64>) -> u64 {
    let until = last.saturating_sub(checkpoints);
    match status {
        RunStatus::Completed | RunStatus::Cancelled => until,
        RunStatus::Running | RunStatus::Paused | RunStatus::Undoing | RunStatus::Failed => {
            undo.map_or(until, |seq| until.min(seq.saturating_sub(1)))
        }
    }
}

/// What one checkpoint in a run's history did to the frames. The fields are those of a [`Checkpoint`].
#[derive(Debug, Clone)]
pub struct Move {
    /// Path of the frame.
    pub path: String,
    /// Name of the point it has reached.
    pub at: Cow<'static, str>,
    /// Id of the pause it asked.
    pub pause: Option<String>,
    /// When it wanted to be woken, in milliseconds since the Unix epoch.
    pub wake: Option<i64>,
    /// All frames whose path begins so were left behind.
    pub forget: Option<String>,
    /// Of its bindings only these were kept; `None` for all.
    pub keep: Option<Vec<Cow<'static, str>>>,
    /// The bindings that changed.
    pub bindings: Vec<Binding>,
    /// How many checkpoints the frame has made with this one; `None` for one more than before. Said where a history begins
    /// with frames that have made some.
    pub moves: Option<u64>,
    /// When it was written, in milliseconds since the Unix epoch.
    pub time: i64,
}

impl Move {
    /// What the history keeps of a checkpoint.
    pub(super) fn of(checkpoint: &Checkpoint, time: i64) -> Self {
        Move {
            path: checkpoint.path.to_string(),
            at: checkpoint.at.clone(),
            pause: checkpoint.asked.as_ref().map(|pause| pause.id.clone()),
            wake: checkpoint.wake,
            forget: checkpoint.forget.clone(),
            keep: checkpoint.keep.map(|names| names.iter().copied().map(Cow::Borrowed).collect()),
            bindings: checkpoint.bindings.clone(),
            moves: None,
            time,
        }
    }

    /// What brings a frame into being as it is.
    pub(super) fn to(frame: &FrameRecord, time: i64) -> Self {
        Move {
            path: frame.path.clone(),
            at: Cow::Owned(frame.at.clone()),
            pause: frame.pause.clone(),
            wake: frame.wake,
            forget: None,
            keep: None,
            bindings: frame.bindings.clone(),
            moves: Some(frame.moves),
            time,
        }
    }

    /// It as the checkpoint of this number.
    pub(super) fn record(&self, seq: u64) -> CheckpointRecord {
        CheckpointRecord { seq, path: self.path.clone(), at: self.at.to_string(), time: self.time }
    }
}

impl Frames {
    /// Makes one move.
    pub fn apply(&mut self, made: &Move) {
        if let Some(prefix) = &made.forget {
            self.forget(prefix);
        }
        let frame = self.frame(&made.path, "");
        made.at.as_ref().clone_into(&mut frame.at);
        frame.pause.clone_from(&made.pause);
        frame.wake = made.wake;
        frame.trying = None;
        frame.moves = made.moves.unwrap_or(frame.moves + 1);
        for new in &made.bindings {
            match frame.bindings.iter_mut().find(|old| old.name == new.name) {
                Some(old) => old.value.clone_from(&new.value),
                None => frame.bindings.push(new.clone()),
            }
        }
        if let Some(names) = &made.keep {
            frame.bindings.retain(|binding| names.contains(&binding.name));
        }
    }

    /// Sets what a checkpoint says about its frame and the history does not tell: all of a mark, and what is being tried.
    pub(super) fn mark(&mut self, checkpoint: &Checkpoint) {
        let frame = self.frame(&checkpoint.path, &checkpoint.at);
        frame.pause = checkpoint.asked.as_ref().map(|pause| pause.id.clone());
        frame.wake = checkpoint.wake;
        frame.trying.clone_from(&checkpoint.trying);
    }

    /// Sets what a frame tries, if it is there.
    pub(super) fn set(&mut self, mark: &FrameMark) {
        if let Some(frame) = self.0.get_mut(&mark.path) {
            frame.pause.clone_from(&mark.pause);
            frame.wake = mark.wake;
            frame.trying.clone_from(&mark.trying);
        }
    }

    /// Has a frame want to be woken at another time, if it waits at this pause.
    pub(super) fn wake_at(&mut self, path: &str, pause: &str, wake: i64) {
        if let Some(frame) = self.0.get_mut(path).filter(|frame| frame.pause.as_deref() == Some(pause)) {
            frame.wake = Some(wake);
        }
    }

    /// The frame of this path; a new one stands at `at`.
    fn frame(&mut self, path: &str, at: &str) -> &mut FrameRecord {
        let path = path.to_owned();
        let new = |path: &String| FrameRecord { path: path.clone(), at: at.to_owned(), ..FrameRecord::default() };
        self.0.entry(path).or_insert_with_key(new)
    }

    /// Removes the frames whose path begins with `prefix`.
    fn forget(&mut self, prefix: &str) {
        forget(&mut self.0, prefix);
    }

    pub(super) fn get(&self, path: &str) -> Option<&FrameRecord> {
        self.0.get(path)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &FrameRecord> {
        self.0.values()
    }

    pub(super) fn insert(&mut self, frame: FrameRecord) {
        self.0.insert(frame.path.clone(), frame);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The frames, in the order of their paths.
    pub fn into_records(self) -> Vec<FrameRecord> {
        self.0.into_values().collect()
    }
}
