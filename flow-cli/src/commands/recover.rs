//! `recover`.

use clap::Args;
use flow_runtime::store::{RunFilter, RunStatus};

use super::{answer::next_event, control::go_on};
use crate::{
    CliError,
    context::{Context, Mode},
    drive::{How, see_through},
    reports::{RecoverReport, Said},
};

/// How many runs are looked through at a time.
const PAGE: u32 = 1_000;

/// `recover [RUN]`.
#[derive(Debug, Clone, Args)]
pub struct RecoverArgs {
    /// The run; without it, all that were left behind
    pub run: Option<String>,
}

/// Goes on with runs that nobody drives.
pub(crate) async fn recover(cx: Context, args: RecoverArgs) -> Result<Said, CliError> {
    let desk = cx.open(Mode::Drive).await?;
    if let Some(run) = args.run {
        let run = desk.run(&run).await?;
        let from = next_event(&desk, &run).await?;
        return Ok(go_on(&desk, &run, from, false).await?.into());
    }
    let known: Vec<String> = desk.app.workflows().into_iter().map(|workflow| workflow.id).collect();
    let mut left = Vec::new();
    let under_way = RunFilter::new().status(RunStatus::Running).status(RunStatus::Undoing).limit(PAGE);
    let mut page = Some(under_way);
    while let Some(filter) = page {
        let records = desk.app.runs(&filter).await?;
        page = filter.next_page(&records);
        left.extend(records.into_iter().filter(|record| known.contains(&record.run.workflow)));
    }
    let taken_up = desk.app.recover().await?;
    let mut runs = Vec::new();
    // The oldest has waited longest.
    for record in left.iter().rev().filter(|_| taken_up > 0) {
        let run = desk.app.any_run(&record.run.id).await?;
        let from = next_event(&desk, &run).await?;
        desk.kit.note(&format!("Run {} of {}", run.id(), run.workflow()));
        runs.push(see_through(&desk, &run, &How { from, ..How::default() }).await?);
    }
    desk.leave().await;
    Ok(RecoverReport { taken_up: runs.len(), runs }.into())
}
