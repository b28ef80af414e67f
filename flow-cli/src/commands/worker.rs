//! `worker`.

use std::time::Duration;

use clap::Args;

use crate::{
    CliError,
    context::{Context, Mode},
    drive::Signals,
    output::{now_ms, parse_duration},
    reports::{Said, WorkerReport},
};

pub(crate) mod told;

/// `worker`.
#[derive(Debug, Clone, Args)]
pub struct WorkerArgs {
    /// How long steps may take to finish when it is stopped
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "25s")]
    pub grace: Duration,
}

/// Drives the runs of a store until it is told to stop.
pub(crate) async fn worker(cx: Context, args: WorkerArgs) -> Result<Said, CliError> {
    let ids: Vec<String> = cx.workflows().into_iter().map(|workflow| workflow.id).collect();
    let (json, quiet) = (cx.kit.options.json, cx.kit.options.quiet);
    if !quiet {
        told::listen(json);
    }
    // Signals are heard before anything is taken up.
    let mut signals = Signals::new();
    let desk = cx.open(Mode::Start).await?;
    let begun = now_ms();
    desk.kit.note(&format!("Working on {} for {}; Ctrl-C or SIGTERM stops.", desk.kit.url()?, ids.join(", ")));
    let taken = desk.app.recover().await?;
    if taken > 0 {
        desk.kit.note(&format!("{taken} runs taken up that nobody drove."));
    }
    signals.next().await;
    desk.kit.note("Stopping: steps that run may finish. Ctrl-C again leaves at once.");
    let left = tokio::select! {
        left = desk.app.shutdown_within(args.grace) => left,
        () = signals.next() => desk.app.shutdown_within(Duration::ZERO).await,
    };
    Ok(WorkerReport { given_back: left.runs, interrupted: left.interrupted, ms: now_ms() - begun }.into())
}
