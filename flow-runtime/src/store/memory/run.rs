//! One run in memory.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Weak,
};

use super::super::{
    Finish, NewPause, NewRun, NewUndo, PauseRecord, RunRecord, RunStatus, StoreError, UndoRecord,
    frames::{Frames, Move, prunable},
    texts::{names_pause, time_of},
};
use crate::clock::now_ms;

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) record: RunRecord,
    pub(super) fence: u64,
    pub(super) driver: Option<Weak<()>>,
    pub(super) frames: Frames,
    pub(super) pauses: Pauses,
    /// The number of the last checkpoint that is not kept, and the frames it led to.
    pub(super) base: (usize, Frames),
    /// Checkpoint `n` is at `n - 1`, less those that are not kept.
    pub(super) history: VecDeque<Move>,
    pub(super) undos: Vec<UndoRecord>,
    /// The number of the last event that is not kept.
    pub(super) events_gone: u64,
    pub(super) events: VecDeque<String>,
}

/// Pauses in the order in which they were asked.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    pub(super) asked: Vec<PauseRecord>,
    pub(super) by_id: HashMap<String, usize>,
}

impl Pauses {
    /// Those of these ids, and the last.
    pub(super) fn of(&self, ids: &[String]) -> Vec<PauseRecord> {
        let known = ids.iter().filter_map(|id| self.by_id.get(id).copied());
        let wanted: BTreeSet<usize> = known.chain(self.asked.len().checked_sub(1)).collect();
        wanted.into_iter().filter_map(|index| self.asked.get(index).cloned()).collect()
    }

    pub(super) fn get(&self, id: &str) -> Option<&PauseRecord> {
        self.by_id.get(id).and_then(|&index| self.asked.get(index))
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut PauseRecord> {
        self.by_id.get(id).and_then(|&index| self.asked.get_mut(index))
    }

    pub(super) fn ask(&mut self, pause: &NewPause) {
        let same = |before: &&PauseRecord| {
            let before = &before.pause;
            (&before.path, &before.point, &before.name) == (&pause.path, &pause.point, &pause.name)
        };
        let asked_before = self.asked.iter().rfind(same).map_or(0, |before| before.pause.asked_before + 1);
        self.add(NewPause { asked_before, ..pause.clone() }.into());
    }

    /// Nobody needs to answer these any more.
    pub(super) fn withdraw(&mut self, pauses: &[String]) {
        for id in pauses {
            if let Some(pause) = self.get_mut(id).filter(|pause| pause.answer.is_none()) {
                pause.withdrawn_at = Some(now_ms());
            }
        }
    }

    /// Forgets what was answered or let go before a time, except what a frame stands at, now or where the history begins, and
    /// the last.
    fn prune(&mut self, before: i64, frames: &Frames, base: &Frames) {
        let stands: Vec<&str> = frames.iter().chain(base.iter()).filter_map(|frame| frame.pause.as_deref()).collect();
        let noted: Vec<&str> = frames.iter().filter_map(|frame| frame.trying.as_deref()).collect();
        let mut left = self.asked.len();
        self.asked.retain(|pause| {
            left -= 1;
            let id = pause.pause.id.as_str();
            let done = pause.answer.as_ref().map(|answer| answer.at).or(pause.expired_at).or(pause.withdrawn_at);
            let needed = stands.contains(&id) || noted.iter().any(|noted| names_pause(noted, id));
            left == 0 || needed || done.is_none_or(|done| done >= before)
        });
        self.by_id = self.asked.iter().enumerate().map(|(index, pause)| (pause.pause.id.clone(), index)).collect();
    }

    pub(super) fn add(&mut self, pause: PauseRecord) {
        self.by_id.insert(pause.pause.id.clone(), self.asked.len());
        self.asked.push(pause);
    }
}

impl Entry {
    pub(super) fn new(run: &NewRun, driver: Weak<()>) -> Self {
        let record = RunRecord {
            run: run.clone(),
            status: RunStatus::Running,
            output: None,
            failure: None,
            wake: run.deadline,
            updated_at: run.created_at,
        };
        Entry {
            record,
            fence: 1,
            driver: Some(driver),
            frames: Frames::default(),
            pauses: Pauses::default(),
            base: (0, Frames::default()),
            history: VecDeque::new(),
            undos: Vec::new(),
            events_gone: 0,
            events: VecDeque::new(),
        }
    }

