//! Runs kept in memory, for tests and for programs that need no durability.

mod listen;
mod run;

use crate::lock::lock;
use std::{
    any::Any,
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard},
};

use super::{
    Answer, AnswerReceipt, Beginning, CancelReceipt, Change, Changes, Checkpoint, CheckpointRecord, Claim, Created,
    DefinitionRecord, Due, Effects, EventRecord, Finish, FrameMark, FrameRecord, LOOK_AGAIN, NewDefinition, NewRun,
    NewUndo, PauseRecord, Prune, Pruned, ReopenReceipt, RunCount, RunFilter, RunRecord, RunStatus, SessionFilter,
    SessionReceipt, SessionRecord, SessionWrite, Stage, Store, StoreError, StoreFuture, StoreTx, UndoRecord,
    frames::{Frames, Move},
    texts::has_metadata,
};
use crate::clock::now_ms;
use listen::Told;
use run::Entry;

/// A store in memory. Clones share their content and count as one driver.
#[derive(Debug, Clone)]
pub struct Memory {
    shared: Arc<Mutex<Content>>,
    handle: Arc<()>,
}

#[derive(Debug, Default)]
struct Content {
    runs: BTreeMap<String, Entry>,
    /// By workflow and key.
    keys: HashMap<(String, String), String>,
    sessions: BTreeMap<String, SessionRecord>,
    /// By workflow, in the order of their versions.
    definitions: BTreeMap<String, Vec<DefinitionRecord>>,
    told: Told,
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

    fn lock(&self) -> MutexGuard<'_, Content> {
        lock(&self.shared)
    }

    fn with<T>(&self, run: &str, f: impl FnOnce(&mut Entry) -> Result<T, StoreError>) -> StoreFuture<'static, T>
    where
        T: Send + 'static,
    {
        ready(self.lock().run(run).and_then(f))
    }

    /// Tells those who listen through other handles, if the write took effect.
    fn tell<T>(&self, result: Result<T, StoreError>, changes: impl FnOnce(&T) -> Vec<Change>) -> Result<T, StoreError> {
        if let Ok(value) = &result {
            let content = self.lock();
            let by = || Arc::downgrade(&self.handle);
            changes(value).into_iter().for_each(|change| content.told.tell(by(), change));
        }
        result
    }

    /// As [`with`](Self::with), and tells.
    fn with_news<T>(
        &self,
        run: &str,
        f: impl FnOnce(&mut Entry) -> Result<T, StoreError>,
        changes: impl FnOnce(&T) -> Vec<Change>,
    ) -> StoreFuture<'static, T>
    where
        T: Send + 'static,
    {
        let done = self.lock().run(run).and_then(f);
        ready(self.tell(done, changes))
    }

    /// As [`with`](Self::with), for a driver's write that may bring a session's state and events along.
    fn with_effects(
        &self,
        run: &str,
        fence: u64,
        effects: &Effects,
        f: impl FnOnce(&mut Entry) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut content = self.lock();
        content.run(run)?.check(fence)?;
        if let Some(write) = &effects.session {
            content.check_session(write)?;
        }
        let entry = content.run(run)?;
        f(entry)?;
        entry.tell(&effects.events);
        if let Some(write) = &effects.session {
            content.write_session(write);
        }
        Ok(())
    }

    fn write_checkpoint(&self, run: &str, fence: u64, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        self.with_effects(run, fence, &checkpoint.effects, |entry| {
            if let Some(asked) = &checkpoint.asked {
                if entry.pauses.get(&asked.id).is_some() {
                    let doing = format!("ask pause `{}`", asked.id);
                    return Err(StoreError::backend(doing, "a pause of this id was asked before"));
                }
                entry.pauses.ask(asked);
            }
            entry.pauses.withdraw(&checkpoint.withdrawn);
            if !checkpoint.mark {
                let made = Move::of(checkpoint, now_ms());
                entry.frames.apply(&made);
                entry.history.push_back(made);
            }
            entry.frames.mark(checkpoint);
            entry.note_undos(entry.last() + usize::from(checkpoint.mark), &checkpoint.undo);
            entry.record.wake = entry.record.wake.into_iter().chain(checkpoint.wake).min();
            Ok(())
        })
    }
}

