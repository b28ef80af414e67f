//! Takes runs up and drives them, each in a task of its own: what an App and the handles of its runs share.

use crate::lock::lock;
use std::{
    any::TypeId,
    collections::{BTreeMap, HashMap},
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::FutureExt as _;
use tokio::sync::{Notify, watch};

use super::{
    drive::{Job, Left, give_back},
    events::Bus,
    per_run::PerRun,
    registry::Registered,
    timers::Timers,
};
use crate::{
    Failure, RunError, Workflow,
    clock::Clock,
    event::{Chosen, Tag},
    machine::{Halt, RunState},
    store::{Claim, FrameRecord, NewRun, PauseRecord, RunRecord, RunStatus, Store, StoreError},
};

/// A run stays in memory for a timer that is due this soon.
const PATIENCE: Duration = Duration::from_secs(1);

/// A store, the registered workflows, and the runs that are being driven.
pub(crate) struct Engine {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) workflows: BTreeMap<String, Arc<dyn Registered>>,
    pub(crate) clock: Clock,
    pub(super) timers: Timers,
    /// Those who read what happens.
    pub(super) events: Arc<Bus>,
    driven: Mutex<HashMap<String, Arc<Driven>>>,
    /// Held while a run is claimed and loaded, so that this App never competes with itself. Of each run that somebody does
    /// that to.
    taking_up: PerRun<tokio::sync::Mutex<()>>,
    /// Those who wait for a run that nobody here drives.
    waiting: PerRun<Notify>,
}

/// A run while this App drives it.
pub(crate) struct Driven {
    state: Arc<RunState>,
    left: Mutex<Option<Left>>,
    done: watch::Receiver<bool>,
}

impl Driven {
    /// Waits for the driver to leave, and takes its word if nobody else has.
    pub(crate) async fn left(&self) -> Option<Left> {
        self.done().await;
        lock(&self.left).take()
    }

    /// Waits for the driver to leave.
    pub(crate) async fn done(&self) {
        // The sender says `true` before it is dropped, so an error means the same.
        let _ = self.done.clone().wait_for(|done| *done).await;
    }

    /// Stops the driver of a run that was cancelled.
    pub(crate) fn cancel(&self) {
        self.state.request_halt(Halt::Cancelled);
    }
}

