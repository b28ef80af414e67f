//! Runs kept in memory, for tests and for programs that need no durability.

use crate::lock::lock;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, Weak},
};

use super::{
    Answer, AnswerReceipt, CancelReceipt, Checkpoint, CheckpointRecord, Claim, Due, Finish, FrameMark, FrameRecord,
    LOOK_AGAIN, NewPause, NewRun, NewUndo, PauseRecord, ReopenReceipt, RunFilter, RunRecord, RunStatus, Store,
    StoreError, StoreFuture, UndoRecord,
    frames::{Frames, Move},
};
use crate::clock::now_ms;

/// A store in memory. Clones share their content and count as one driver.
#[derive(Debug, Clone)]
pub struct Memory {
    shared: Arc<Mutex<BTreeMap<String, Entry>>>,
    handle: Arc<()>,
}

#[derive(Debug)]
struct Entry {
    record: RunRecord,
    fence: u64,
    driver: Option<Weak<()>>,
    frames: Frames,
    pauses: Pauses,
    /// Checkpoint `n` is at `n - 1`.
    history: Vec<Move>,
    undos: Vec<UndoRecord>,
}

/// Pauses in the order in which they were asked.
#[derive(Debug, Default)]
struct Pauses {
    asked: Vec<PauseRecord>,
    by_id: HashMap<String, usize>,
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Memory {
    /// An empty store.
    pub fn new() -> Self {
        Memory { shared: Arc::default(), handle: Arc::new(()) }
    }

    /// The same content as another process would see it: this handle's claims are not the new one's, and they end when
    /// this handle and its clones are gone.
    pub fn reopen(&self) -> Self {
        Memory { shared: self.shared.clone(), handle: Arc::new(()) }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Entry>> {
        lock(&self.shared)
    }

    fn with<T>(&self, run: &str, f: impl FnOnce(&mut Entry) -> Result<T, StoreError>) -> StoreFuture<'static, T>
    where
        T: Send + 'static,
    {
        let result = match self.lock().get_mut(run) {
            Some(entry) => f(entry),
            None => Err(StoreError::UnknownRun { run: run.to_owned() }),
        };
        ready(result)
    }
}

fn ready<T: Send + 'static>(result: Result<T, StoreError>) -> StoreFuture<'static, T> {
    Box::pin(std::future::ready(result))
}

impl Pauses {
    fn get(&self, id: &str) -> Option<&PauseRecord> {
        self.by_id.get(id).and_then(|&index| self.asked.get(index))
    }

    fn get_mut(&mut self, id: &str) -> Option<&mut PauseRecord> {
        self.by_id.get(id).and_then(|&index| self.asked.get_mut(index))
    }

    fn ask(&mut self, pause: &NewPause) {
        self.add(PauseRecord { pause: pause.clone(), answer: None, expired_at: None });
    }

    fn add(&mut self, pause: PauseRecord) {
        self.by_id.insert(pause.pause.id.clone(), self.asked.len());
        self.asked.push(pause);
    }
}

impl Entry {
    fn new(run: &NewRun, driver: Weak<()>) -> Self {
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
            history: Vec::new(),
            undos: Vec::new(),
        }
    }

    fn holds(&self, fence: u64) -> bool {
        self.driver.is_some() && self.fence == fence
    }

    fn check(&self, fence: u64) -> Result<(), StoreError> {
        if self.holds(fence) {
            return Ok(());
        }
        Err(StoreError::Fenced { run: self.record.run.id.clone() })
    }

    fn is_driven(&self) -> bool {
        self.driver.as_ref().is_some_and(|driver| driver.strong_count() > 0)
    }

    fn unknown_pause(&self, pause: &str) -> StoreError {
        StoreError::UnknownPause { run: self.record.run.id.clone(), pause: pause.to_owned() }
    }

    /// Whether a frame stands at a pause that is answered or expired.
    fn has_news(&self) -> bool {
        let pauses = self.frames.iter().filter_map(|frame| self.pauses.get(frame.pause.as_deref()?));
        pauses.into_iter().any(|pause| pause.answer.is_some() || pause.expired_at.is_some())
    }

    fn first_wake(&self) -> Option<i64> {
        self.frames.iter().filter_map(|frame| frame.wake).chain(self.record.run.deadline).min()
    }

    /// Ends the run.
    fn finish(&mut self, finish: &Finish) {
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

    /// Adds what can be undone from this checkpoint on.
    fn note_undos(&mut self, seq: usize, undos: &[NewUndo]) {
        let seq = seq as u64;
        for undo in undos {
            let n = self.undos.last().filter(|last| last.seq == seq).map_or(0, |last| last.n + 1);
            let NewUndo { path, step, output } = undo.clone();
            self.undos.push(UndoRecord { seq, n, path, step, output, done_at: None, failure: None });
        }
    }

    fn set_status(&mut self, status: RunStatus) {
        self.record.status = status;
        self.record.updated_at = now_ms();
    }
}

impl Store for Memory {
    fn create<'a>(&'a self, run: &'a NewRun) -> StoreFuture<'a, u64> {
        self.create_from(run, &[], &[])
    }

    fn create_from<'a>(
        &'a self,
        run: &'a NewRun,
        frames: &'a [FrameRecord],
        pauses: &'a [PauseRecord],
    ) -> StoreFuture<'a, u64> {
        let mut runs = self.lock();
        if runs.contains_key(&run.id) {
            return ready(Err(StoreError::AlreadyExists { run: run.id.clone() }));
        }
        let mut entry = Entry::new(run, Arc::downgrade(&self.handle));
        for frame in frames {
            entry.history.push(Move::to(frame, run.created_at));
            entry.frames.insert(frame.clone());
        }
        pauses.iter().for_each(|pause| entry.pauses.add(pause.clone()));
        entry.record.wake = entry.first_wake();
        let fence = entry.fence;
        runs.insert(run.id.clone(), entry);
        ready(Ok(fence))
    }

