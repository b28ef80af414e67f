//! The command line: options, and a command each with its own.

use clap::{Args as ClapArgs, Subcommand};

use crate::commands;

/// The whole command line. It is a parser of its own with [`flow_cli::run`](crate::run), or flattened into yours:
///
/// ```
/// use clap::Parser;
///
/// #[derive(Parser)]
/// struct Mine {
///     #[command(flatten)]
///     flow: flow_cli::Args,
/// }
/// ```
#[derive(Debug, Clone, ClapArgs)]
pub struct Args {
    /// Options of every command.
    #[command(flatten)]
    pub options: Options,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Default, ClapArgs)]
pub struct Options {
    /// Where runs are kept: sqlite:PATH or postgres://USER@HOST/DATABASE [env: FLOW_STORE] [default: sqlite:flow.db]
    #[arg(long, global = true, value_name = "URL")]
    pub store: Option<String>,
    /// Print JSON, for scripts
    #[arg(long, global = true)]
    pub json: bool,
    /// Print results and errors only
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

impl Options {
    /// These, with what was said again later on the command line.
    pub(crate) fn and(self, later: Options) -> Self {
        Options { store: later.store.or(self.store), json: later.json || self.json, quiet: later.quiet || self.quiet }
    }
}

/// What to do. It can be flattened into an enum of your own commands.
#[derive(Debug, Clone, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Show the workflows of this program
    List,
    /// Start a run and see it through; `run WORKFLOW --help` shows its input
    Run(commands::run::RunArgs),
    /// Show the runs there are, the newest first
    Runs(commands::runs::RunsArgs),
    /// Show one run: what it did, what it asks, what came out
    Show(commands::show::ShowArgs),
    /// Answer what a run asks, and see the run through
    Answer(commands::answer::AnswerArgs),
    /// Show what has happened in a run
    Events(commands::events::EventsArgs),
    /// Go on with a run that has failed, from where it failed
    Retry(commands::control::RetryArgs),
    /// Start a copy of a run from a point it has been at
    Fork(commands::control::ForkArgs),
    /// Cancel a run; steps that can be undone are
    Cancel(commands::control::CancelArgs),
    /// Forget runs that ended long ago, and old checkpoints
    Prune(commands::prune::PruneArgs),
    /// Go on with a run whose process died, or with all of them
    #[command(visible_alias = "resume")]
    Recover(commands::recover::RecoverArgs),
    /// Show the sessions there are
    Sessions(commands::sessions::SessionsArgs),
    /// Show one session: its state and its last runs
    Session(commands::sessions::SessionArgs),
    /// Print a workflow as a graph
    Graph(commands::graph::GraphArgs),
    /// Show the stored definitions of workflows
    Definitions(commands::definitions::DefinitionsArgs),
    /// Store what a workflow is, as a draft or published
    Save(commands::definitions::SaveArgs),
    /// Show how two definitions of a workflow differ
    Diff(commands::definitions::DiffArgs),
    /// Serve the workflows over HTTP, with a page to watch and answer them
    #[cfg(feature = "serve")]
    Serve(commands::serve::ServeArgs),
    /// Drive the runs of a store until stopped
    Worker(commands::worker::WorkerArgs),
    /// Print completions for a shell
    Completions(commands::completions::CompletionsArgs),
    /// Print the JSON Schemas of a workflow's input and questions
    Schema(commands::schema::SchemaArgs),
}
