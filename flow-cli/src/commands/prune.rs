//! `prune`.

use std::time::Duration;

use clap::Args;
use flow_runtime::Retention;

use crate::{
    CliError,
    context::{Context, Mode},
    output::parse_duration,
    reports::{PruneReport, Said},
};

/// `prune`.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = true)]
pub struct PruneArgs {
    /// Forget runs that ended longer ago than this: 30d, 12h
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub ended: Option<Duration>,
    /// Of every other run keep so many of its last checkpoints
    #[arg(long, value_name = "NUMBER")]
    pub checkpoints: Option<u64>,
}

/// Forgets what need not be kept.
pub(crate) async fn prune(cx: Context, args: PruneArgs) -> Result<Said, CliError> {
    let desk = cx.open(Mode::Change).await?;
    let mut retention = Retention::default();
    if let Some(ended) = args.ended {
        retention = retention.ended(ended);
    }
    if let Some(checkpoints) = args.checkpoints {
        retention = retention.checkpoints(checkpoints);
    }
    let pruned = desk.app.prune(&retention).await?;
    Ok(PruneReport { runs: pruned.runs, checkpoints: pruned.checkpoints }.into())
}