    fn find<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Option<RunRecord>> {
        ready(Ok(self.lock().get(run).map(|entry| entry.record.clone())))
    }

    fn list<'a>(&'a self, filter: &'a RunFilter) -> StoreFuture<'a, Vec<RunRecord>> {
        let mut found: Vec<RunRecord> = self.lock().values().map(|entry| entry.record.clone()).collect();
        found.retain(|record| {
            filter.workflow.as_ref().is_none_or(|workflow| record.run.workflow == *workflow)
                && filter.status.is_none_or(|status| record.status == status)
                && filter.session.as_ref().is_none_or(|session| record.run.session.as_ref() == Some(session))
        });
        found.sort_by(|a, b| (b.run.created_at, &b.run.id).cmp(&(a.run.created_at, &a.run.id)));
        found.truncate(filter.limit as usize);
        ready(Ok(found))
    }

    fn claim<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Claim> {
        let handle = Arc::downgrade(&self.handle);
        self.with(run, |entry| {
            if entry.record.status.has_ended() {
                return Ok(Claim::Ended);
            }
            if entry.is_driven() {
                return Ok(Claim::Busy);
            }
            entry.fence += 1;
            entry.driver = Some(handle);
            if entry.record.wake.is_some() {
                entry.record.wake = Some(now_ms() + LOOK_AGAIN);
            }
            if entry.record.status != RunStatus::Undoing {
                entry.set_status(RunStatus::Running);
            }
            Ok(Claim::Claimed(entry.fence))
        })
    }

    fn holds<'a>(&'a self, run: &'a str, fence: u64) -> StoreFuture<'a, bool> {
        self.with(run, |entry| Ok(entry.holds(fence)))
    }

    fn release<'a>(&'a self, run: &'a str, fence: u64) -> StoreFuture<'a, ()> {
        self.with(run, |entry| {
            if entry.fence == fence {
                entry.driver = None;
            }
            Ok(())
        })
    }

    fn frames<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<FrameRecord>> {
        self.with(run, |entry| Ok(entry.frames.iter().cloned().collect()))
    }

