//! `runs`.

use std::time::Duration;

use clap::Args;
use flow_report::place_of;
use flow_runtime::store::{RunFilter, RunStatus};
use serde_json::Value;

use super::run::key_value;
use crate::{
    CliError,
    context::{Context, Mode},
    output::{now_ms, parse_duration, short},
    reports::{RunsReport, Said, runs_text},
};

/// `runs`.
#[derive(Debug, Clone, Args)]
pub struct RunsArgs {
    /// Only those that stand so; may be repeated
    #[arg(long, value_parser = ["running", "paused", "undoing", "completed", "failed", "cancelled"])]
    pub status: Vec<String>,
    /// Only those of this workflow
    #[arg(long, value_name = "WORKFLOW")]
    pub workflow: Option<String>,
    /// Only those of this session
    #[arg(long, value_name = "ID")]
    pub session: Option<String>,
    /// Only those on behalf of this user
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// Only those started so long ago at most: 90s, 5m, 2d
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub since: Option<Duration>,
    /// Only those started with this metadata; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub metadata: Vec<(String, Value)>,
    /// How many at most
    #[arg(long, short = 'n', value_name = "NUMBER", default_value_t = 20)]
    pub limit: u32,
    /// The page after this run, or after `next` of the page before
    #[arg(long, value_name = "RUN")]
    pub after: Option<String>,
}

/// Shows the runs there are, a page at a time.
pub(crate) async fn runs(cx: Context, args: RunsArgs) -> Result<Said, CliError> {
    // A workflow that is gone from the program has runs all the same.
    let known = |id: &String| cx.workflow(id).map_or_else(|_| id.clone(), |workflow| workflow.id);
    let workflow = args.workflow.as_ref().map(known);
    let desk = cx.open(Mode::Look).await?;
    let mut filter = RunFilter { workflow, ..RunFilter::new().limit(args.limit.max(1)) };
    filter.status = args.status.iter().filter_map(|status| RunStatus::parse(status)).collect();
    filter.session.clone_from(&args.session);
    filter.user.clone_from(&args.user);
    let since = args.since.map(|since| now_ms().saturating_sub(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)));
    filter.created_from = since;
    for (key, value) in &args.metadata {
        filter = filter.metadata(key, value.clone());
    }
    if let Some(after) = &args.after {
        filter = match place_of(after) {
            Some(place) => RunFilter { after: Some(place), ..filter },
            None => filter.after(&desk.find(after).await?),
        };
    }
    let page = RunsReport::of(&desk.app, &filter).await?;
    let last = page.runs.last().filter(|_| page.next.is_some());
    let next = last.map(|last| desk.kit.shell.command(again(&args, short(&last.run))));
    let text = runs_text(&page, &desk.kit.url()?, next.as_deref());
    Ok(Said::with(&page, text))
}

/// The same command for the page after this run.
fn again(args: &RunsArgs, after: &str) -> Vec<String> {
    let mut words = vec!["runs".to_owned()];
    let mut add = |flag: &str, value: &str| words.extend([flag.to_owned(), value.to_owned()]);
    args.status.iter().for_each(|status| add("--status", status));
    let texts = [("--workflow", &args.workflow), ("--session", &args.session), ("--user", &args.user)];
    texts.into_iter().for_each(|(flag, value)| value.iter().for_each(|value| add(flag, value)));
    args.since.iter().for_each(|since| add("--since", &format!("{}s", since.as_secs())));
    args.metadata.iter().for_each(|(key, value)| add("--metadata", &format!("{key}={value}")));
    if args.limit != 20 {
        add("--limit", &args.limit.to_string());
    }
    add("--after", after);
    words
}