impl Content {
    fn run(&mut self, run: &str) -> Result<&mut Entry, StoreError> {
        self.runs.get_mut(run).ok_or_else(|| StoreError::UnknownRun { run: run.to_owned() })
    }

    fn check_session(&self, write: &SessionWrite) -> Result<(), StoreError> {
        let version = self.sessions.get(&write.id).map_or(0, |session| session.version);
        match version == write.base {
            true => Ok(()),
            false => Err(StoreError::SessionChanged { session: write.id.clone() }),
        }
    }

    fn write_session(&mut self, write: &SessionWrite) {
        let SessionWrite { id, state, name, user, at, .. } = write.clone();
        let session = self.sessions.entry(id.clone()).or_insert_with(|| SessionRecord {
            id,
            user,
            state: "null".to_owned(),
            created_at: at,
            ..SessionRecord::default()
        });
        session.state = state.unwrap_or(std::mem::take(&mut session.state));
        session.name = name.or(session.name.take());
        session.version += 1;
        session.updated_at = at;
    }

    /// The runs a filter lets through, in no particular order.
    fn runs(&self, filter: &RunFilter) -> impl Iterator<Item = &RunRecord> {
        self.runs.values().map(|entry| &entry.record).filter(|record| matches(record, filter))
    }

    fn remove(&mut self, run: &str) {
        let Some(NewRun { workflow, key, session, .. }) = self.runs.remove(run).map(|entry| entry.record.run) else {
            return;
        };
        if let Some(key) = key {
            self.keys.remove(&(workflow, key));
        }
        // The session of its own, unless others were told of it.
        let shared = |entry: &Entry| entry.record.run.session.as_deref() == Some(run);
        if session.is_none() && self.sessions.contains_key(run) && !self.runs.values().any(shared) {
            self.sessions.remove(run);
        }
    }
}

fn matches(record: &RunRecord, filter: &RunFilter) -> bool {
    let RunFilter { workflow, status, session, user, key, created_from, created_before, metadata, after, limit: _ } =
        filter;
    let run = &record.run;
    let is = |wanted: &Option<String>, found: Option<&String>| wanted.is_none() || wanted.as_ref() == found;
    let has = |(key, value): &(String, String)| has_metadata(run.metadata.as_deref(), key, value);
    is(workflow, Some(&run.workflow))
        && (status.is_empty() || status.contains(&record.status))
        && is(session, run.session.as_ref())
        && is(user, run.user.as_ref())
        && is(key, run.key.as_ref())
        && created_from.is_none_or(|from| run.created_at >= from)
        && created_before.is_none_or(|before| run.created_at < before)
        && metadata.iter().all(has)
        && after.as_ref().is_none_or(|(at, id)| (run.created_at, &run.id) < (*at, id))
}

fn ready<T: Send + 'static>(result: Result<T, StoreError>) -> StoreFuture<'static, T> {
    Box::pin(std::future::ready(result))
}

/// A transaction of a store that keeps nothing for others: a step has nothing to write in it, but its end is noted as
/// everywhere, so that such steps can be tested.
struct Marker(Memory);

impl StoreTx for Marker {
    fn handle(&self) -> Arc<dyn Any + Send + Sync> {
        Arc::new(())
    }

    fn commit<'a>(self: Box<Self>, run: &'a str, fence: u64, checkpoint: &'a Checkpoint) -> StoreFuture<'a, ()>
    where
        Self: 'a,
    {
        ready(self.0.write_checkpoint(run, fence, checkpoint))
    }
}

