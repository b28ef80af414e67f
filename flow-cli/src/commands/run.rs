//! `run`.

use std::{ffi::OsString, io::IsTerminal as _};

use clap::{Args, FromArgMatches as _};
use flow_runtime::{RunError, StartRun, WorkflowInfo, store::RunRecord};
use serde_json::{Map, Value};

use crate::{
    CliError, Options,
    cli::program,
    context::{Context, Desk, Mode},
    drive::{Answerer, How, see_through},
    form::{Form, Given, Shape, parse_json, read_argument, words},
    output::{self, BOLD, DIM, paint, parse_duration, short, text},
    reports::{RunReport, Said},
};

/// `run WORKFLOW`.
#[derive(Debug, Clone, Args)]
#[command(disable_help_flag = true)]
pub struct RunArgs {
    /// Options of the start.
    #[command(flatten)]
    pub start: StartArgs,
    /// Print help; with a WORKFLOW, with the fields of its input
    #[arg(short, long)]
    pub help: bool,
    /// Which workflow; `list` shows them
    pub workflow: Option<String>,
    /// The input: a flag for every field, or the value itself
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "INPUT")]
    pub rest: Vec<OsString>,
}

/// How a run starts.
#[derive(Debug, Clone, Default, Args)]
pub struct StartArgs {
    /// The input as JSON, or where it is: @FILE, or - for stdin. Flags go on top of it
    #[arg(long, value_name = "JSON")]
    pub input: Option<String>,
    /// The session the run belongs to
    #[arg(long, value_name = "ID")]
    pub session: Option<String>,
    /// On whose behalf it runs [env: FLOW_USER]
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// A name for this start: the second one with the same key gets the run of the first
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// Which of several waiting runs goes first: the one with the highest number
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub priority: Option<i32>,
    /// How long it may take: 90s, 5m, 2d
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub deadline: Option<std::time::Duration>,
    /// Anything else to be kept with it; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub metadata: Vec<(String, Value)>,
    /// Start it, and leave it to a worker
    #[arg(long)]
    pub detach: bool,
}

/// `key=value`, the value as JSON or as a text.
pub(crate) fn key_value(text: &str) -> Result<(String, Value), String> {
    let (key, value) = text.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or("write it as KEY=VALUE")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
    Ok((key.to_owned(), value))
}

/// Who runs or answers, if nobody says.
pub(crate) fn user() -> Option<String> {
    std::env::var("FLOW_USER").ok().filter(|user| !user.is_empty())
}

impl StartArgs {
    /// These, with what was said behind the name of the workflow.
    fn and(self, later: StartArgs) -> Self {
        StartArgs {
            input: later.input.or(self.input),
            session: later.session.or(self.session),
            user: later.user.or(self.user),
            key: later.key.or(self.key),
            priority: later.priority.or(self.priority),
            deadline: later.deadline.or(self.deadline),
            metadata: self.metadata.into_iter().chain(later.metadata).collect(),
            detach: later.detach || self.detach,
        }
    }

    fn set_up<H>(&self, mut start: StartRun<H>) -> StartRun<H> {
        if let Some(session) = &self.session {
            start = start.session(session);
        }
        if let Some(user) = self.user.clone().or_else(user) {
            start = start.user(user);
        }
        if let Some(key) = &self.key {
            start = start.key(key);
        }
        if let Some(deadline) = self.deadline {
            start = start.deadline(deadline);
        }
        if !self.metadata.is_empty() {
            start = start.metadata(Value::Object(self.metadata.iter().cloned().collect::<Map<_, _>>()));
        }
        start.priority(self.priority.unwrap_or(0))
    }
}

/// The second stage of `run`, without the fields: the options there are behind the name of a workflow.
pub(crate) fn command() -> clap::Command {
    with_options(clap::Command::new("run"))
}

/// The options, which stand below the fields.
fn with_options(command: clap::Command) -> clap::Command {
    let command = StartArgs::augment_args(command.next_help_heading("Options"));
    with_help(Options::augment_args(command.next_help_heading("Options")))
}

/// `--help`, with the other options.
pub(crate) fn with_help(command: clap::Command) -> clap::Command {
    let help = clap::Arg::new("help").short('h').long("help").action(clap::ArgAction::Help).help("Print help");
    command.disable_help_flag(true).arg(help.help_heading("Options"))
}

/// Starts a run and sees it through.
pub(crate) async fn run(mut cx: Context, args: RunArgs) -> Result<Said, CliError> {
    let Some(id) = args.workflow else { return no_workflow(&cx, args.help) };
    let workflow = cx.workflow(&id)?;
    let shape = Shape::of(&workflow.input_schema);
    let form = Form::new(&shape, &command());
    let command = second_stage(&workflow, &form);
    let words = words(&workflow.id, &args.rest);
    let words = if args.help { vec![workflow.id.clone().into(), "--help".into()] } else { words };
    let matches = command.try_get_matches_from(words).map_err(CliError::Clap)?;
    cx.say_again(Options::from_arg_matches(&matches).map_err(CliError::Clap)?);
    let start = args.start.and(StartArgs::from_arg_matches(&matches).map_err(CliError::Clap)?);
    let given = form.given(&matches).map_err(|error| error.of("the input"))?;
    let input = input(&workflow, &form, &shape, given, start.input.as_deref(), &cx)?;
    let prepared = cx.kit.hooks.prepared(&workflow.id, input);
    let input = prepared.map_err(|error| does_not_fit(&form, &*error))?;
    cx.check_input(&workflow.id, &input).map_err(|error| explained(&form, error))?;
    let desk = cx.open(if start.detach { Mode::Write } else { Mode::Start }).await?;
    begin(&desk, &workflow.id, input, &start).await
}

