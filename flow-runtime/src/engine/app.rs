//! An App: a store, the registered workflows, and the runs it drives.

use std::{collections::BTreeMap, marker::PhantomData, sync::Arc};

use serde_json::Value;

#[cfg(feature = "testing")]
use super::limits::check_steps;
use super::{
    driver::{Engine, Parts},
    limits::{Limits, Wanted},
    registry::{Entry, Registered},
    retention::Retention,
    run::{AnyRun, Run},
    start::StartRun,
};
use crate::{Events, Graph, Memory, RunError, Workflow, clock::Clock, error::BuildError, store::Store};

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
    pub(crate) engine: Arc<Engine>,
}

/// Collects what an [`App`] consists of.
#[must_use = "an App is made by `build`"]
pub struct AppBuilder {
    store: Arc<dyn Store>,
    events: Events,
    workflows: Vec<(String, Arc<dyn Registered>)>,
    workflow_limits: Wanted,
    step_limits: Wanted,
    retention: Option<Retention>,
    pub(crate) clock: Clock,
    #[cfg(feature = "testing")]
    pub(crate) replaced: crate::testing::Replaced,
}

impl AppBuilder {
    /// Where runs are kept. The default is [`Memory`].
    pub fn store(self, store: impl Store) -> Self {
        self.shared_store(Arc::new(store))
    }

    /// As [`store`](Self::store), for one whose type is known at run time only.
    pub fn shared_store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = store;
        self
    }

    /// Which events are stored: by default all. What is not stored is told live only.
    pub fn events(mut self, events: Events) -> Self {
        self.events = events;
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

    /// Drives so many runs of the workflow of this id at once. Any other waits for its turn, the one with the highest
    /// [priority](StartRun::priority) first, and of equals the one that came first; meanwhile it is running in the store. A run
    /// that pauses makes room, and queues again when it goes on. One that is being undone waits for nobody.
    ///
    /// The limit is this App's: several workers drive so many each. Workflows that others call are a part of their callers' runs
    /// and are not counted.
    pub fn limit_workflow(mut self, id: impl Into<String>, runs: usize) -> Self {
        self.workflow_limits.push((id.into(), runs));
        self
    }

    /// Lets so many calls of the step of this name be at work at once, in all runs of this App. The others wait for their turn,
    /// as in [`limit_workflow`](Self::limit_workflow). A step that waits for its next attempt, or for a person, makes room; a
    /// timeout of its own begins with its turn.
    ///
    /// The limit is this App's: several workers do so many each.
    pub fn limit_step(mut self, name: impl Into<String>, calls: usize) -> Self {
        self.step_limits.push((name.into(), calls));
        self
    }

    /// What of the past is kept. The App forgets the rest by itself, a little at a time. Without this, everything is kept.
    pub fn retention(mut self, retention: Retention) -> Self {
        self.retention = Some(retention);
        self
    }

    /// The workflows that have been registered so far, in the order in which they were: what a program can say of them before it
    /// opens a store.
    pub fn workflows(&self) -> Vec<WorkflowInfo> {
        self.workflows.iter().map(|(id, entry)| WorkflowInfo::new(id, &**entry)).collect()
    }

    /// Whether a JSON value is an input of the registered workflow of this id, before anything is opened.
    ///
    /// # Errors
    /// [`RunError::NotRegistered`], and [`RunError::Input`] with the field that does not fit.
    pub fn check_input(&self, workflow: &str, input: &Value) -> Result<(), RunError> {
        let entry = self.workflows.iter().find(|(id, _)| id == workflow).map(|(_, entry)| entry);
        let entry = entry.ok_or_else(|| RunError::NotRegistered { workflow: workflow.to_owned() })?;
        let checked = entry.check_input(&input.to_string());
        checked.map(drop).map_err(|source| RunError::Input { workflow: workflow.to_owned(), source })
    }

    /// The App. Inside a tokio runtime it begins at once to wake runs whose time has come, also those of which it came while
    /// nothing ran, and to take up those that nobody drives; outside of one it begins with the first run that is started, opened
    /// or waited for.
    ///
    /// # Errors
    /// [`BuildError::Duplicate`] if two workflows have one id, [`BuildError::UnknownEvent`], [`BuildError::UnknownLimit`] for a
    /// limit of something that is not there, [`BuildError::LimitOfZero`] for one that lets nothing through.
    pub fn build(self) -> Result<App, BuildError> {
        let mut workflows = BTreeMap::new();
        for (id, entry) in self.workflows {
            if workflows.insert(id.clone(), entry).is_some() {
                return Err(BuildError::Duplicate { workflow: id });
            }
        }
        let limits = Limits::new(&workflows, self.workflow_limits, self.step_limits)?;
        let events = self.events.chosen()?;
        #[cfg(feature = "testing")]
        check_steps(self.replaced.names(), &workflows)?;
        let engine = Arc::new(Engine::new(Parts {
            store: self.store,
            workflows,
            limits,
            retention: self.retention,
            clock: self.clock,
            events,
            #[cfg(feature = "testing")]
            replaced: self.replaced,
        }));
        engine.watch_timers();
        Ok(App { engine })
    }
}

