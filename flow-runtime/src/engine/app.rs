//! An App: a store, the registered workflows, and the runs it drives.

use std::{
    any::TypeId,
    collections::{BTreeMap, HashMap},
    future::{Future, IntoFuture},
    marker::PhantomData,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;
use tokio::sync::watch;

use super::{
    registry::{Entry, Left, Registered},
    run::{AnyRun, Run},
};
use crate::{
    Graph, Memory, RunError, Workflow,
    clock::now_ms,
    error::BuildError,
    machine::{PointInfo, RunState},
    store::{Claim, NewRun, RunFilter, RunRecord, Store, StoreError},
};

/// A store and the workflows whose runs it keeps. Cheap to clone.
///
/// ```
/// use flow_runtime::prelude::*;
/// # use flow_runtime::RunError;
///
/// #[step]
/// async fn greet(name: &String) -> Result<String, std::fmt::Error> {
///     Ok(format!("Hello, {name}"))
/// }
///
/// workflow! {
///     /// Says hello.
///     async fn hello(name: String) -> Result<String, std::fmt::Error> {
///         greet(&name).await
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let app = App::builder().register::<Hello>(()).build()?;
/// let run = app.start::<Hello>("Ann".to_owned()).session("s-1").await?;
/// match run.wait().await? {
///     Outcome::Done(greeting) => assert_eq!(greeting, "Hello, Ann"),
///     other => panic!("nothing to wait for, yet {other:?}"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct App {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: Arc<dyn Store>,
    workflows: BTreeMap<String, Arc<dyn Registered>>,
    driven: Mutex<HashMap<String, Arc<Driven>>>,
    /// Held while a run is claimed and loaded, so that this App never competes with itself.
    taking_up: tokio::sync::Mutex<()>,
}

/// A run while this App drives it.
pub(crate) struct Driven {
    pub(crate) state: Arc<RunState>,
    left: Mutex<Option<Left>>,
    done: watch::Receiver<bool>,
}

