//! `sessions` and `session`.

use clap::Args;
use flow_runtime::store::{RunFilter, SessionFilter, SessionRecord};

use crate::{
    CliError,
    context::{Context, Mode},
    reports::{Said, SessionLine, SessionReport, SessionRun, SessionsReport, stored},
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

/// Shows the sessions there are.
pub(crate) async fn sessions(cx: Context, args: SessionsArgs) -> Result<Said, CliError> {
    let desk = cx.open(Mode::Look).await?;
    let filter = SessionFilter { user: args.user, limit: args.limit.max(1), ..SessionFilter::default() };
    let sessions = desk.app.sessions(&filter).await?;
    Ok(SessionsReport { sessions: sessions.into_iter().map(line).collect() }.into())
}

fn line(record: SessionRecord) -> SessionLine {
    let SessionRecord { id, name, user, state, version, created_at, updated_at } = record;
    SessionLine { id, name, user, version, created_at, updated_at, state: stored(&state) }
}

/// Shows one session.
pub(crate) async fn session(cx: Context, args: SessionArgs) -> Result<Said, CliError> {
    let desk = cx.open(Mode::Look).await?;
    let session = desk.app.session(&args.id);
    if let Some(name) = &args.rename {
        session.rename(name).await?;
    }
    let Some(record) = session.record().await? else {
        let what = format!("there is no session `{}`", args.id);
        return Err(CliError::Usage { what, hints: vec![desk.kit.shell.command(["sessions"])] });
    };
    let runs = desk.app.runs(&RunFilter::new().session(&args.id).limit(args.limit.max(1))).await?;
    let run = |record: &flow_runtime::store::RunRecord| SessionRun {
        run: record.run.id.clone(),
        workflow: record.run.workflow.clone(),
        status: record.status.as_str().to_owned(),
        created_at: record.run.created_at,
        updated_at: record.updated_at,
        input: stored(&record.run.input),
        output: record.output.as_deref().map(stored),
    };
    Ok(SessionReport { session: line(record), runs: runs.iter().map(run).collect() }.into())
}