    fn frame<'a>(&'a self, run: &'a str, path: &'a str) -> StoreFuture<'a, Option<FrameRecord>> {
        self.with(run, |entry| Ok(entry.frames.get(path).cloned()))
    }

    fn pauses<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<PauseRecord>> {
        self.with(run, |entry| Ok(entry.pauses.asked.clone()))
    }

    fn checkpoint<'a>(&'a self, run: &'a str, fence: u64, checkpoint: &'a Checkpoint) -> StoreFuture<'a, ()> {
        self.with(run, |entry| {
            entry.check(fence)?;
            if let Some(asked) = &checkpoint.asked {
                if entry.pauses.get(&asked.id).is_some() {
                    let doing = format!("ask pause `{}`", asked.id);
                    return Err(StoreError::backend(doing, "a pause of this id was asked before"));
                }
                entry.pauses.ask(asked);
            }
            if !checkpoint.mark {
                let made = Move::of(checkpoint, now_ms());
                entry.frames.apply(&made);
                entry.history.push(made);
            }
            entry.frames.mark(checkpoint);
            entry.note_undos(entry.history.len() + usize::from(checkpoint.mark), &checkpoint.undo);
            entry.record.wake = entry.record.wake.into_iter().chain(checkpoint.wake).min();
            Ok(())
        })
    }

    fn park<'a>(&'a self, run: &'a str, fence: u64) -> StoreFuture<'a, bool> {
        self.with(run, |entry| {
            entry.check(fence)?;
            if entry.has_news() {
                return Ok(false);
            }
            entry.driver = None;
            entry.record.wake = entry.first_wake();
            if entry.record.status != RunStatus::Undoing {
                entry.set_status(RunStatus::Paused);
            }
            Ok(true)
        })
    }

    fn finish<'a>(&'a self, run: &'a str, fence: u64, finish: &'a Finish) -> StoreFuture<'a, ()> {
        self.with(run, |entry| {
            entry.check(fence)?;
            entry.finish(finish);
            Ok(())
        })
    }

    fn answer<'a>(&'a self, run: &'a str, pause: &'a str, answer: &'a Answer) -> StoreFuture<'a, AnswerReceipt> {
        self.with(run, |entry| {
            let ended = entry.record.status.has_ended() || entry.record.status == RunStatus::Undoing;
            let unknown = entry.unknown_pause(pause);
            let Some(record) = entry.pauses.get_mut(pause) else { return Err(unknown) };
            if let Some(before) = &record.answer {
                return Ok(AnswerReceipt::AlreadyAnswered(before.clone()));
            }
            if ended {
                return Ok(AnswerReceipt::NotWaiting);
            }
            if record.expired_at.is_some() {
                return Ok(AnswerReceipt::Expired);
            }
            let frame = entry.frames.get(&record.pause.path);
            if frame.is_none_or(|frame| frame.pause.as_deref() != Some(pause)) {
                return Ok(AnswerReceipt::NotWaiting);
            }
            if record.pause.deadline.is_some_and(|deadline| answer.at >= deadline) {
                record.expired_at = Some(answer.at);
                return Ok(AnswerReceipt::Expired);
            }
            record.answer = Some(answer.clone());
            entry.record.wake = entry.record.wake.into_iter().chain([answer.at]).min();
            Ok(AnswerReceipt::Accepted)
        })
    }

    fn expire<'a>(&'a self, run: &'a str, fence: u64, pause: &'a str, at: i64) -> StoreFuture<'a, bool> {
        self.with(run, |entry| {
            entry.check(fence)?;
            let unknown = entry.unknown_pause(pause);
            let Some(record) = entry.pauses.get_mut(pause) else { return Err(unknown) };
            if record.answer.is_none() && record.expired_at.is_none() {
                record.expired_at = Some(at);
            }
            Ok(record.expired_at.is_some())
        })
    }

    fn due<'a>(&'a self, workflows: &'a [&'a str], now: i64, limit: u32) -> StoreFuture<'a, Due> {
        let runs = self.lock();
        let waking = || runs.iter().filter_map(|(id, entry)| Some((entry.record.wake?, id, entry)));
        let mut due: Vec<(i64, &String)> = waking()
            .filter(|(wake, _, entry)| *wake <= now && !entry.is_driven())
            .filter(|(.., entry)| workflows.contains(&entry.record.run.workflow.as_str()))
            .map(|(wake, id, _)| (wake, id))
            .collect();
        due.sort();
        due.truncate(limit as usize);
        let next = waking().map(|(wake, ..)| wake).filter(|wake| *wake > now).min();
        ready(Ok(Due { runs: due.into_iter().map(|(_, id)| id.clone()).collect(), next }))
    }

    fn cancel<'a>(&'a self, run: &'a str, at: i64) -> StoreFuture<'a, CancelReceipt> {
        self.with(run, |entry| {
            let status = entry.record.status;
            if status.has_ended() || status == RunStatus::Undoing {
                return Ok(CancelReceipt::Ended(status));
            }
            entry.driver = None;
            entry.fence += 1;
            if entry.undos.iter().any(|undo| undo.done_at.is_none()) {
                entry.record.wake = Some(at);
                entry.set_status(RunStatus::Undoing);
                return Ok(CancelReceipt::Undoing);
            }
            entry.record.wake = None;
            entry.frames.clear();
            entry.set_status(RunStatus::Cancelled);
            Ok(CancelReceipt::Cancelled)
        })
    }

    fn reopen<'a>(&'a self, run: &'a str, at: i64, frames: &'a [FrameMark]) -> StoreFuture<'a, ReopenReceipt> {
        self.with(run, |entry| {
            if entry.record.status != RunStatus::Failed {
                return Ok(ReopenReceipt::NotFailed(entry.record.status));
            }
            let stuck = |undo: &&mut UndoRecord| undo.done_at.is_none() && undo.failure.is_some();
            let again = entry.undos.iter_mut().filter(stuck).map(|undo| undo.failure = None).count();
            if again == 0 && entry.undos.iter().any(|undo| undo.done_at.is_some()) {
                return Ok(ReopenReceipt::Undone);
            }
            entry.record.wake = Some(at);
            if again > 0 {
                entry.set_status(RunStatus::Undoing);
                return Ok(ReopenReceipt::Reopened);
            }
            frames.iter().for_each(|mark| entry.frames.set(mark));
            entry.record.failure = None;
            entry.record.run.deadline = None;
            entry.set_status(RunStatus::Paused);
            Ok(ReopenReceipt::Reopened)
        })
    }

    fn begin_undo<'a>(
        &'a self,
        run: &'a str,
        fence: u64,
        failure: Option<&'a str>,
        undos: &'a [NewUndo],
    ) -> StoreFuture<'a, bool> {
        self.with(run, |entry| {
            entry.check(fence)?;
            entry.note_undos(entry.history.len() + 1, undos);
            if entry.undos.iter().all(|undo| undo.done_at.is_some()) {
                entry.finish(&failure.map_or(Finish::Cancelled, |failure| Finish::Failed(failure.to_owned())));
                return Ok(false);
            }
            entry.record.failure = failure.map(str::to_owned);
            entry.record.wake = Some(now_ms() + LOOK_AGAIN);
            entry.set_status(RunStatus::Undoing);
            Ok(true)
        })
    }

    fn undos<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<UndoRecord>> {
        self.with(run, |entry| Ok(entry.undos.clone()))
    }

    fn undone<'a>(
        &'a self,
        run: &'a str,
        fence: u64,
        seq: u64,
        n: u32,
        failure: Option<&'a str>,
        at: i64,
    ) -> StoreFuture<'a, ()> {
        self.with(run, |entry| {
            entry.check(fence)?;
            let Some(undo) = entry.undos.iter_mut().find(|undo| (undo.seq, undo.n) == (seq, n)) else {
                return Err(StoreError::unknown_undo(run, seq, n));
            };
            undo.failure = failure.map(str::to_owned);
            undo.done_at = failure.is_none().then_some(at);
            Ok(())
        })
    }

    fn history<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<CheckpointRecord>> {
        self.with(run, |entry| Ok((1..).zip(&entry.history).map(|(seq, made)| made.record(seq)).collect()))
    }

    fn frames_at<'a>(&'a self, run: &'a str, seq: u64) -> StoreFuture<'a, Option<Vec<FrameRecord>>> {
        self.with(run, |entry| {
            let moves = usize::try_from(seq).ok().and_then(|seq| entry.history.get(..seq));
            Ok(moves.map(|moves| Frames::after(moves).into_records()))
        })
    }
}