impl Driven {
    /// Waits for the driver to leave, and takes its word if nobody else has.
    pub(crate) async fn left(&self) -> Option<Left> {
        // The sender says `true` before it is dropped, so an error means the same.
        let _ = self.done.clone().wait_for(|done| *done).await;
        lock(&self.left).take()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Collects what an [`App`] consists of.
#[must_use = "an App is made by `build`"]
pub struct AppBuilder {
    store: Arc<dyn Store>,
    workflows: Vec<(String, Arc<dyn Registered>)>,
}

impl AppBuilder {
    /// Where runs are kept. The default is [`Memory`].
    pub fn store(mut self, store: impl Store) -> Self {
        self.store = Arc::new(store);
        self
    }

    /// Adds a workflow under its own id, with the dependencies its runs get: the thing itself, a `Box` or an `Arc` of it.
    pub fn register<W: Workflow>(self, deps: impl Into<Arc<W::Deps>>) -> Self {
        self.register_as::<W>(W::ID, deps)
    }

    /// Adds a workflow under another id: needed where a generic workflow is registered more than once.
    pub fn register_as<W: Workflow>(mut self, id: impl Into<String>, deps: impl Into<Arc<W::Deps>>) -> Self {
        let entry: Entry<W> = Entry { deps: deps.into(), workflow: PhantomData };
        self.workflows.push((id.into(), Arc::new(entry)));
        self
    }

    /// The App.
    ///
    /// # Errors
    /// [`BuildError::Duplicate`] if two workflows have one id.
    pub fn build(self) -> Result<App, BuildError> {
        let mut workflows = BTreeMap::new();
        for (id, entry) in self.workflows {
            if workflows.insert(id.clone(), entry).is_some() {
                return Err(BuildError::Duplicate { workflow: id });
            }
        }
        let (driven, taking_up) = (Mutex::default(), tokio::sync::Mutex::default());
        Ok(App { inner: Arc::new(Inner { store: self.store, workflows, driven, taking_up }) })
    }
}

impl App {
    /// Starts to build an App.
    pub fn builder() -> AppBuilder {
        AppBuilder { store: Arc::new(Memory::new()), workflows: Vec::new() }
    }

    /// Starts a run: the call is set up with [`StartRun`]'s methods and begins when it is awaited. It returns when the run
    /// is stored; from then on a task of the current tokio runtime drives it.
    ///
    /// # Errors
    /// When awaited: [`RunError::NotRegistered`], [`RunError::Input`] for an input without a JSON form, and the store's.
    pub fn start<W: Workflow>(&self, input: W::Input) -> StartRun<Run<W>> {
        let input = W::input_to_json(&input)
            .map_err(|error| RunError::Input { workflow: W::ID.to_owned(), source: error.into() });
        let workflow = self.inner.id_of::<W>().map(str::to_owned);
        self.start_any(workflow.and_then(|workflow| Ok((workflow, input?))))
    }

    /// Starts a run of the workflow of this id with an input as JSON.
    ///
    /// # Errors
    /// When awaited: as [`start`](Self::start), and [`RunError::Input`] with the field that does not fit.
    pub fn start_json(&self, workflow: &str, input: Value) -> StartRun<AnyRun> {
        let checked = self.inner.workflow(workflow).and_then(|entry| {
            let input = entry.check_input(&input.to_string());
            input.map_err(|source| RunError::Input { workflow: workflow.to_owned(), source })
        });
        self.start_any(checked.map(|input| (workflow.to_owned(), input)))
    }

    fn start_any<H: From<AnyRun>>(&self, what: Result<(String, String), RunError>) -> StartRun<H> {
        let inner = self.inner.clone();
        StartRun { inner, what, session: None, user: None, metadata: None, handle: PhantomData }
    }

    /// Opens a stored run. It is driven from when it is waited for, answered or resumed.
    ///
    /// # Errors
    /// [`StoreError::UnknownRun`], [`RunError::OtherWorkflow`], [`RunError::NotRegistered`].
    pub async fn run<W: Workflow>(&self, id: &str) -> Result<Run<W>, RunError> {
        let expected = self.inner.id_of::<W>()?;
        let run = self.any_run(id).await?;
        if run.workflow() != expected {
            return Err(RunError::OtherWorkflow {
                run: id.to_owned(),
                expected: expected.to_owned(),
                found: run.workflow().to_owned(),
            });
        }
        Ok(run.into())
    }

    /// Opens a stored run of any registered workflow.
    ///
    /// # Errors
    /// [`StoreError::UnknownRun`], [`RunError::NotRegistered`].
    pub async fn any_run(&self, id: &str) -> Result<AnyRun, RunError> {
        let record = self.inner.record(id).await?;
        self.inner.workflow(&record.run.workflow)?;
        Ok(AnyRun::new(self.inner.clone(), record.run.id, record.run.workflow, None))
    }

    /// Lists stored runs, the newest first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRecord>, StoreError> {
        self.inner.store.list(filter).await
    }

    /// The registered workflows: id, doc comment, graph and JSON Schema of the input, in the order of their ids.
    pub fn workflows(&self) -> Vec<WorkflowInfo> {
        let info = |(id, entry): (&String, &Arc<dyn Registered>)| WorkflowInfo {
            id: id.clone(),
            name: entry.name(),
            doc: entry.doc(),
            graph: entry.graph(),
            input_schema: entry.input_schema(),
        };
        self.inner.workflows.iter().map(info).collect()
    }
}

/// What is known of a registered workflow.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WorkflowInfo {
    /// Its id in this App.
    pub id: String,
    /// The function's name.
    pub name: &'static str,
    /// The function's doc comment.
    pub doc: &'static str,
    /// What it does.
    pub graph: Graph,
    /// JSON Schema of its input.
    pub input_schema: Value,
}

/// A run about to be started; see [`App::start`].
#[must_use = "a run starts when this is awaited"]
pub struct StartRun<H> {
    inner: Arc<Inner>,
    what: Result<(String, String), RunError>,
    session: Option<String>,
    user: Option<String>,
    metadata: Option<Value>,
    handle: PhantomData<fn() -> H>,
}

impl<H> StartRun<H> {
    /// The session the run belongs to.
    pub fn session(mut self, session: impl Into<String>) -> Self {
        self.session = Some(session.into());
        self
    }

    /// The user on whose behalf it runs.
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
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
            let entry = self.inner.workflow(&workflow)?.clone();
            let run = NewRun {
                id: uuid::Uuid::now_v7().to_string(),
                workflow,
                fingerprint: fingerprint(entry.points()),
                input,
                session: self.session,
                user: self.user,
                metadata: self.metadata.map(|metadata| metadata.to_string()),
                created_at: now_ms(),
            };
            detached(async move {
                let fence = self.inner.store.create(&run).await?;
                let store = Some((self.inner.store.clone(), fence));
                let state = RunState::new(run.id.clone(), entry.points(), store, Vec::new(), Vec::new());
                let driven = self.inner.spawn(&entry, state, run.input);
                Ok(AnyRun::new(self.inner, run.id, run.workflow, Some(driven)))
            })
            .await
            .map(H::from)
        })
    }
}

