//! What commands work with.

use std::{io::IsTerminal as _, sync::Arc};

use flow_runtime::{
    AnyRun, App, AppBuilder, RunError, Store, WorkflowInfo,
    store::{RunFilter, RunRecord},
};

use crate::{
    Cli, CliError, Options, StoreUrl,
    cli::Hooks,
    error::nearest,
    output::{self, DIM, Shell, paint},
};

/// How many runs are looked through at a time for one whose id ends as given.
const PAGE: u32 = 1_000;

/// A program and a command line, before anything is opened.
pub(crate) struct Context {
    builder: AppBuilder,
    pub(crate) kit: Kit,
}

/// What every command needs.
#[derive(Clone)]
pub(crate) struct Kit {
    pub(crate) options: Options,
    pub(crate) hooks: Hooks,
    pub(crate) shell: Shell,
}

/// What a command wants of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// To start runs and drive them: a store that is not there is made.
    Start,
    /// To drive runs that are there.
    Drive,
    /// To write, but drive nothing; a store that is not there is made.
    Write,
    /// To write into what is there, but drive nothing.
    Change,
    /// To read.
    Look,
}

/// A store and an App on it.
pub(crate) struct Desk {
    pub(crate) app: App,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) kit: Kit,
}

impl Context {
    pub(crate) fn new(cli: Cli, options: Options) -> Result<Self, CliError> {
        let Cli { builder, hooks } = cli;
        let mut context = Context { builder, kit: Kit { options, hooks, shell: Shell::new(Vec::new()) } };
        context.say_again(Options::default());
        Ok(context)
    }

    /// Options that were said again later on the command line.
    pub(crate) fn say_again(&mut self, options: Options) {
        let Kit { options: before, hooks, .. } = self.kit.clone();
        let options = before.and(options);
        let after = options.store.iter().flat_map(|store| ["--store".to_owned(), store.clone()]).collect();
        self.kit = Kit { options, hooks, shell: Shell::new(after) };
    }

    /// The workflows of the program.
    pub(crate) fn workflows(&self) -> Vec<WorkflowInfo> {
        self.builder.workflows()
    }

    /// The workflow of this id. Underscores count as hyphens.
    pub(crate) fn workflow(&self, id: &str) -> Result<WorkflowInfo, CliError> {
        find_workflow(self.workflows(), id)
    }

    /// Whether a value is an input of a workflow.
    pub(crate) fn check_input(&self, workflow: &str, input: &serde_json::Value) -> Result<(), RunError> {
        self.builder.check_input(workflow, input)
    }

    /// An App without a store, for what needs none.
    pub(crate) fn describe(self) -> Result<(App, Kit), CliError> {
        let store = flow_runtime::Memory::new();
        Ok((self.builder.store(store).build()?, self.kit))
    }

    /// Opens the store, and an App on it.
    pub(crate) async fn open(self, mode: Mode) -> Result<Desk, CliError> {
        let store = self.kit.url()?.open(matches!(mode, Mode::Start | Mode::Write)).await?;
        let app = self.builder.shared_store(store.clone()).build()?;
        if matches!(mode, Mode::Look | Mode::Change | Mode::Write) {
            // It takes up nothing by itself then, and what it writes is for another App to go on with.
            app.shutdown().await;
        }
        Ok(Desk { app, store, kit: self.kit })
    }
}

/// The workflow of this id among these.
pub(crate) fn find_workflow(workflows: Vec<WorkflowInfo>, id: &str) -> Result<WorkflowInfo, CliError> {
    let ids: Vec<String> = workflows.iter().map(|workflow| workflow.id.clone()).collect();
    let found = workflows.into_iter().find(|workflow| workflow.id == id || workflow.name == id);
    found.ok_or_else(|| CliError::UnknownWorkflow {
        given: id.to_owned(),
        nearest: nearest(id, ids.iter().map(String::as_str)),
    })
}

impl Kit {
    /// Where runs are kept.
    pub(crate) fn url(&self) -> Result<StoreUrl, CliError> {
        let given = self.options.store.clone().or_else(|| std::env::var("FLOW_STORE").ok());
        given.filter(|given| !given.is_empty()).map_or_else(|| Ok(StoreUrl::default()), |given| given.parse())
    }

    /// Whether somebody can be asked right here.
    pub(crate) fn is_interactive(&self) -> bool {
        !self.options.json && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// Tells the person at the terminal something that is no result.
    pub(crate) fn note(&self, text: &str) {
        if !self.options.json && !self.options.quiet {
            output::err(&format!("{}\n", paint(DIM, text)));
        }
    }
}

impl Desk {
    /// The run of this id, of an unmistakable end of one, or the `last` one.
    pub(crate) async fn find(&self, given: &str) -> Result<RunRecord, CliError> {
        let unknown = || CliError::UnknownRun { given: given.to_owned() };
        if given == "last" {
            let newest = self.app.runs(&RunFilter::new().limit(1)).await?;
            return newest.into_iter().next().ok_or_else(unknown);
        }
        if let Some(record) = self.store.find(given).await? {
            return Ok(record);
        }
        let mut found: Vec<RunRecord> = Vec::new();
        let mut page = Some(RunFilter::new().limit(PAGE)).filter(|_| !given.is_empty());
        while let Some(filter) = page {
            let runs = self.app.runs(&filter).await?;
            page = filter.next_page(&runs);
            found.extend(runs.into_iter().filter(|record| record.run.id.ends_with(given)));
        }
        match found.len() {
            0 => Err(unknown()),
            1 => found.pop().ok_or_else(unknown),
            _ => {
                let ids = found.into_iter().map(|record| record.run.id).collect();
                Err(CliError::AmbiguousRun { given: given.to_owned(), ids })
            }
        }
    }

    /// Opens a run, to do something with it.
    pub(crate) async fn run(&self, given: &str) -> Result<AnyRun, CliError> {
        let record = self.find(given).await?;
        Ok(self.app.any_run(&record.run.id).await?)
    }

    /// Leaves the store: runs that were taken up on the side are given back once their steps have finished.
    pub(crate) async fn leave(&self) {
        let mut leaving = std::pin::pin!(self.app.shutdown());
        let mut signals = crate::drive::Signals::new();
        let slow = tokio::time::sleep(std::time::Duration::from_secs(1));
        tokio::select! {
            _ = &mut leaving => return,
            () = slow => self.kit.note("Other runs of this store are in the middle of a step; Ctrl-C leaves at once."),
            () = signals.next() => {}
        }
        tokio::select! {
            _ = &mut leaving => {}
            () = signals.next() => {}
        }
    }
}
