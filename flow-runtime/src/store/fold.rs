//! The frames of long ago, for who asks for them again and again: a run that is undone wants them of one checkpoint after the
//! other, backwards.

use super::frames::{Frames, Move};

/// So many checkpoints are gone through without a thought.
const NEAR: i64 = 64;

/// For a store that keeps moves: the run that was asked for last, and its frames at checkpoints on the way to where somebody may
/// ask next. Each is halfway between the one before and the end, so there are few, and going back step by step costs little more
/// than going through once.
#[derive(Debug, Default)]
pub struct Folds {
    run: String,
    asked: i64,
    goes_back: bool,
    kept: Vec<Kept>,
}

#[derive(Debug)]
struct Kept {
    seq: i64,
    time: i64,
    frames: Frames,
}

/// The way to the frames after a checkpoint.
#[derive(Debug)]
pub struct Way<'a> {
    folds: &'a mut Folds,
    wanted: i64,
    reached: i64,
    frames: Frames,
    next: Option<i64>,
}

impl Folds {
    /// Number and time of the checkpoint after which the frames are known, if one helps on the way to the checkpoint `wanted`;
    /// `first` is the last that is not kept. If it is not in the history with this time, the run is another of the same id, and
    /// all that is known has to be [cleared](Self::clear).
    pub fn known(&mut self, run: &str, first: i64, wanted: i64) -> Option<(i64, i64)> {
        if self.run != run {
            *self = Folds { run: run.to_owned(), asked: i64::MIN, ..Folds::default() };
        }
        // Who asks once more, for something earlier, will ask again.
        self.goes_back = wanted < self.asked;
        self.asked = wanted;
        self.kept.retain(|kept| (first..=wanted).contains(&kept.seq));
        self.kept.last().map(|kept| (kept.seq, kept.time))
    }

    /// Forgets what is known.
    pub fn clear(&mut self) {
        self.kept.clear();
    }

    /// Sets out for the checkpoint that was asked for last: from what is known, or else from how the frames were after the
    /// checkpoint `first`.
    pub fn way(&mut self, first: i64, begin: Frames) -> Way<'_> {
        let (reached, frames) = self.kept.last().map_or((first, begin), |kept| (kept.seq, kept.frames.clone()));
        let wanted = self.asked;
        let mut way = Way { folds: self, wanted, reached, frames, next: None };
        way.next = way.halfway();
        way
    }
}

impl Way<'_> {
    /// The checkpoint after which the frames are known by now.
    pub fn reached(&self) -> i64 {
        self.reached
    }

    /// Goes on by the next checkpoint.
    pub fn go(&mut self, seq: i64, made: &Move) {
        self.reached = seq;
        self.frames.apply(made);
        if self.next == Some(seq) {
            self.folds.kept.push(Kept { seq, time: made.time, frames: self.frames.clone() });
            self.next = self.halfway();
        }
    }

    /// The frames where the way leads, `None` if it ended before.
    pub fn end(self) -> Option<Frames> {
        (self.reached == self.wanted).then_some(self.frames)
    }

    fn halfway(&self) -> Option<i64> {
        let left = self.wanted - self.reached;
        (self.folds.goes_back && left > NEAR).then_some(self.reached + left / 2)
    }
}

#[cfg(test)]
impl Folds {
    /// How many checkpoints frames are kept of.
    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }
}
