//! `sessions` and `session`.

use clap::Args;
use flow_report::place_of;
use flow_runtime::store::SessionFilter;

use crate::{
    CliError,
    context::{Context, Desk, Mode},
    reports::{Said, SessionReport, SessionsReport, sessions_text},
};

/// `sessions`.
#[derive(Debug, Clone, Args)]
pub struct SessionsArgs {
    /// Only those of this user
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// How many at most
    #[arg(long, short = 'n', value_name = "NUMBER", default_value_t = 20)]
    pub limit: u32,
    /// The page after this session, or after `next` of the page before
    #[arg(long, value_name = "ID")]
    pub after: Option<String>,
}

/// `session ID`.
#[derive(Debug, Clone, Args)]
pub struct SessionArgs {
    /// Its id; `sessions` shows them
    pub id: String,
    /// How many of its runs
    #[arg(long, short = 'n', value_name = "NUMBER", default_value_t = 20)]
    pub limit: u32,
    /// Give it this name
    #[arg(long, value_name = "TEXT")]
    pub rename: Option<String>,
}

/// Shows the sessions there are, a page at a time.
pub(crate) async fn sessions(cx: Context, args: SessionsArgs) -> Result<Said, CliError> {
    let desk = cx.open(Mode::Look).await?;
    let mut filter = SessionFilter { user: args.user.clone(), limit: args.limit.max(1), ..SessionFilter::default() };
    if let Some(after) = &args.after {
        filter.after = Some(place(&desk, after).await?);
    }
    let page = SessionsReport::of(&desk.app, &filter).await?;
    let last = page.sessions.last().filter(|_| page.next.is_some());
    let next = last.map(|last| desk.kit.shell.command(again(&args, &last.id)));
    let text = sessions_text(&page, next.as_deref());
    Ok(Said::with(&page, text))
}

/// Where the page begins that comes after a session, or after what a page before has said.
async fn place(desk: &Desk, after: &str) -> Result<(i64, String), CliError> {
    match desk.app.session(after).record().await? {
        Some(record) => Ok((record.updated_at, record.id)),
        None => place_of(after).ok_or_else(|| unknown(desk, after)),
    }
}

/// The command line of the page after this session.
fn again(args: &SessionsArgs, after: &str) -> Vec<String> {
    let mut words = vec!["sessions".to_owned()];
    args.user.iter().for_each(|user| words.extend(["--user".to_owned(), user.clone()]));
    if args.limit != 20 {
        words.extend(["--limit".to_owned(), args.limit.to_string()]);
    }
    words.extend(["--after".to_owned(), after.to_owned()]);
    words
}

fn unknown(desk: &Desk, id: &str) -> CliError {
    let what = format!("there is no session `{id}`");
    CliError::Usage { what, hints: vec![desk.kit.shell.command(["sessions"])] }
}

/// Shows one session.
pub(crate) async fn session(cx: Context, args: SessionArgs) -> Result<Said, CliError> {
    let desk = cx.open(Mode::Look).await?;
    if let Some(name) = &args.rename {
        desk.app.session(&args.id).rename(name).await?;
    }
    let report = SessionReport::of(&desk.app, &args.id, args.limit).await?;
    Ok(report.ok_or_else(|| unknown(&desk, &args.id))?.into())
}