/// Runs a future to its end even if the caller goes away: a run that is claimed must get its driver.
async fn detached<T: Send + 'static>(
    future: impl Future<Output = Result<T, RunError>> + Send + 'static,
) -> Result<T, RunError> {
    match tokio::spawn(future).await {
        Ok(result) => result,
        Err(stopped) => Err(StoreError::backend("finish, because the tokio runtime stopped", stopped).into()),
    }
}

impl Inner {
    pub(crate) fn workflow(&self, id: &str) -> Result<&Arc<dyn Registered>, RunError> {
        self.workflows.get(id).ok_or_else(|| RunError::NotRegistered { workflow: id.to_owned() })
    }

    fn id_of<W: Workflow>(&self) -> Result<&str, RunError> {
        let found = self.workflows.iter().find(|(_, entry)| entry.workflow_type() == TypeId::of::<W>());
        found.map(|(id, _)| id.as_str()).ok_or_else(|| RunError::NotRegistered { workflow: W::ID.to_owned() })
    }

    pub(crate) async fn record(&self, run: &str) -> Result<RunRecord, StoreError> {
        self.store.find(run).await?.ok_or_else(|| StoreError::UnknownRun { run: run.to_owned() })
    }

    pub(crate) fn driven(&self, run: &str) -> Option<Arc<Driven>> {
        lock(&self.driven).get(run).cloned()
    }

    /// Takes a run up, if nobody drives it. `None`: another App does, or the run has ended.
    pub(crate) async fn take_up(self: &Arc<Self>, run: &str) -> Result<Option<Arc<Driven>>, RunError> {
        let (app, run) = (self.clone(), run.to_owned());
        detached(async move { app.claim_and_drive(&run).await }).await
    }

    async fn claim_and_drive(self: &Arc<Self>, run: &str) -> Result<Option<Arc<Driven>>, RunError> {
        let _one_at_a_time = self.taking_up.lock().await;
        if let Some(driven) = self.driven(run) {
            return Ok(Some(driven));
        }
        let record = self.record(run).await?;
        let entry = self.workflow(&record.run.workflow)?.clone();
        let Claim::Claimed(fence) = self.store.claim(run).await? else { return Ok(None) };
        let loaded = async { Ok::<_, StoreError>((self.store.frames(run).await?, self.store.pauses(run).await?)) };
        let (frames, pauses) = match loaded.await {
            Ok(loaded) => loaded,
            Err(error) => {
                // The first error is the one to report.
                let _ = self.store.release(run, fence).await;
                return Err(error.into());
            }
        };
        let store = Some((self.store.clone(), fence));
        let state = RunState::new(run.to_owned(), entry.points(), store, frames, pauses);
        Ok(Some(self.spawn(&entry, state, record.run.input)))
    }

    fn spawn(self: &Arc<Self>, entry: &Arc<dyn Registered>, state: RunState, input: String) -> Arc<Driven> {
        let (done, is_done) = watch::channel(false);
        let state = Arc::new(state);
        let driven = Arc::new(Driven { state: state.clone(), left: Mutex::new(None), done: is_done });
        lock(&self.driven).insert(state.id.clone(), driven.clone());
        let (app, entry, shared) = (self.clone(), entry.clone(), driven.clone());
        tokio::spawn(async move {
            let left = entry.drive(state.clone(), input).await;
            let parked = matches!(left, Left::Parked);
            lock(&app.driven).remove(&state.id);
            *lock(&shared.left) = Some(left);
            if parked && state.take_news() {
                // An answer was handed to this driver after it had parked. Whoever waits for the run sees an error of this.
                let _ = app.claim_and_drive(&state.id).await;
            }
            done.send_replace(true);
        });
        driven
    }
}

/// A short name for the points of a definition and what lives there: equal for definitions that can continue each other's
/// runs without a look at the types.
fn fingerprint(points: &[PointInfo]) -> String {
    // FNV-1a: stable over builds and platforms, unlike the standard library's hashers.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |text: &str| {
        for byte in text.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    };
    for point in points.iter().filter(|point| point.saved) {
        add(point.region);
        add(point.name);
        point.live.iter().for_each(|name| add(name));
    }
    format!("{hash:016x}")
}
