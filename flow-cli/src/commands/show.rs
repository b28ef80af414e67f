//! `show`.

use clap::Args;

use crate::{
    CliError,
    context::{Context, Mode},
    pauses,
    reports::{Said, ShowReport, show_text},
};

/// `show RUN`.
#[derive(Debug, Clone, Args)]
pub struct ShowArgs {
    /// The run: its id, the end of it, or `last`
    #[arg(default_value = "last")]
    pub run: String,
}

/// Shows all that is known of a run. It is read from the store, so that nothing is taken up by looking at it.
pub(crate) async fn show(cx: Context, args: ShowArgs) -> Result<Said, CliError> {
    let desk = cx.open(Mode::Look).await?;
    let run = desk.find(&args.run).await?.run.id;
    let report = ShowReport::with(&desk.app, &run, |pause| pauses::report(&desk.kit, &run, pause)).await?;
    let output = report.output.as_ref().map(|output| desk.kit.hooks.shown(&report.workflow, output));
    Ok(Said::with(&report, show_text(&report, &output.unwrap_or_default())))
}
