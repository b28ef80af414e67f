//! What each command does. A file a family; what is said of it is in [`reports`](crate::reports).

pub(crate) mod answer;
pub(crate) mod completions;
pub(crate) mod control;
pub(crate) mod definitions;
pub(crate) mod events;
pub(crate) mod graph;
pub(crate) mod list;
pub(crate) mod prune;
pub(crate) mod recover;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod schema;
#[cfg(feature = "serve")]
pub(crate) mod serve;
pub(crate) mod sessions;
pub(crate) mod show;
pub(crate) mod worker;

use crate::{Args, Cli, CliError, Command, context::Context, reports::Said};

/// Does what the command line says.
pub(crate) async fn perform(args: Args, cli: Cli) -> Result<Said, CliError> {
    let Args { options, command } = args;
    let cx = Context::new(cli, options)?;
    match command {
        Command::List => list::list(cx),
        Command::Run(args) => run::run(cx, args).await,
        Command::Runs(args) => runs::runs(cx, args).await,
        Command::Show(args) => show::show(cx, args).await,
        Command::Answer(args) => answer::answer(cx, args).await,
        Command::Events(args) => events::events(cx, args).await,
        Command::Retry(args) => control::retry(cx, args).await,
        Command::Fork(args) => control::fork(cx, args).await,
        Command::Cancel(args) => control::cancel(cx, args).await,
        Command::Prune(args) => prune::prune(cx, args).await,
        Command::Recover(args) => recover::recover(cx, args).await,
        Command::Sessions(args) => sessions::sessions(cx, args).await,
        Command::Session(args) => sessions::session(cx, args).await,
        Command::Graph(args) => graph::graph(cx, args).await,
        Command::Definitions(args) => definitions::definitions(cx, args).await,
        Command::Save(args) => definitions::save(cx, args).await,
        Command::Diff(args) => definitions::diff(cx, args).await,
        #[cfg(feature = "serve")]
        Command::Serve(args) => serve::serve(cx, args).await,
        Command::Worker(args) => worker::worker(cx, args).await,
        Command::Completions(args) => completions::completions(cx, args),
        Command::Schema(args) => schema::schema(cx, args),
    }
}