impl App {
    /// Starts to build an App.
    pub fn builder() -> AppBuilder {
        AppBuilder {
            store: Arc::new(Memory::new()),
            events: Events::all(),
            workflows: Vec::new(),
            workflow_limits: Vec::new(),
            step_limits: Vec::new(),
            retention: None,
            clock: Clock::new(),
            #[cfg(feature = "testing")]
            replaced: crate::testing::Replaced::default(),
        }
    }

    /// Starts a run: the call is set up with [`StartRun`]'s methods and begins when it is awaited. It returns when the run
    /// is stored; from then on a task of the current tokio runtime drives it.
    ///
    /// # Errors
    /// When awaited: [`RunError::NotRegistered`], [`RunError::Input`] for an input without a JSON form, and the store's.
    pub fn start<W: Workflow>(&self, input: W::Input) -> StartRun<Run<W>> {
        let input = W::input_to_json(&input)
            .map_err(|error| RunError::Input { workflow: W::ID.to_owned(), source: error.into() });
        let workflow = self.engine.id_of::<W>().map(str::to_owned);
        StartRun::new(self.engine.clone(), workflow.and_then(|workflow| Ok((workflow, input?))))
    }

    /// Starts a run of the workflow of this id with an input as JSON.
    ///
    /// # Errors
    /// When awaited: as [`start`](Self::start), and [`RunError::Input`] with the field that does not fit.
    pub fn start_json(&self, workflow: &str, input: Value) -> StartRun<AnyRun> {
        let checked = self.engine.workflow(workflow).and_then(|entry| {
            let input = entry.check_input(&input.to_string());
            input.map_err(|source| RunError::Input { workflow: workflow.to_owned(), source })
        });
        StartRun::new(self.engine.clone(), checked.map(|input| (workflow.to_owned(), input)))
    }

    /// Opens a stored run. It is driven from when it is waited for, answered or resumed.
    ///
    /// # Errors
    /// [`StoreError::UnknownRun`](crate::StoreError::UnknownRun), [`RunError::OtherWorkflow`], [`RunError::NotRegistered`].
    pub async fn run<W: Workflow>(&self, id: &str) -> Result<Run<W>, RunError> {
        let expected = self.engine.id_of::<W>()?;
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
    /// [`StoreError::UnknownRun`](crate::StoreError::UnknownRun), [`RunError::NotRegistered`].
    pub async fn any_run(&self, id: &str) -> Result<AnyRun, RunError> {
        self.engine.watch_timers();
        let record = self.engine.record(id).await?;
        self.engine.workflow(&record.run.workflow)?;
        Ok(AnyRun::new(self.engine.clone(), record.run.id, record.run.workflow, None))
    }

    /// The registered workflows: id, doc comment, graph and JSON Schema of the input, in the order of their ids.
    pub fn workflows(&self) -> Vec<WorkflowInfo> {
        self.engine.workflows.iter().map(|(id, entry)| WorkflowInfo::new(id, &**entry)).collect()
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

impl WorkflowInfo {
    fn new(id: &str, entry: &dyn Registered) -> Self {
        WorkflowInfo {
            id: id.to_owned(),
            name: entry.name(),
            doc: entry.doc(),
            graph: entry.graph(),
            input_schema: entry.input_schema(),
        }
    }
}
