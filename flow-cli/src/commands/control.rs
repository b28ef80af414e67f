//! `retry`, `fork`, `cancel`.

use clap::Args;
use flow_runtime::{AnyRun, store::CheckpointRecord};
use serde_json::Value;

use super::{
    answer::next_event,
    run::{key_value, user},
};
use crate::{
    CliError,
    context::{Context, Desk, Mode},
    drive::{Answerer, How, see_through},
    error::nearest,
    reports::{RunReport, Said},
};

/// `retry RUN`.
#[derive(Debug, Clone, Args)]
pub struct RetryArgs {
    /// The run: its id, the end of it, or `last`
    pub run: String,
    /// Leave it to a worker
    #[arg(long)]
    pub detach: bool,
}

/// `fork RUN`.
#[derive(Debug, Clone, Args)]
pub struct ForkArgs {
    /// The run: its id, the end of it, or `last`
    pub run: String,
    /// Where the copy begins: the name of a point, `research done`, the number of a checkpoint, or `start`
    #[arg(long, value_name = "POINT")]
    pub at: String,
    /// Another value of a binding, as JSON or a text; `BRANCH:NAME=VALUE` in another branch; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = key_value)]
    pub set: Vec<(String, Value)>,
    /// Leave it to a worker
    #[arg(long)]
    pub detach: bool,
}

/// `cancel RUN`.
#[derive(Debug, Clone, Args)]
pub struct CancelArgs {
    /// The run: its id, the end of it, or `last`
    pub run: String,
    /// Leave it to a worker to undo what can be undone
    #[arg(long)]
    pub detach: bool,
}

fn mode(detach: bool) -> Mode {
    if detach { Mode::Change } else { Mode::Drive }
}

/// Says how a run stands that a worker goes on with, or sees it through.
pub(crate) async fn go_on(desk: &Desk, run: &AnyRun, from: u64, detach: bool) -> Result<RunReport, CliError> {
    if detach {
        return RunReport::detached(desk, run).await;
    }
    let who = Answerer { by: user(), ..Answerer::default() };
    let report = see_through(desk, run, &How { who, from }).await;
    desk.leave().await;
    report
}

/// Goes on with a run that has failed.
pub(crate) async fn retry(cx: Context, args: RetryArgs) -> Result<Said, CliError> {
    let desk = cx.open(mode(args.detach)).await?;
    let run = desk.run(&args.run).await?;
    let from = next_event(&desk, &run).await?;
    run.retry().await?;
    Ok(go_on(&desk, &run, from, args.detach).await?.into())
}

/// Starts a copy of a run.
pub(crate) async fn fork(cx: Context, args: ForkArgs) -> Result<Said, CliError> {
    let desk = cx.open(mode(args.detach)).await?;
    let run = desk.run(&args.run).await?;
    let seq = point(&run.checkpoints().await?, &args.at)?;
    let mut copy = run.fork(seq);
    for (name, value) in &args.set {
        copy = match name.split_once(':') {
            Some((path, name)) => copy.set_at(path, name, value),
            None => copy.set(name, value),
        };
    }
    let copy = copy.await?;
    desk.kit.note(&format!("Copy {} of run {}", copy.id(), run.id()));
    Ok(go_on(&desk, &copy, 1, args.detach).await?.into())
}

/// The checkpoint that is meant: a number, or the last one at a point of this name.
fn point(checkpoints: &[CheckpointRecord], wanted: &str) -> Result<u64, CliError> {
    if wanted == "start" {
        return Ok(0);
    }
    if let Ok(seq) = wanted.parse() {
        return Ok(seq);
    }
    let name = |checkpoint: &CheckpointRecord| match checkpoint.path.as_str() {
        "" => checkpoint.at.clone(),
        path => format!("{path}:{}", checkpoint.at),
    };
    let is_meant = |checkpoint: &&CheckpointRecord| {
        name(checkpoint) == wanted || checkpoint.at == wanted || checkpoint.at == format!("{wanted} done")
    };
    if let Some(found) = checkpoints.iter().rfind(is_meant) {
        return Ok(found.seq);
    }
    let near = nearest(wanted, checkpoints.iter().map(|checkpoint| checkpoint.at.as_str()));
    let meant = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    let known = checkpoints.iter().map(|checkpoint| format!("--at {}    {}", checkpoint.seq, name(checkpoint)));
    let hints = std::iter::once("--at start".to_owned()).chain(known).collect();
    Err(CliError::Usage { what: format!("the run was never at `{wanted}`{meant}"), hints })
}

/// Cancels a run, and waits until what it had done is undone.
pub(crate) async fn cancel(cx: Context, args: CancelArgs) -> Result<Said, CliError> {
    let desk = cx.open(mode(args.detach)).await?;
    let run = desk.run(&args.run).await?;
    let from = next_event(&desk, &run).await?;
    run.cancel().await?;
    let report = go_on(&desk, &run, from, args.detach).await?;
    Ok(if report.run.status == "cancelled" { report.wanted() } else { report }.into())
}
