//! A program's workflows with what its command line knows of them.

use std::{collections::HashMap, process::ExitCode, sync::Arc};

use clap::{CommandFactory, FromArgMatches, Parser};
use flow_runtime::{AppBuilder, Pause, Workflow};
use serde::Deserialize as _;
use serde_json::Value;

use crate::{Args, CliError, Command, commands::perform, output};

/// Why something of the program's own could not be done.
pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

type Show = Arc<dyn Fn(&Value) -> Option<String> + Send + Sync>;
type Prepare = Arc<dyn Fn(&str) -> Result<Value, Error> + Send + Sync>;
type Judge = Arc<dyn Fn(&Value) -> bool + Send + Sync>;
type World = Arc<dyn Fn() -> Option<Value> + Send + Sync>;

/// Workflows, and how their command line shows what they ask and return. An [`AppBuilder`] is one without any of that.
///
/// ```no_run
/// use std::process::ExitCode;
///
/// use flow_cli::Cli;
/// use flow_runtime::prelude::*;
///
/// #[pause]
/// fn approve(draft: &str) -> bool;
///
/// workflow! {
///     async fn article(topic: String) -> Result<bool, std::io::Error> { Ok(pause(approve(&topic)).await) }
/// }
///
/// fn main() -> ExitCode {
///     let app = || App::builder().register::<Article>(());
///     let draft = |prompt: &serde_json::Value| format!("The draft:\n\n{}\n", prompt["draft"]);
///     flow_cli::run(move || Ok(Cli::new(app()).show::<Approve>(draft)))
/// }
/// ```
pub struct Cli {
    pub(crate) builder: AppBuilder,
    pub(crate) hooks: Hooks,
}

/// What a program knows of its workflows.
#[derive(Default, Clone)]
pub(crate) struct Hooks {
    show: HashMap<&'static str, Show>,
    prepare: HashMap<&'static str, Prepare>,
    output: HashMap<&'static str, Show>,
    judge: HashMap<&'static str, Judge>,
    world: HashMap<&'static str, World>,
}

impl From<AppBuilder> for Cli {
    fn from(builder: AppBuilder) -> Self {
        Cli::new(builder)
    }
}

impl Cli {
    /// These workflows. Where their runs are kept is what the command line says, whatever store the builder has.
    pub fn new(builder: AppBuilder) -> Self {
        Cli { builder, hooks: Hooks::default() }
    }

    /// Shows what pause `P` is about by this text, made of its prompt. Without it, the prompt is shown field by field.
    pub fn show<P: Pause>(mut self, show: impl Fn(&Value) -> String + Send + Sync + 'static) -> Self {
        self.hooks.show.insert(P::META.name, Arc::new(move |prompt| Some(show(prompt))));
        self
    }

    /// Makes the input of `W` that was typed into the one a run starts with: paths made absolute, for instance. An error of it is
    /// one of the command line.
    pub fn prepare<W: Workflow>(
        mut self,
        prepare: impl Fn(W::Input) -> Result<W::Input, Error> + Send + Sync + 'static,
    ) -> Self {
        let prepare = move |text: &str| {
            let input = prepare(W::input_from_json(text)?)?;
            Ok(serde_json::from_str(&W::input_to_json(&input)?)?)
        };
        self.hooks.prepare.insert(W::ID, Arc::new(prepare));
        self
    }

    /// Shows what a run of `W` has returned by this text. Without it, it is shown field by field.
    pub fn output<W: Workflow>(mut self, show: impl Fn(&W::Output) -> String + Send + Sync + 'static) -> Self {
        let show = move |output: &Value| W::Output::deserialize(output).ok().map(|output| show(&output));
        self.hooks.output.insert(W::ID, Arc::new(show));
        self
    }

    /// Says whether what a run of `W` has returned is good news. If not, the exit code is 1.
    pub fn judge<W: Workflow>(mut self, judge: impl Fn(&W::Output) -> bool + Send + Sync + 'static) -> Self {
        let judge = move |output: &Value| W::Output::deserialize(output).map_or(true, |output| judge(&output));
        self.hooks.judge.insert(W::ID, Arc::new(judge));
        self
    }

    /// How things stand that runs of `W` change: shown before a run and after it.
    pub fn world<W: Workflow>(mut self, world: impl Fn() -> Option<Value> + Send + Sync + 'static) -> Self {
        self.hooks.world.insert(W::ID, Arc::new(world));
        self
    }
}

impl Hooks {
    /// What a question is about, as a text.
    pub(crate) fn about(&self, pause: &str, prompt: &Value) -> String {
        let shown = self.show.get(pause).and_then(|show| show(prompt));
        shown.unwrap_or_else(|| match prompt {
            Value::Null => String::new(),
            Value::Object(fields) if fields.is_empty() => String::new(),
            // What the built-in questions are about needs no name.
            Value::Object(fields)
                if fields.len() == 1 && (fields.contains_key("about") || fields.contains_key("value")) =>
            {
                fields.values().map(output::text::render).collect()
            }
            prompt => output::text::render(prompt),
        })
    }