impl Engine {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        workflows: BTreeMap<String, Arc<dyn Registered>>,
        clock: Clock,
        events: Chosen,
    ) -> Self {
        Engine {
            store,
            workflows,
            clock,
            timers: Timers::default(),
            events: Arc::new(Bus::new(events)),
            driven: Mutex::default(),
            taking_up: PerRun::default(),
            waiting: PerRun::default(),
        }
    }

    pub(crate) fn workflow(&self, id: &str) -> Result<&Arc<dyn Registered>, RunError> {
        self.workflows.get(id).ok_or_else(|| RunError::NotRegistered { workflow: id.to_owned() })
    }

    pub(crate) fn id_of<W: Workflow>(&self) -> Result<&str, RunError> {
        let found = self.workflows.iter().find(|(_, entry)| entry.workflow_type() == TypeId::of::<W>());
        found.map(|(id, _)| id.as_str()).ok_or_else(|| RunError::NotRegistered { workflow: W::ID.to_owned() })
    }

    pub(crate) async fn record(&self, run: &str) -> Result<RunRecord, StoreError> {
        self.store.find(run).await?.ok_or_else(|| StoreError::UnknownRun { run: run.to_owned() })
    }

    pub(crate) fn driven(&self, run: &str) -> Option<Arc<Driven>> {
        lock(&self.driven).get(run).cloned()
    }

    /// Hands an answer to the run's driver, if it has one here. A driver that is about to leave hears of it, because it leaves
    /// under the same lock.
    pub(crate) fn deliver(&self, run: &str, pause: &str, answer: &str) -> Option<Arc<Driven>> {
        let driven = lock(&self.driven);
        let found = driven.get(run)?;
        found.state.deliver(pause, Some(answer));
        Some(found.clone())
    }

    /// Takes a run up, if nobody drives it. `None`: another App does, or the run has ended.
    pub(crate) async fn take_up(self: &Arc<Self>, run: &str) -> Result<Option<Arc<Driven>>, RunError> {
        let (app, run) = (self.clone(), run.to_owned());
        detached(async move { app.claim_and_drive(&run).await }).await
    }

    /// Waits until something happens to a run here, or for as long as `at_most`.
    pub(crate) async fn news_of(&self, run: &str, at_most: Duration) {
        let news = self.waiting.of(run);
        let _ = tokio::time::timeout(at_most, news.notified()).await;
    }

    pub(super) fn tell(&self, run: &str) {
        self.waiting.if_known(run, Notify::notify_waiters);
        self.events.wake(run);
    }

    async fn claim_and_drive(self: &Arc<Self>, run: &str) -> Result<Option<Arc<Driven>>, RunError> {
        let turn = self.taking_up.of(run);
        let _one_at_a_time = turn.lock().await;
        self.claim_and_drive_now(run).await
    }

    async fn claim_and_drive_now(self: &Arc<Self>, run: &str) -> Result<Option<Arc<Driven>>, RunError> {
        if let Some(driven) = self.driven(run) {
            return Ok(Some(driven));
        }
        let record = self.record(run).await?;
        let entry = self.workflow(&record.run.workflow)?.clone();
        let Claim::Claimed(fence) = self.store.claim(run).await? else { return Ok(None) };
        // Once more, now that nobody else changes it: it may have been cancelled since.
        let loaded = async {
            let record = self.record(run).await?;
            Ok::<_, StoreError>((record, self.store.frames(run).await?, self.store.pauses(run).await?))
        };
        let (record, frames, pauses) = match loaded.await {
            Ok(loaded) => loaded,
            Err(error) => {
                give_back(&self.store, run, fence).await;
                return Err(error.into());
            }
        };
        let state = self.state(&entry, &record.run, fence, frames, pauses);
        if record.status != RunStatus::Undoing {
            state.tell(Tag::RunResumed, &Arc::from(""), |text| text);
        }
        Ok(Some(self.spawn(&entry, record, state)))
    }

    /// The state of a claimed run.
    pub(crate) fn state(
        &self,
        entry: &Arc<dyn Registered>,
        run: &NewRun,
        fence: u64,
        frames: Vec<FrameRecord>,
        pauses: Vec<PauseRecord>,
    ) -> RunState {
        let store = Some((self.store.clone(), fence));
        RunState::new(run.id.clone(), entry.code(), store, frames, pauses)
            .with_clock(self.clock)
            .with_patience(PATIENCE)
            .with_reloads(entry.reloads())
            .with_events(self.events.recorder(run))
    }

    /// Drives a claimed run in a task of its own.
    pub(crate) fn spawn(
        self: &Arc<Self>,
        entry: &Arc<dyn Registered>,
        record: RunRecord,
        state: RunState,
    ) -> Arc<Driven> {
        let (done, is_done) = watch::channel(false);
        let RunRecord { run, status, failure, .. } = record;
        let state = Arc::new(state);
        let undoing = (status == RunStatus::Undoing).then(|| failure.map(|text| Failure::stored(Some(&text))));
        let job = Job { state: state.clone(), input: run.input, deadline: run.deadline, undoing };
        let driven = Arc::new(Driven { state: state.clone(), left: Mutex::new(None), done: is_done });
        lock(&self.driven).insert(state.id.clone(), driven.clone());
        let (app, entry, shared) = (self.clone(), entry.clone(), driven.clone());
        let cut_off = CutOff(Some((self.clone(), state.clone())));
        tokio::spawn(async move {
            let left = entry.drive(&job).await;
            cut_off.over();
            let parked = matches!(left, Left::Parked(_));
            if let Left::Parked(Some(time)) = left {
                app.timers.set(time);
            }
            lock(&app.driven).remove(&state.id);
            *lock(&shared.left) = Some(left);
            app.tell(&state.id);
            if parked && state.take_news() {
                // An answer was handed to this driver after it had parked. Whoever waits for the run sees an error of this.
                let _ = app.claim_and_drive(&state.id).await;
            }
            done.send_replace(true);
        });
        self.tell(&driven.state.id);
        driven
    }
}

/// Forgets a driver whose task is dropped half-way, because its tokio runtime stops: another runtime may take the run up.
struct CutOff(Option<(Arc<Engine>, Arc<RunState>)>);

impl CutOff {
    fn over(mut self) {
        self.0 = None;
    }
}

impl Drop for CutOff {
    fn drop(&mut self) {
        let Some((engine, state)) = self.0.take() else { return };
        lock(&engine.driven).remove(&state.id);
        if let Some((store, fence)) = &state.store {
            // Polled once, which is enough for a store to begin; nothing can wait here.
            let _ = store.release(&state.id, *fence).now_or_never();
        }
    }
}

/// Runs a future to its end even if the caller goes away: a run that is claimed must get its driver.
pub(crate) async fn detached<T: Send + 'static>(
    future: impl Future<Output = Result<T, RunError>> + Send + 'static,
) -> Result<T, RunError> {
    match tokio::spawn(future).await {
        Ok(result) => result,
        Err(stopped) => Err(StoreError::backend("finish, because the tokio runtime stopped", stopped).into()),
    }
}
