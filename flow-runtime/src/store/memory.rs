//! Runs kept in memory, for tests and for programs that need no durability.

use crate::lock::lock;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, Weak},
};

use super::{
    Answer, AnswerReceipt, Checkpoint, Claim, Finish, FrameRecord, NewRun, PauseRecord, RunFilter, RunRecord,
    RunStatus, Store, StoreError, StoreFuture,
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
    frames: BTreeMap<String, FrameRecord>,
    pauses: Vec<PauseRecord>,
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
        Box::pin(std::future::ready(result))
    }
}

impl Entry {
    fn check(&self, fence: u64) -> Result<(), StoreError> {
        if self.driver.is_some() && self.fence == fence {
            return Ok(());
        }
        Err(StoreError::Fenced { run: self.record.run.id.clone() })
    }

    fn has_unread_answer(&self) -> bool {
        self.frames
            .values()
            .filter_map(|frame| frame.pause.as_ref())
            .any(|waits_at| self.pauses.iter().any(|pause| pause.pause.id == *waits_at && pause.answer.is_some()))
    }

    fn set_status(&mut self, status: RunStatus) {
        self.record.status = status;
        self.record.updated_at = now_ms();
    }
}

impl Store for Memory {
    fn create<'a>(&'a self, run: &'a NewRun) -> StoreFuture<'a, u64> {
        let mut runs = self.lock();
        if runs.contains_key(&run.id) {
            return Box::pin(std::future::ready(Err(StoreError::AlreadyExists { run: run.id.clone() })));
        }
        let record = RunRecord {
            run: run.clone(),
            status: RunStatus::Running,
            output: None,
            failure: None,
            updated_at: run.created_at,
        };
        let driver = Some(Arc::downgrade(&self.handle));
        runs.insert(run.id.clone(), Entry { record, fence: 1, driver, frames: BTreeMap::new(), pauses: Vec::new() });
        Box::pin(std::future::ready(Ok(1)))
    }

    fn find<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Option<RunRecord>> {
        let found = self.lock().get(run).map(|entry| entry.record.clone());
        Box::pin(std::future::ready(Ok(found)))
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
        Box::pin(std::future::ready(Ok(found)))
    }

    fn claim<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Claim> {
        let handle = Arc::downgrade(&self.handle);
        self.with(run, |entry| {
            if matches!(entry.record.status, RunStatus::Completed | RunStatus::Failed) {
                return Ok(Claim::Ended);
            }
            if entry.driver.as_ref().is_some_and(|driver| driver.strong_count() > 0) {
                return Ok(Claim::Busy);
            }
            entry.fence += 1;
            entry.driver = Some(handle);
            entry.set_status(RunStatus::Running);
            Ok(Claim::Claimed(entry.fence))
        })
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
        self.with(run, |entry| Ok(entry.frames.values().cloned().collect()))
    }

    fn pauses<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<PauseRecord>> {
        self.with(run, |entry| Ok(entry.pauses.clone()))
    }

    fn checkpoint<'a>(&'a self, run: &'a str, fence: u64, checkpoint: &'a Checkpoint) -> StoreFuture<'a, ()> {
        self.with(run, |entry| {
            entry.check(fence)?;
            if let Some(asked) = &checkpoint.asked
                && entry.pauses.iter().any(|known| known.pause.id == asked.id)
            {
                return Err(StoreError::backend(
                    format!("ask pause `{}`", asked.id),
                    "a pause of this id was asked before",
                ));
            }
            if let Some(prefix) = &checkpoint.forget {
                entry.frames.retain(|path, _| !path.starts_with(prefix.as_str()));
            }
            let path = checkpoint.path.to_string();
            let frame = entry.frames.entry(path.clone()).or_insert_with(|| FrameRecord {
                path,
                at: String::new(),
                pause: None,
                bindings: Vec::new(),
            });
            frame.at = checkpoint.at.to_string();
            frame.pause = checkpoint.asked.as_ref().map(|pause| pause.id.clone());
            for new in &checkpoint.bindings {
                match frame.bindings.iter_mut().find(|old| old.name == new.name) {
                    Some(old) => old.value.clone_from(&new.value),
                    None => frame.bindings.push(new.clone()),
                }
            }
            if let Some(names) = checkpoint.keep {
                frame.bindings.retain(|binding| names.contains(&&*binding.name));
            }
            if let Some(pause) = &checkpoint.asked {
                entry.pauses.push(PauseRecord { pause: pause.clone(), answer: None });
            }
            Ok(())
        })
    }

    fn park<'a>(&'a self, run: &'a str, fence: u64) -> StoreFuture<'a, bool> {
        self.with(run, |entry| {
            entry.check(fence)?;
            if entry.has_unread_answer() {
                return Ok(false);
            }
            entry.driver = None;
            entry.set_status(RunStatus::Paused);
            Ok(true)
        })
    }

    fn finish<'a>(&'a self, run: &'a str, fence: u64, finish: &'a Finish) -> StoreFuture<'a, ()> {
        self.with(run, |entry| {
            entry.check(fence)?;
            entry.driver = None;
            match finish {
                Finish::Completed(output) => {
                    entry.record.output = Some(output.clone());
                    entry.frames.clear();
                    entry.set_status(RunStatus::Completed);
                }
                Finish::Failed(failure) => {
                    entry.record.failure = Some(failure.clone());
                    entry.set_status(RunStatus::Failed);
                }
            }
            Ok(())
        })
    }

    fn answer<'a>(&'a self, run: &'a str, pause: &'a str, answer: &'a Answer) -> StoreFuture<'a, AnswerReceipt> {
        self.with(run, |entry| {
            let Some(index) = entry.pauses.iter().position(|known| known.pause.id == pause) else {
                return Err(StoreError::UnknownPause { run: run.to_owned(), pause: pause.to_owned() });
            };
            if let Some(before) = &entry.pauses[index].answer {
                return Ok(AnswerReceipt::AlreadyAnswered(before.clone()));
            }
            let ended = matches!(entry.record.status, RunStatus::Completed | RunStatus::Failed);
            if ended || !entry.frames.values().any(|frame| frame.pause.as_deref() == Some(pause)) {
                return Ok(AnswerReceipt::NotWaiting);
            }
            entry.pauses[index].answer = Some(answer.clone());
            Ok(AnswerReceipt::Accepted)
        })
    }
}