impl Store for Memory {
    fn create<'a>(&'a self, run: &'a NewRun, beginning: &'a Beginning) -> StoreFuture<'a, Created> {
        let Beginning { frames, pauses, effects } = beginning;
        let create = || {
            let mut content = self.lock();
            let key = run.key.clone().map(|key| (run.workflow.clone(), key));
            if let Some(existing) = key.as_ref().and_then(|key| content.keys.get(key)) {
                return Ok(Created::Existing(existing.clone()));
            }
            if content.runs.contains_key(&run.id) {
                return Err(StoreError::AlreadyExists { run: run.id.clone() });
            }
            if let Some(write) = &effects.session {
                content.check_session(write)?;
                content.write_session(write);
            }
            if let Some(id) = run.session.as_ref().filter(|id| !content.sessions.contains_key(*id)) {
                let (id, user) = (id.clone(), run.user.clone());
                content.write_session(&SessionWrite { id, user, at: run.created_at, ..SessionWrite::default() });
            }
            let mut entry = Entry::new(run, Arc::downgrade(&self.handle));
            for frame in frames {
                entry.history.push_back(Move::to(frame, run.created_at));
                entry.frames.insert(frame.clone());
            }
            pauses.iter().for_each(|pause| entry.pauses.add(pause.clone()));
            entry.record.wake = entry.first_wake();
            entry.tell(&effects.events);
            let fence = entry.fence;
            content.runs.insert(run.id.clone(), entry);
            content.keys.extend(key.map(|key| (key, run.id.clone())));
            Ok(Created::Created(fence))
        };
        ready(create())
    }

    fn find<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Option<RunRecord>> {
        ready(Ok(self.lock().runs.get(run).map(|entry| entry.record.clone())))
    }

    fn list<'a>(&'a self, filter: &'a RunFilter) -> StoreFuture<'a, Vec<RunRecord>> {
        let mut found: Vec<RunRecord> = self.lock().runs(filter).cloned().collect();
        found.sort_by(|a, b| (b.run.created_at, &b.run.id).cmp(&(a.run.created_at, &a.run.id)));
        found.truncate(filter.limit as usize);
        ready(Ok(found))
    }

    fn stats<'a>(&'a self, filter: &'a RunFilter) -> StoreFuture<'a, Vec<RunCount>> {
        let mut counts = BTreeMap::new();
        for RunRecord { run, status, updated_at, .. } in self.lock().runs(filter) {
            let new = || RunCount {
                workflow: run.workflow.clone(),
                status: *status,
                runs: 0,
                oldest: i64::MAX,
                total_ms: 0,
                longest_ms: 0,
            };
            let count = counts.entry((run.workflow.clone(), status.as_str())).or_insert_with(new);
            let took = u64::try_from(updated_at.saturating_sub(run.created_at)).unwrap_or(0);
            count.runs += 1;
            count.oldest = count.oldest.min(run.created_at);
            count.total_ms = count.total_ms.saturating_add(took);
            count.longest_ms = count.longest_ms.max(took);
        }
        ready(Ok(counts.into_values().collect()))
    }

    fn abandoned<'a>(&'a self, workflows: &'a [&'a str], limit: u32) -> StoreFuture<'a, Vec<String>> {
        let content = self.lock();
        let mut found: Vec<(i64, &String)> = content
            .runs
            .values()
            .filter(|entry| matches!(entry.record.status, RunStatus::Running | RunStatus::Undoing))
            .filter(|entry| !entry.is_driven() && workflows.contains(&entry.record.run.workflow.as_str()))
            .map(|entry| (entry.record.run.created_at, &entry.record.run.id))
            .collect();
        found.sort();
        ready(Ok(found.into_iter().take(limit as usize).map(|(_, id)| id.clone()).collect()))
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
        self.with_news(
            run,
            |entry| {
                if entry.fence == fence {
                    entry.driver = None;
                }
                Ok(())
            },
            |()| vec![Change::Due],
        )
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

    fn pauses_of<'a>(&'a self, run: &'a str, ids: &'a [String]) -> StoreFuture<'a, Vec<PauseRecord>> {
        self.with(run, |entry| Ok(entry.pauses.of(ids)))
    }

    fn checkpoint<'a>(&'a self, run: &'a str, fence: u64, checkpoint: &'a Checkpoint) -> StoreFuture<'a, ()> {
        ready(self.write_checkpoint(run, fence, checkpoint))
    }

    fn park<'a>(&'a self, run: &'a str, fence: u64, events: &'a [String]) -> StoreFuture<'a, bool> {
        self.with_news(
            run,
            |entry| {
                entry.check(fence)?;
                if entry.has_news() {
                    return Ok(false);
                }
                entry.driver = None;
                entry.record.wake = entry.first_wake();
                if entry.record.status != RunStatus::Undoing {
                    entry.set_status(RunStatus::Paused);
                }
                entry.tell(events);
                Ok(true)
            },
            |_| vec![Change::Run(run.to_owned())],
        )
    }

    fn finish<'a>(&'a self, run: &'a str, fence: u64, finish: &'a Finish, effects: &'a Effects) -> StoreFuture<'a, ()> {
        let finished = self.with_effects(run, fence, effects, |entry| {
            entry.finish(finish);
            Ok(())
        });
        ready(self.tell(finished, |()| vec![Change::Run(run.to_owned())]))
    }

    fn answer<'a>(
        &'a self,
        run: &'a str,
        pause: &'a str,
        answer: &'a Answer,
        events: &'a [String],
    ) -> StoreFuture<'a, AnswerReceipt> {
        self.with_news(
            run,
            |entry| {
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
                    return Ok(AnswerReceipt::Expired);
                }
                record.answer = Some(answer.clone());
                entry.record.wake = entry.record.wake.into_iter().chain([answer.at]).min();
                entry.tell(events);
                Ok(AnswerReceipt::Accepted)
            },
            |receipt| match receipt {
                AnswerReceipt::Accepted => vec![Change::Run(run.to_owned()), Change::Due],
                _ => Vec::new(),
            },
        )
    }

    fn expire<'a>(
        &'a self,
        run: &'a str,
        fence: u64,
        pause: &'a str,
        at: i64,
        events: &'a [String],
    ) -> StoreFuture<'a, bool> {
        self.with(run, |entry| {
            entry.check(fence)?;
            let unknown = entry.unknown_pause(pause);
            let Some(record) = entry.pauses.get_mut(pause) else { return Err(unknown) };
            if record.answer.is_some() || record.expired_at.is_some() {
                return Ok(record.expired_at.is_some());
            }
            record.expired_at = Some(at);
            entry.tell(events);
            Ok(true)
        })
    }

    fn remind<'a>(
        &'a self,
        run: &'a str,
        fence: u64,
        pause: &'a str,
        wake: i64,
        events: &'a [String],
    ) -> StoreFuture<'a, bool> {
        self.with(run, |entry| {
            entry.check(fence)?;
            let unknown = entry.unknown_pause(pause);
            let Some(record) = entry.pauses.get_mut(pause) else { return Err(unknown) };
            if record.answer.is_some() || record.expired_at.is_some() {
                return Ok(false);
            }
            record.reminded += 1;
            let path = record.pause.path.clone();
            entry.frames.wake_at(&path, pause, wake);
            entry.record.wake = entry.record.wake.into_iter().chain([wake]).min();
            entry.tell(events);
            Ok(true)
        })
    }

    fn due<'a>(&'a self, workflows: &'a [&'a str], now: i64, limit: u32) -> StoreFuture<'a, Due> {
        let content = self.lock();
        let waking = || content.runs.iter().filter_map(|(id, entry)| Some((entry.record.wake?, id, entry)));
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

    fn cancel<'a>(&'a self, run: &'a str, at: i64, events: &'a [String]) -> StoreFuture<'a, CancelReceipt> {
        self.with_news(
            run,
            |entry| {
                let status = entry.record.status;
                if status.has_ended() || status == RunStatus::Undoing {
                    return Ok(CancelReceipt::Ended(status));
                }
                entry.driver = None;
                entry.fence += 1;
                entry.tell(events);
                if entry.undos.iter().any(|undo| undo.done_at.is_none()) {
                    entry.record.wake = Some(at);
                    entry.set_status(RunStatus::Undoing);
                    return Ok(CancelReceipt::Undoing);
                }
                entry.record.wake = None;
                entry.frames.clear();
                entry.set_status(RunStatus::Cancelled);
                Ok(CancelReceipt::Cancelled)
            },
            |receipt| match receipt {
                CancelReceipt::Ended(_) => Vec::new(),
                CancelReceipt::Cancelled | CancelReceipt::Undoing => vec![Change::Run(run.to_owned()), Change::Due],
            },
        )
    }

    fn reopen<'a>(
        &'a self,
        run: &'a str,
        at: i64,
        frames: &'a [FrameMark],
        events: &'a [String],
    ) -> StoreFuture<'a, ReopenReceipt> {
        self.with_news(
            run,
            |entry| {
                if entry.record.status != RunStatus::Failed {
                    return Ok(ReopenReceipt::NotFailed(entry.record.status));
                }
                let stuck = |undo: &&mut UndoRecord| undo.done_at.is_none() && undo.failure.is_some();
                let again = entry.undos.iter_mut().filter(stuck).map(|undo| undo.failure = None).count();
                if again == 0 && entry.undos.iter().any(|undo| undo.done_at.is_some()) {
                    return Ok(ReopenReceipt::Undone);
                }
                entry.tell(events);
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
            },
            |receipt| match receipt {
                ReopenReceipt::Reopened => vec![Change::Run(run.to_owned()), Change::Due],
                _ => Vec::new(),
            },
        )
    }

    fn begin_undo<'a>(
        &'a self,
        run: &'a str,
        fence: u64,
        failure: Option<&'a str>,
        undos: &'a [NewUndo],
        events: &'a [String],
    ) -> StoreFuture<'a, bool> {
        self.with_news(
            run,
            |entry| {
                entry.check(fence)?;
                entry.tell(events);
                entry.note_undos(entry.last() + 1, undos);
                if entry.undos.iter().all(|undo| undo.done_at.is_some()) {
                    entry.finish(&failure.map_or(Finish::Cancelled, |failure| Finish::Failed(failure.to_owned())));
                    return Ok(false);
                }
                entry.record.failure = failure.map(str::to_owned);
                entry.record.wake = Some(now_ms() + LOOK_AGAIN);
                entry.set_status(RunStatus::Undoing);
                Ok(true)
            },
            |undoing| if *undoing { Vec::new() } else { vec![Change::Run(run.to_owned())] },
        )
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
        events: &'a [String],
    ) -> StoreFuture<'a, ()> {
        self.with(run, |entry| {
            entry.check(fence)?;
            let Some(undo) = entry.undos.iter_mut().find(|undo| (undo.seq, undo.n) == (seq, n)) else {
                return Err(StoreError::unknown_undo(run, seq, n));
            };
            undo.failure = failure.map(str::to_owned);
            undo.done_at = failure.is_none().then_some(at);
            entry.tell(events);
            Ok(())
        })
    }

    fn history<'a>(&'a self, run: &'a str) -> StoreFuture<'a, Vec<CheckpointRecord>> {
        self.with(run, |entry| {
            let first = entry.base.0 as u64 + 1;
            Ok((first..).zip(&entry.history).map(|(seq, made)| made.record(seq)).collect())
        })
    }

    fn frames_at<'a>(&'a self, run: &'a str, seq: u64) -> StoreFuture<'a, Option<Vec<FrameRecord>>> {
        self.with(run, |entry| Ok(entry.frames_at(seq).map(Frames::into_records)))
    }

    fn emit<'a>(&'a self, run: &'a str, fence: u64, events: &'a [String]) -> StoreFuture<'a, ()> {
        self.with(run, |entry| {
            entry.check(fence)?;
            entry.tell(events);
            Ok(())
        })
    }

    fn events<'a>(&'a self, run: &'a str, from: u64, limit: u32) -> StoreFuture<'a, Vec<EventRecord>> {
        self.with(run, |entry| {
            let skip = usize::try_from(from.saturating_sub(entry.events_gone + 1)).unwrap_or(usize::MAX);
            let numbered = (entry.events_gone + 1..).zip(&entry.events).skip(skip).take(limit as usize);
            Ok(numbered.map(|(seq, event)| EventRecord { seq, event: event.clone() }).collect())
        })
    }

    fn session<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<SessionRecord>> {
        ready(Ok(self.lock().sessions.get(id).cloned()))
    }

    fn sessions<'a>(&'a self, filter: &'a SessionFilter) -> StoreFuture<'a, Vec<SessionRecord>> {
        let SessionFilter { user, after, limit } = filter;
        let mut found: Vec<SessionRecord> = self.lock().sessions.values().cloned().collect();
        found.retain(|session| {
            (user.is_none() || session.user == *user)
                && after.as_ref().is_none_or(|(at, id)| (session.updated_at, &session.id) < (*at, id))
        });
        found.sort_by(|a, b| (b.updated_at, &b.id).cmp(&(a.updated_at, &a.id)));
        found.truncate(*limit as usize);
        ready(Ok(found))
    }

    fn write_session<'a>(&'a self, write: &'a SessionWrite) -> StoreFuture<'a, ()> {
        let mut content = self.lock();
        let checked = content.check_session(write);
        if checked.is_ok() {
            content.write_session(write);
        }
        ready(checked)
    }

    fn delete_session<'a>(&'a self, id: &'a str) -> StoreFuture<'a, SessionReceipt> {
        let mut content = self.lock();
        let filter = RunFilter { session: Some(id.to_owned()), ..RunFilter::default() };
        if let Some(busy) = content.runs(&filter).find(|record| !record.status.has_ended()) {
            return ready(Ok(SessionReceipt::Busy(busy.run.id.clone())));
        }
        let runs: Vec<String> = content.runs(&filter).map(|record| record.run.id.clone()).collect();
        runs.iter().for_each(|run| content.remove(run));
        if content.sessions.remove(id).is_none() && runs.is_empty() {
            return ready(Ok(SessionReceipt::Unknown));
        }
        ready(Ok(SessionReceipt::Deleted(runs.len() as u64)))
    }

    fn begin<'a>(&'a self) -> StoreFuture<'a, Box<dyn StoreTx>> {
        let tx: Box<dyn StoreTx> = Box::new(Marker(self.clone()));
        ready(Ok(tx))
    }

    fn save_definition<'a>(&'a self, definition: &'a NewDefinition) -> StoreFuture<'a, DefinitionRecord> {
        let mut content = self.lock();
        let stored = content.definitions.entry(definition.workflow.clone()).or_default();
        let last = stored.last().map_or(0, |last| last.version);
        let version = match stored.last() {
            Some(last) if last.definition.stage == Stage::Draft => last.version,
            Some(last)
                if last.definition.stage == definition.stage && last.definition.definition == definition.definition =>
            {
                last.version
            }
            _ => last + 1,
        };
        let mut record = DefinitionRecord { version, definition: definition.clone() };
        if version == last
            && let Some(before) = stored.pop()
        {
            let same =
                before.definition.definition == definition.definition && before.definition.stage == definition.stage;
            if same {
                record.definition.saved_at = before.definition.saved_at;
            }
            record.definition.label = definition.label.clone().or(before.definition.label);
        }
        if definition.label.is_some() {
            let others = stored.iter_mut().filter(|other| other.definition.label == definition.label);
            others.for_each(|other| other.definition.label = None);
        }
        stored.push(record.clone());
        ready(Ok(record))
    }

    fn definitions<'a>(&'a self, workflow: Option<&'a str>) -> StoreFuture<'a, Vec<DefinitionRecord>> {
        let content = self.lock();
        let wanted = content.definitions.iter().filter(|(id, _)| workflow.is_none_or(|wanted| wanted == *id));
        ready(Ok(wanted.flat_map(|(_, stored)| stored.iter().rev().cloned()).collect()))
    }

    fn listen<'a>(&'a self) -> StoreFuture<'a, Option<Changes>> {
        ready(Ok(Some(self.lock().told.listen(Arc::downgrade(&self.handle)))))
    }

    fn prune<'a>(&'a self, prune: &'a Prune) -> StoreFuture<'a, Pruned> {
        let mut content = self.lock();
        let mut pruned = Pruned::default();
        if let Some(before) = prune.ended_before {
            let ended = |record: &RunRecord| record.status.has_ended() && record.updated_at < before;
            let runs = content.runs.values().map(|entry| &entry.record).filter(|record| ended(record));
            let mut runs: Vec<(i64, String)> = runs.map(|record| (record.updated_at, record.run.id.clone())).collect();
            runs.sort();
            pruned.more = runs.len() > prune.limit as usize;
            for (_, run) in runs.into_iter().take(prune.limit as usize) {
                content.remove(&run);
                pruned.runs += 1;
            }
        }
        if let Some(checkpoints) = prune.checkpoints {
            let mut looked = 0;
            for entry in content.runs.values_mut() {
                if looked == prune.limit {
                    pruned.more = true;
                    break;
                }
                let gone = entry.prune(checkpoints);
                looked += u32::from(gone > 0);
                pruned.checkpoints += gone as u64;
            }
        }
        ready(Ok(pruned))
    }
}
