//! Takes runs up and drives them, each in a task of its own: what an App and the handles of its runs share.

use crate::lock::lock;
use std::{
    any::TypeId,
    collections::{BTreeMap, HashMap},
    future::Future,
    sync::{Arc, Mutex, OnceLock, atomic::AtomicBool},
    time::Duration,
};

use futures::FutureExt as _;
use tokio::{
    sync::{Notify, watch},
    task::AbortHandle,
};
use tracing::Instrument as _;

use super::{
    drive::{Job, Left, give_back},
    events::Bus,
    handle::standing,
    limits::Limits,
    per_run::{OfRun, PerRun},
    recover::Refused,
    registry::Registered,
    retention::Retention,
    timers::Timers,
};
use crate::{
    Failure, RunError, Workflow,
    clock::Clock,
    event::{Chosen, Tag},
    machine::{Halt, Outside, RunState},
    observe::{self, Driving, Leaving},
    store::{Answer, Claim, FrameRecord, NewRun, PauseRecord, RunRecord, RunStatus, Store, StoreError},
};

/// A run stays in memory for a timer that is due this soon.
const PATIENCE: Duration = Duration::from_secs(1);

/// A store, the registered workflows, and the runs that are being driven.
pub(crate) struct Engine {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) workflows: BTreeMap<String, Arc<dyn Registered>>,
    #[cfg(feature = "testing")]
    replaced: crate::testing::Replaced,
    pub(crate) clock: Clock,
    pub(super) timers: Timers,
    /// Those who read what happens.
    pub(super) events: Arc<Bus>,
    pub(super) limits: Limits,
    pub(super) retention: Option<Retention>,
    pub(super) refused: Refused,
    /// Whether the store tells what is done elsewhere.
    pub(super) hears: Arc<AtomicBool>,
    drivers: Mutex<Drivers>,
    /// Held while a run is claimed and loaded, so that this App never competes with itself. Of each run that somebody does
    /// that to.
    taking_up: PerRun<tokio::sync::Mutex<()>>,
    /// Those who wait for a run that nobody here drives.
    waiting: PerRun<Notify>,
}

/// What an App is made of.
pub(crate) struct Parts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) workflows: BTreeMap<String, Arc<dyn Registered>>,
    pub(crate) limits: Limits,
    pub(crate) retention: Option<Retention>,
    pub(crate) clock: Clock,
    pub(crate) events: Chosen,
    #[cfg(feature = "testing")]
    pub(crate) replaced: crate::testing::Replaced,
}

/// The runs this App drives.
#[derive(Default)]
struct Drivers {
    runs: HashMap<String, Arc<Driven>>,
    /// It drives no others any more.
    closed: bool,
}

/// A run while this App drives it.
pub(crate) struct Driven {
    state: Arc<RunState>,
    left: Mutex<Option<Left>>,
    done: watch::Receiver<()>,
    task: OnceLock<AbortHandle>,
}

impl Driven {
    /// Waits for the driver to leave, and takes its word if nobody else has.
    pub(crate) async fn left(&self) -> Option<Left> {
        self.done().await;
        lock(&self.left).take()
    }

    /// Waits for the driver to leave.
    pub(crate) async fn done(&self) {
        // Nothing is ever sent: the sender is dropped.
        let _ = self.done.clone().changed().await;
    }

    /// Whether the driver has left.
    pub(super) fn has_left(&self) -> bool {
        self.done.has_changed().is_err()
    }

    /// Whether something runs that a driver that is to leave waits for.
    pub(super) fn is_at_work(&self) -> bool {
        !self.state.may_stop()
    }

    /// Drops what the driver does, where it awaits.
    pub(super) fn abort(&self) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }

    /// Has the driver look what was done to its run elsewhere.
    pub(super) fn tell(&self) {
        if let Some(outside) = &self.state.outside {
            outside.tell();
        }
    }

    /// Asks the driver to leave: once the steps that run are done, or at once.
    pub(super) fn stop(&self, at_once: bool) {
        self.state.request_stop();
        if at_once {
            self.state.request_halt(Halt::Stopped);
        }
    }

    /// Stops the driver of a run that was cancelled.
    pub(crate) fn cancel(&self) {
        self.state.request_halt(Halt::Cancelled);
    }
}

