//! Runs about to be started.

use std::{
    future::{Future, IntoFuture},
    marker::PhantomData,
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use serde_json::Value;

use super::{
    drive::give_back,
    driver::{Engine, detached},
    events::Upcoming,
    registry::Registered,
    run::AnyRun,
    sessions::Merge,
};
use crate::{
    RunError,
    definition::fingerprint,
    event::Tag,
    observe,
    store::{Beginning, Created, Effects, NewPause, NewRun, RunRecord, StoreError},
};

/// The fence of a run that was just created.
const FIRST_FENCE: u64 = 1;

/// A run about to be started; see [`App::start`](crate::App::start).
#[must_use = "a run starts when this is awaited"]
pub struct StartRun<H> {
    engine: Arc<Engine>,
    what: Result<(String, String), RunError>,
    session: Option<String>,
    state: Option<(Value, Merge)>,
    user: Option<String>,
    metadata: Option<Value>,
    within: Option<Duration>,
    priority: i32,
    key: Option<String>,
    strict: bool,
    handle: PhantomData<fn() -> H>,
}

impl<H> StartRun<H> {
    /// A run of this workflow id with this input, or why there is none.
    pub(crate) fn new(engine: Arc<Engine>, what: Result<(String, String), RunError>) -> Self {
        let (session, user, metadata, within, key) = (None, None, None, None, None);
        let (state, priority, strict) = (None, 0, false);
        StartRun { engine, what, session, state, user, metadata, within, priority, key, strict, handle: PhantomData }
    }

    /// The session the run belongs to.
    pub fn session(mut self, session: impl Into<String>) -> Self {
        self.session = Some(session.into());
        self
    }

    /// A state for the session, brought together with the one there is when the run is stored: both, or neither.
    pub fn session_state(mut self, state: Value, merge: Merge) -> Self {
        self.state = Some((state, merge));
        self
    }

    /// The user on whose behalf it runs.
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// How long the run may take, from its start to its end and with everything it waits for. A run that is not done by then
    /// fails.
    pub fn deadline(mut self, within: Duration) -> Self {
        self.within = Some(within);
        self
    }

    /// Which of several runs goes first that wait for a free place, because more are started than
    /// [may be driven at once](crate::AppBuilder::limit_workflow): the one with the highest number. 0 if nothing is said; of
    /// equals, the one that came first.
    pub fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }

    /// A name for this start, unique in its workflow: `order-7`. Whoever starts again with the same key, at the same time, later
    /// or from elsewhere, gets the run there is, whatever has become of it. It keeps the input it was started with; one that
    /// is given later does not count.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// As [`key`](Self::key), for callers that may take one key for two things: the run there is must have been started with the
    /// same input, session and user, or this is [`RunError::KeyReused`]. Inputs are compared in the form in which they are
    /// stored, with the defaults of what was left out.
    pub fn strict_key(mut self, key: impl Into<String>) -> Self {
        self.strict = true;
        self.key(key)
    }

    /// Anything else to be kept with it.
    pub fn metadata(mut self, metadata: Value) -> Self {
        self.metadata = Some(metadata);
        self
    }
}

impl<H: From<AnyRun> + 'static> IntoFuture for StartRun<H> {
    type Output = Result<H, RunError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (workflow, input) = self.what?;
            let entry = self.engine.workflow(&workflow)?.clone();
            let run = NewRun {
                id: uuid::Uuid::now_v7().to_string(),
                workflow,
                fingerprint: fingerprint(entry.code()),
                input,
                session: self.session,
                user: self.user,
                metadata: self.metadata.map(|metadata| metadata.to_string()),
                created_at: self.engine.clock.now_ms(),
                deadline: self.within.map(|within| self.engine.clock.after(within)),
                priority: self.priority,
                key: self.key,
            };
            let strict = self.strict.then(|| run.clone());
            detached(async move {
                let Some((state, merge)) = self.state else {
                    return meant(strict, start(&self.engine, &entry, run, Beginning::default()).await?).await;
                };
                loop {
                    let session = run.session.as_ref().unwrap_or(&run.id);
                    let write = merge.write(&self.engine, session, run.user.as_deref(), &state).await?;
                    let effects = Effects { events: Vec::new(), session: Some(write) };
                    let beginning = Beginning { effects, ..Beginning::default() };
                    match start(&self.engine, &entry, run.clone(), beginning).await {
                        Err(RunError::Store(StoreError::SessionChanged { .. })) => {}
                        started => return meant(strict, started?).await,
                    }
                }
            })
            .await
            .map(H::from)
        })
    }
}

/// A run that was started, or the one there is of its key, if that was started with the same.
async fn meant(strict: Option<NewRun>, run: AnyRun) -> Result<AnyRun, RunError> {
    let Some(wanted) = strict.filter(|wanted| wanted.id != run.id()) else { return Ok(run) };
    let found = run.record().await?.run;
    let differs = if !same_json(&wanted.input, &found.input) {
        "input"
    } else if wanted.session != found.session {
        "session"
    } else if wanted.user != found.user {
        "user"
    } else {
        return Ok(run);
    };
    Err(RunError::KeyReused { key: wanted.key.unwrap_or_default(), run: found.id, differs })
}

/// Whether two texts are the same JSON. The order of fields does not count.
fn same_json(one: &str, other: &str) -> bool {
    let value = |text: &str| serde_json::from_str::<Value>(text).ok();
    one == other || value(one).is_some_and(|one| value(other) == Some(one))
}

/// Stores a run and drives it, unless there is one of its key.
pub(super) async fn start(
    engine: &Arc<Engine>,
    entry: &Arc<dyn Registered>,
    run: NewRun,
    mut beginning: Beginning,
) -> Result<AnyRun, RunError> {
    engine.watch_timers();
    let (id, workflow) = (run.id.clone(), run.workflow.clone());
    let now = engine.clock.now_ms();
    let started = engine.events.event(&run, Tag::RunStarted, now, "", |text| text);
    let open = beginning.pauses.iter().filter(|pause| pause.answer.is_none() && pause.expired_at.is_none());
    let open: Vec<NewPause> = open.map(|pause| pause.pause.clone()).collect();
    let started = engine.events.asked(&run, &open, now).into_iter().fold(started, Upcoming::and);
    beginning.effects.events.extend_from_slice(started.events());
    let created = engine.store.create(&run, &beginning).await;
    if let Err(StoreError::Backend { .. }) = &created {
        // It may be stored all the same, and claimed by this App, which would keep everybody from it.
        give_back(&engine.store, &id, FIRST_FENCE).await;
    }
    match created? {
        Created::Created(fence) => {
            started.happened();
            observe::run_started(&run);
            let Beginning { frames, pauses, .. } = beginning;
            let state = engine.state(entry, &run, fence, frames, pauses);
            let driven = engine.drive_claimed(entry, RunRecord::new(run), fence, state).await;
            Ok(AnyRun::new(engine.clone(), id, workflow, driven))
        }
        Created::Existing(id) => Ok(AnyRun::new(engine.clone(), id, workflow, None)),
    }
}