async fn begin(desk: &Desk, workflow: &str, input: Value, start: &StartArgs) -> Result<Said, CliError> {
    let before = desk.kit.hooks.world(workflow).filter(|_| !desk.kit.options.json && !desk.kit.options.quiet);
    if let Some(world) = before {
        output::err(&format!("Before:\n{}\n", text::indent(&text::render(&world), "  ")));
    }
    let begun = output::now_ms();
    let run = start.set_up(desk.app.start_json(workflow, input)).await?;
    if start.detach {
        return Ok(RunReport::detached(desk, &run).await?.into());
    }
    if !desk.kit.options.quiet && !desk.kit.options.json {
        let record = if start.key.is_some() { Some(run.record().await?) } else { None };
        tell_start(desk, workflow, run.id(), record.filter(|record| record.run.created_at < begun).as_ref());
    }
    let who = Answerer { by: start.user.clone().or_else(user), ..Answerer::default() };
    let report = see_through(desk, &run, &How { who, from: 1 }).await;
    desk.leave().await;
    Ok(report?.into())
}

/// Says which run it is, and how to find it again.
fn tell_start(desk: &Desk, workflow: &str, run: &str, before: Option<&RunRecord>) {
    let id = short(run);
    let head = match before {
        Some(record) => {
            format!("Run {} of {workflow} was started {}", paint(BOLD, id), output::ago(record.run.created_at))
        }
        None => format!("Run {} of {workflow}", paint(BOLD, id)),
    };
    let store = desk.kit.url().map(|url| url.to_string()).unwrap_or_default();
    output::err(&format!("{head}  {}\n", paint(DIM, &format!("kept in {store}"))));
}

/// The command behind the name of a workflow.
fn second_stage(workflow: &WorkflowInfo, form: &Form) -> clap::Command {
    let name = format!("{} run {}", program().get_name(), workflow.id);
    let command = clap::Command::new("run").bin_name(name.clone()).display_name(name);
    let about = workflow.doc.trim().to_owned();
    // The options bring a text of their own along.
    with_options(form.add_to(command, "Input")).about(about)
}

/// The input of a run, of all that was given of it.
fn input(
    workflow: &WorkflowInfo,
    form: &Form,
    shape: &Shape,
    given: Given,
    base: Option<&str>,
    cx: &Context,
) -> Result<Value, CliError> {
    let base = match base {
        None => None,
        Some(argument) => {
            let text = read_argument(argument).map_err(|error| CliError::fields(format!("--input: {error}")))?;
            Some(parse_json(&text).map_err(|error| CliError::not_json("the input", error))?)
        }
    };
    let nothing = matches!(given, Given::Nothing) && base.is_none();
    let value = match (given.over(base), shape.inner()) {
        (Some(value), _) => value,
        (None, Shape::Object(_)) => Value::Object(Map::new()),
        (None, Shape::Null) => Value::Null,
        (None, _) if matches!(shape, Shape::Optional(_)) => Value::Null,
        (None, inner) => {
            let what = format!("`{}` needs its input: {}", workflow.id, inner.words());
            let hints = vec![cx.kit.shell.command(["run", &workflow.id, inner.word()])];
            return Err(CliError::Usage { what, hints });
        }
    };
    let missing = form.missing(&value);
    if missing.is_empty() {
        return Ok(value);
    }
    let flags: Vec<&str> = missing.iter().map(|(flag, _)| flag.as_str()).collect();
    let verb = if flags.len() == 1 { "is" } else { "are" };
    let what = format!("{} {verb} missing", flags.join(", "));
    let mut hints = vec![cx.kit.shell.command(["run", &workflow.id, "--help"])];
    if nothing && !std::io::stdin().is_terminal() {
        hints.push(cx.kit.shell.command(["run", &workflow.id, "--input", "-"]));
    }
    Err(CliError::Usage { what, hints })
}

/// As [`does_not_fit`], of an error of the runtime.
fn explained(form: &Form, error: RunError) -> CliError {
    match error {
        RunError::Input { source, .. } => does_not_fit(form, &source),
        error => error.into(),
    }
}

/// An input that does not fit, told with the flag.
fn does_not_fit(form: &Form, error: &(dyn std::error::Error + 'static)) -> CliError {
    let Some(source) = error.downcast_ref::<flow_runtime::JsonError>() else {
        return CliError::fields(crate::error::chain_of(error).join(": "));
    };
    let field = source.path().split(['.', '[']).next().unwrap_or_default();
    match form.flag(field) {
        Some(flag) if source.path() == field => CliError::fields(format!("{flag}: {}", source.message())),
        Some(flag) => CliError::fields(format!("{flag}: at `{}`: {}", source.path(), source.message())),
        None => CliError::fields(format!("the input does not fit: {source}")),
    }
}

/// `run` alone: which workflows there are.
fn no_workflow(cx: &Context, help: bool) -> Result<Said, CliError> {
    let ids: Vec<String> = cx.workflows().into_iter().map(|workflow| workflow.id).collect();
    if help {
        let mut program = program();
        program.build();
        let run = program.find_subcommand_mut("run").map(|run| run.render_help().ansi().to_string());
        return Ok(Said::plain(format!("{}\nWorkflows: {}\n", run.unwrap_or_default(), ids.join(", "))));
    }
    let hints = ids.iter().map(|id| cx.kit.shell.command(["run", id, "--help"])).collect();
    Err(CliError::Usage { what: "which workflow is missing".to_owned(), hints })
}