    pub(super) fn holds(&self, fence: u64) -> bool {
        self.driver.is_some() && self.fence == fence
    }

    pub(super) fn check(&self, fence: u64) -> Result<(), StoreError> {
        if self.holds(fence) {
            return Ok(());
        }
        Err(StoreError::Fenced { run: self.record.run.id.clone() })
    }

    pub(super) fn is_driven(&self) -> bool {
        self.driver.as_ref().is_some_and(|driver| driver.strong_count() > 0)
    }

    pub(super) fn unknown_pause(&self, pause: &str) -> StoreError {
        StoreError::UnknownPause { run: self.record.run.id.clone(), pause: pause.to_owned() }
    }

    /// Whether a frame stands at a pause that is answered or expired.
    pub(super) fn has_news(&self) -> bool {
        let pauses = self.frames.iter().filter_map(|frame| self.pauses.get(frame.pause.as_deref()?));
        pauses.into_iter().any(|pause| pause.answer.is_some() || pause.expired_at.is_some())
    }

    pub(super) fn first_wake(&self) -> Option<i64> {
        self.frames.iter().filter_map(|frame| frame.wake).chain(self.record.run.deadline).min()
    }

    /// Ends the run.
    pub(super) fn finish(&mut self, finish: &Finish) {
        let (status, output, failure) = match finish {
            Finish::Completed(output) => (RunStatus::Completed, Some(output), None),
            Finish::Failed(failure) => (RunStatus::Failed, None, Some(failure)),
            Finish::Cancelled => (RunStatus::Cancelled, None, None),
        };
        self.driver = None;
        self.record.wake = None;
        self.record.output = output.cloned();
        self.record.failure = failure.cloned();
        if status != RunStatus::Failed {
            self.frames.clear();
        }
        self.set_status(status);
    }

    /// The number of the last checkpoint.
    pub(super) fn last(&self) -> usize {
        self.base.0 + self.history.len()
    }

    /// The frames after a checkpoint, if it is kept.
    pub(super) fn frames_at(&self, seq: u64) -> Option<Frames> {
        let moves = usize::try_from(seq).ok()?.checked_sub(self.base.0)?;
        if moves > self.history.len() {
            return None;
        }
        let mut frames = self.base.1.clone();
        self.history.iter().take(moves).for_each(|made| frames.apply(made));
        Some(frames)
    }

    pub(super) fn tell(&mut self, events: &[String]) {
        self.events.extend(events.iter().cloned());
    }

    /// Forgets all but so many of the last checkpoints and what is needed to undo. Returns how many are gone.
    pub(super) fn prune(&mut self, checkpoints: u64) -> usize {
        let undo = self.undos.iter().filter(|undo| undo.done_at.is_none()).map(|undo| undo.seq).min();
        let until = prunable(self.record.status, self.last() as u64, checkpoints, undo);
        let count = until.saturating_sub(self.base.0 as u64);
        let Some(count) = usize::try_from(count).ok().filter(|count| *count > 0) else { return 0 };
        let oldest = self.history.get(count).or(self.history.back()).map_or(0, |made| made.time);
        for made in self.history.drain(..count) {
            self.base.1.apply(&made);
        }
        self.base.0 += count;
        self.pauses.prune(oldest, &self.frames, &self.base.1);
        while self.events.len() > 1 && self.events.front().is_some_and(|event| time_of(event) < oldest) {
            self.events.pop_front();
            self.events_gone += 1;
        }
        count
    }

    /// Adds what can be undone from this checkpoint on.
    pub(super) fn note_undos(&mut self, seq: usize, undos: &[NewUndo]) {
        let seq = seq as u64;
        for undo in undos {
            let n = self.undos.last().filter(|last| last.seq == seq).map_or(0, |last| last.n + 1);
            let NewUndo { path, step, output } = undo.clone();
            self.undos.push(UndoRecord { seq, n, path, step, output, done_at: None, failure: None });
        }
    }

    pub(super) fn set_status(&mut self, status: RunStatus) {
        self.record.status = status;
        self.record.updated_at = now_ms();
    }
}
