//! `runs`.

use std::time::Duration;

use clap::Args;
use flow_runtime::store::{RunFilter, RunRecord, RunStatus};
use serde_json::Value;

use super::run::key_value;
use crate::{
    CliError,
    context::{Context, Mode},
    output::{now_ms, parse_duration, short},
    reports::{RunLine, RunsReport, Said, stored},
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
    /// The page after this run
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
        filter = filter.after(&desk.find(after).await?);
    }
    let records = desk.app.runs(&filter).await?;
    // One more look, so that nobody is sent to a page with nothing on it.
    let more = match filter.next_page(&records) {
        Some(next) => !desk.app.runs(&next.limit(1)).await?.is_empty(),
        None => false,
    };
    let next = records.last().filter(|_| more).map(|last| last.run.id.clone());
    let next_command = next.as_ref().map(|next| desk.kit.shell.command(again(&args, short(next))));
    let store = desk.kit.url()?.to_string();
    Ok(RunsReport { runs: records.iter().map(line).collect(), next, next_command, store }.into())
}

pub(crate) fn line(record: &RunRecord) -> RunLine {
    RunLine {
        run: record.run.id.clone(),
        workflow: record.run.workflow.clone(),
        status: record.status.as_str().to_owned(),
        session: record.run.session.clone(),
        user: record.run.user.clone(),
        metadata: record.run.metadata.as_deref().map(stored),
        created_at: record.run.created_at,
        updated_at: record.updated_at,
        input: stored(&record.run.input),
    }
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