impl Engine {
    pub(crate) fn new(parts: Parts) -> Self {
        #[cfg(feature = "testing")]
        let replaced = parts.replaced;
        let Parts { store, workflows, limits, retention, clock, events, .. } = parts;
        Engine {
            store,
            workflows,
            #[cfg(feature = "testing")]
            replaced,
            clock,
            timers: Timers::default(),
            events: Arc::new(Bus::new(events)),
            limits,
            retention,
            refused: Refused::default(),
            hears: Arc::default(),
            drivers: Mutex::default(),
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
        lock(&self.drivers).runs.get(run).cloned()
    }

    /// Every run that is driven here.
    pub(super) fn all_driven(&self) -> Vec<Arc<Driven>> {
        lock(&self.drivers).runs.values().cloned().collect()
    }

    /// How many runs are driven here.
    pub(super) fn driving(&self) -> usize {
        lock(&self.drivers).runs.len()
    }

    /// Drives no more runs than those it drives now.
    pub(super) fn close(&self) {
        lock(&self.drivers).closed = true;
    }

    pub(crate) fn is_closed(&self) -> bool {
        lock(&self.drivers).closed
    }

    /// Hands an answer to the run's driver, if it has one here. A driver that is about to leave hears of it, because it leaves
    /// under the same lock.
    pub(crate) fn deliver(&self, run: &str, pause: &str, answer: &Answer) -> Option<Arc<Driven>> {
        let drivers = lock(&self.drivers);
        let found = drivers.runs.get(run)?;
        found.state.deliver(pause, Some(answer));
        Some(found.clone())
    }

    /// Takes a run up, if nobody drives it. `None`: another App does, the run has ended, or this App is shut down.
    pub(crate) async fn take_up(self: &Arc<Self>, run: &str) -> Result<Option<Arc<Driven>>, RunError> {
        let (app, run) = (self.clone(), run.to_owned());
        detached(async move { app.claim_and_drive(&run, None).await }).await
    }

    /// The news of a run. What comes after this call is heard, even if nobody waits for it yet.
    pub(super) fn news<'e>(&'e self, run: &'e str) -> OfRun<'e, Notify> {
        self.waiting.of(run)
    }

    pub(super) fn tell(&self, run: &str) {
        self.waiting.if_known(run, Notify::notify_waiters);
        self.events.wake(run);
    }

    /// Tells whoever waits for any run.
    pub(super) fn tell_all(&self) {
        self.waiting.each(Notify::notify_waiters);
    }

    /// As [`take_up`](Self::take_up), for who goes on even if nobody waits for it any more, and may know the run's workflow.
    pub(super) async fn claim_and_drive(
        self: &Arc<Self>,
        run: &str,
        workflow: Option<&str>,
    ) -> Result<Option<Arc<Driven>>, RunError> {
        let turn = self.taking_up.of(run);
        let _one_at_a_time = turn.lock().await;
        self.claim_and_drive_now(run, workflow).await
    }

    async fn claim_and_drive_now(
        self: &Arc<Self>,
        run: &str,
        workflow: Option<&str>,
    ) -> Result<Option<Arc<Driven>>, RunError> {
        if let Some(driven) = self.driven(run) {
            return Ok(Some(driven));
        }
        if self.is_closed() {
            return Ok(None);
        }
        let entry = match workflow {
            Some(workflow) => self.workflow(workflow)?.clone(),
            None => self.workflow(&self.record(run).await?.run.workflow)?.clone(),
        };
        let Claim::Claimed(fence) = self.store.claim(run).await? else { return Ok(None) };
        // Read now that nobody else changes it: it may have been cancelled since somebody last looked.
        let loaded = async {
            let record = self.record(run).await?;
            let frames = self.store.frames(run).await?;
            let pauses = standing(&*self.store, run, &frames).await?;
            Ok::<_, StoreError>((record, frames, pauses))
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
        Ok(self.drive_claimed(&entry, record, fence, state).await)
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
        let state = RunState::new(run.id.clone(), entry.code(), store, frames, pauses);
        #[cfg(feature = "testing")]
        let state = state.with_replaced(self.replaced.clone());
        state
            .with_clock(self.clock)
            .with_patience(PATIENCE)
            .with_outside(Outside::new(self.hears.clone(), self.limits.steps.clone(), run))
            .with_reloads(entry.reloads())
            .with_run(run)
            .with_events(self.events.recorder(run))
    }

    /// Drives a claimed run in a task of its own, unless this App is shut down: then the claim is given back.
    pub(crate) async fn drive_claimed(
        self: &Arc<Self>,
        entry: &Arc<dyn Registered>,
        record: RunRecord,
        fence: u64,
        state: RunState,
    ) -> Option<Arc<Driven>> {
        let run = record.run.id.clone();
        let driven = self.spawn(entry, record, state);
        if driven.is_none() {
            give_back(&self.store, &run, fence).await;
        }
        driven
    }

    fn spawn(self: &Arc<Self>, entry: &Arc<dyn Registered>, record: RunRecord, state: RunState) -> Option<Arc<Driven>> {
        let (done, is_done) = watch::channel(());
        let RunRecord { run, status, failure, .. } = record;
        let span = observe::run_span(&run);
        let state = Arc::new(state);
        let undoing = (status == RunStatus::Undoing).then(|| failure.map(|text| Failure::stored(Some(&text))));
        let job = Job { state: state.clone(), input: run.input, deadline: run.deadline, undoing };
        let driven =
            Arc::new(Driven { state: state.clone(), left: Mutex::new(None), done: is_done, task: OnceLock::new() });
        let closed = {
            let mut drivers = lock(&self.drivers);
            if !drivers.closed {
                drivers.runs.insert(state.id.clone(), driven.clone());
            }
            drivers.closed
        };
        if closed {
            return None;
        }
        let (app, entry, shared) = (self.clone(), entry.clone(), driven.clone());
        let cut_off = CutOff(Some((self.clone(), state.clone(), done)));
        let workflow = run.workflow;
        let task = tokio::spawn(async move {
            let watched = Driving::begin(&workflow);
            let left = match app.turn(&workflow, &job).await {
                Ok(_place) => entry.drive(&job).instrument(span.clone()).await,
                Err(left) => left,
            };
            let done = cut_off.over();
            watched.left(&span, leaving(&left, job.undoing.is_some()));
            app.refused.note(&state.id, &left, app.clock.now_ms());
            let parked = matches!(left, Left::Parked(_));
            if let Left::Parked(Some(time)) = left {
                app.timers.set(time);
            }
            lock(&app.drivers).runs.remove(&state.id);
            *lock(&shared.left) = Some(left);
            app.tell(&state.id);
            if parked && state.take_news() {
                // An answer was handed to this driver after it had parked. Whoever waits for the run sees an error of this.
                let _ = app.claim_and_drive(&state.id, Some(&workflow)).await;
            }
            drop(done);
        });
        let _ = driven.task.set(task.abort_handle());
        self.tell(&driven.state.id);
        Some(driven)
    }
}

/// How a run was left, for those who watch.
fn leaving(left: &Left, undoing: bool) -> Leaving<'_> {
    match left {
        Left::Ended(None) => Leaving::Ended(RunStatus::Completed, None),
        Left::Ended(failure) => Leaving::Ended(RunStatus::Failed, failure.as_ref()),
        // One whose steps had to be undone first ends here, any other where it was cancelled.
        Left::Cancelled if undoing => Leaving::Ended(RunStatus::Cancelled, None),
        Left::Parked(_) => Leaving::Parked,
        Left::Cancelled | Left::Stopped | Left::Store(StoreError::Fenced { .. }) => Leaving::Elsewhere,
        Left::Store(error) => Leaving::Broken(error),
        Left::Refused(refusal) => Leaving::Broken(refusal),
    }
}

/// Forgets a driver whose task is dropped half-way, because its tokio runtime stops, or it would not leave: somebody else may
/// take the run up. Whoever waits for the driver to leave waits until it is given back.
struct CutOff(Option<(Arc<Engine>, Arc<RunState>, watch::Sender<()>)>);

impl CutOff {
    fn over(mut self) -> Option<watch::Sender<()>> {
        self.0.take().map(|(.., done)| done)
    }
}

impl Drop for CutOff {
    fn drop(&mut self) {
        let Some((engine, state, done)) = self.0.take() else { return };
        lock(&engine.drivers).runs.remove(&state.id);
        let Some((store, fence)) = state.store.clone() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            // Polled once, which is enough for a store to begin; nothing can wait here.
            let _ = store.release(&state.id, fence).now_or_never();
            return engine.tell(&state.id);
        };
        let mut given_back = Box::pin(async move {
            give_back(&store, &state.id, fence).await;
            engine.tell(&state.id);
            drop(done);
        });
        // Begun here, because a runtime that stops takes no more tasks.
        if given_back.as_mut().now_or_never().is_none() {
            runtime.spawn(given_back);
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