    /// The input a run starts with.
    pub(crate) fn prepared(&self, workflow: &str, input: Value) -> Result<Value, Error> {
        match self.prepare.get(workflow) {
            Some(prepare) => prepare(&input.to_string()),
            None => Ok(input),
        }
    }

    /// What a run has returned, as a text.
    pub(crate) fn shown(&self, workflow: &str, output: &Value) -> String {
        let shown = self.output.get(workflow).and_then(|show| show(output));
        shown.unwrap_or_else(|| match output {
            Value::Null => String::new(),
            output => output::text::render(output),
        })
    }

    /// Whether what a run has returned is good news.
    pub(crate) fn is_good(&self, workflow: &str, output: &Value) -> bool {
        self.judge.get(workflow).is_none_or(|judge| judge(output))
    }

    /// How things stand.
    pub(crate) fn world(&self, workflow: &str) -> Option<Value> {
        self.world.get(workflow).and_then(|world| world())
    }
}

/// Run the workflows of this program, see what they do, answer what they ask
#[derive(Parser)]
#[command(arg_required_else_help = true, after_help = crate::AFTER_HELP)]
struct Program {
    #[command(flatten)]
    args: Args,
}

/// The command line of this program, as clap knows it.
pub(crate) fn program() -> clap::Command {
    let exe = std::env::args().next().unwrap_or_default();
    let name = std::path::Path::new(&exe).file_stem().map(|name| name.to_string_lossy().into_owned());
    Program::command().name(name.unwrap_or_else(|| "flow".to_owned()))
}

/// Runs the whole command line of a program: what a `main` function consists of. `builder` says which workflows there are, as
/// an [`AppBuilder`] or a [`Cli`]; it is called when the command line has been understood.
///
/// Returns 0 if all went well, 1 if a run has failed or something else did, 2 if the command line is wrong, 3 if the run
/// waits for an answer, 130 if it was interrupted.
///
/// ```no_run
/// use flow_runtime::prelude::*;
/// # #[step] async fn greet(name: &str) -> Result<String, std::fmt::Error> { Ok(format!("Hello, {name}")) }
/// # workflow! { async fn hello(name: String) -> Result<String, std::fmt::Error> { greet(&name).await } }
///
/// fn main() -> std::process::ExitCode {
///     flow_cli::run(|| Ok(App::builder().register::<Hello>(())))
/// }
/// ```
pub fn run<C: Into<Cli>>(builder: impl FnOnce() -> Result<C, Error>) -> ExitCode {
    let parsed = program().try_get_matches().and_then(|matches| Program::from_arg_matches(&matches));
    let args = match parsed {
        Ok(program) => program.args,
        Err(error) => return refuse(error),
    };
    // One run needs one thread; a worker takes what there are.
    let runtime = match args.command {
        #[cfg(feature = "serve")]
        Command::Serve(_) => tokio::runtime::Builder::new_multi_thread().enable_all().build(),
        Command::Worker(_) => tokio::runtime::Builder::new_multi_thread().enable_all().build(),
        _ => tokio::runtime::Builder::new_current_thread().enable_all().build(),
    };
    let json = args.options.json;
    let built = {
        // What the workflows depend on may need a runtime, a pool of connections for instance.
        let _inside = runtime.as_ref().ok().map(tokio::runtime::Runtime::enter);
        builder()
    };
    match (runtime, built) {
        (Ok(runtime), Ok(cli)) => {
            let code = runtime.block_on(args.run(cli));
            // Nobody waits for what a prompt or a step left behind in another thread.
            runtime.shutdown_background();
            code
        }
        (Err(source), _) => fail(&CliError::System { doing: "starting the async runtime", source }, json),
        (_, Err(error)) => fail(&CliError::Builder(error), json),
    }
}

/// What is wrong with the command line, or the help that was asked for.
fn refuse(error: clap::Error) -> ExitCode {
    let json = std::env::args().any(|word| word == "--json");
    if error.use_stderr() {
        return fail(&CliError::Clap(error), json);
    }
    output::out(&error.render().ansi().to_string());
    ExitCode::SUCCESS
}

fn fail(error: &CliError, json: bool) -> ExitCode {
    match error {
        // Help that stands for a command line with nothing in it, or for a workflow.
        CliError::Clap(help) if !help.use_stderr() => output::out(&help.render().ansi().to_string()),
        error if json => output::out(&crate::reports::json(&error.report())),
        error => output::err(&error.to_text()),
    }
    ExitCode::from(error.exit_code())
}

impl Args {
    /// Does what the command line says, with the workflows of an [`AppBuilder`] or a [`Cli`]. For programs with a `main` of
    /// their own; [`run`] does all of it.
    ///
    /// Returns the exit code, as [`run`].
    pub async fn run(self, cli: impl Into<Cli>) -> ExitCode {
        let json = self.options.json;
        // A second stage of parsing finds `--json` behind the name of a workflow, too.
        let json = json || std::env::args().any(|word| word == "--json");
        match perform(self, cli.into()).await {
            Ok(said) => said.print(json),
            Err(error) => fail(&error, json),
        }
    }
}
