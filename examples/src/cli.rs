//! The command line: what each command does.

use std::{
    error::Error,
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum, error::ErrorKind};
use flow_runtime::{
    AnswerError, App, OpenPause, Outcome, Run, RunError, Sqlite, Workflow,
    store::{RunFilter, Store as _},
};
use serde_json::{Value, json};

use crate::{
    error::{Aftermath, CliError, cancelled_to_json},
    sample::choices,
    show::{self, Shell},
    text,
};

/// Where runs are kept unless `--db` says otherwise.
const DATABASE: &str = "flow.db";

/// A workflow with what its command line needs.
pub trait Example: Workflow {
    /// What `start` takes. All of it has defaults: without any argument the program shows what it is for.
    type Args: Args;

    /// What the workflow's reference parameters point to.
    fn deps() -> Arc<Self::Deps>;

    /// The input that the arguments of `start` stand for.
    ///
    /// # Errors
    /// When they make none, with a text for the person who typed them.
    fn input(args: Self::Args) -> Result<Self::Input, Box<dyn Error + Send + Sync>>;

    /// The input in a few words, for `list`.
    fn title(input: &Self::Input) -> String {
        Self::input_to_json(input).unwrap_or_default()
    }

    /// What a question is about, for the terminal.
    fn question(pause: &OpenPause) -> String {
        text::render(pause.prompt())
    }

    /// What came out, for the terminal.
    fn output(output: &Self::Output) -> String {
        text::render(&json!(output))
    }

    /// Whether what came out is good news; the exit code says so.
    fn is_good(_output: &Self::Output) -> bool {
        true
    }

    /// How the things stand that the workflow works with. Shown before a run and after it.
    fn world(_deps: &Self::Deps) -> Option<Value> {
        None
    }
}

#[derive(Parser)]
#[command(after_help = "Exit codes: 0, the command did its work, also when the run now waits for an answer; \
                        1, the run failed, or what came out is bad news; \
                        2, the command line or the answer is wrong.")]
struct Cli<A: Args> {
    #[command(subcommand)]
    command: Option<Command<A>>,
    /// The SQLite file that keeps the runs.
    #[arg(long, global = true, default_value = DATABASE, value_name = "FILE")]
    db: PathBuf,
    /// Print JSON, for scripts.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Command<A: Args> {
    /// Start a run; without a command, this one with its defaults.
    Start(A),
    /// Answer a question, and go on.
    Answer {
        /// The run: its id, or an unmistakable end of it.
        run: String,
        /// The question: its name, or its id if there are several of one name.
        pause: String,
        /// The answer as JSON. A single word is a string also without quotes.
        answer: String,
        /// Who answers.
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// Go on with a run whose process died, or see again what it asks.
    Resume {
        /// The run: its id, or an unmistakable end of it.
        run: String,
    },
    /// Cancel a run. Steps that can be undone are.
    Cancel {
        /// The run: its id, or an unmistakable end of it.
        run: String,
    },
    /// Show a run: where it stands, what it asked, what came out.
    #[command(alias = "status")]
    Show {
        /// The run: its id, or an unmistakable end of it.
        run: String,
    },
    /// List the runs, the newest first.
    List,
    /// Print the workflow as a graph.
    Graph {
        /// In which language.
        #[arg(long, value_enum, default_value_t)]
        format: GraphFormat,
    },
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum GraphFormat {
    /// For Markdown.
    #[default]
    Mermaid,
    /// For Graphviz.
    Dot,
    /// For programs.
    Json,
}

/// Runs the command line of an example.
pub fn run<E: Example>() -> ExitCode {
    let cli = parse::<E>();
    let json = cli.json;
    match perform::<E>(cli) {
        Ok(report) => {
            print(&report.text);
            if report.is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            if json {
                print(&show::json(&error.to_json()));
            } else {
                eprint!("{}", error.to_text());
            }
            ExitCode::from(error.exit_code())
        }
    }
}

/// What a command has to say.
struct Report {
    text: String,
    is_good: bool,
}

impl From<String> for Report {
    fn from(text: String) -> Self {
        Report { text, is_good: true }
    }
}

/// Leaves the program when the command line is wrong, with clap's own message.
fn parse<E: Example>() -> Cli<E::Args> {
    let command = || Cli::<E::Args>::command().name(E::NAME).about(E::DOC);
    let mut words: Vec<_> = std::env::args_os().collect();
    // Without a command it is `start`, with options or without.
    let is_option = words.get(1).is_none_or(|word| word.to_string_lossy().starts_with("--"));
    let mut matches = match command().try_get_matches_from(&words) {
        Err(error) if is_option && error.kind() == ErrorKind::UnknownArgument => {
            words.insert(1, "start".into());
            command().get_matches_from(&words)
        }
        Err(error) => error.exit(),
        Ok(matches) => matches,
    };
    if matches.subcommand_name().is_none() {
        words.push("start".into());
        matches = command().get_matches_from(&words);
    }
    Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut command()).exit())
}

fn print(text: &str) {
    // A reader that has seen enough, `head` for instance, is no error.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

fn perform<E: Example>(cli: Cli<E::Args>) -> Result<Report, CliError> {
    if let Some(Command::Graph { format }) = cli.command {
        let graph = match format {
            GraphFormat::Mermaid => E::GRAPH.to_mermaid(),
            GraphFormat::Dot => E::GRAPH.to_dot(),
            GraphFormat::Json => show::json(&E::GRAPH.to_json()),
        };
        return Ok(graph.into());
    }
    let starts = matches!(cli.command, Some(Command::Start(_)) | None);
    if !starts && !cli.db.exists() {
        return Err(CliError::NoDatabase(cli.db));
    }
    let store = Sqlite::open(&cli.db)?;
    let app = App::builder().store(store.clone()).register::<E>(E::deps()).build()?;
    let shell = Shell::new(E::NAME, (cli.db.as_os_str() != DATABASE).then_some(cli.db.as_path()));
    let session = Session { app, store, shell, db: cli.db, json: cli.json };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CliError::Runtime)?;
    runtime.block_on(async {
        match cli.command {
            Some(Command::Start(args)) => session.start::<E>(args).await,
            Some(Command::Answer { run, pause, answer, by }) => session.answer::<E>(&run, &pause, &answer, by).await,
            Some(Command::Resume { run }) => session.wait(&session.open::<E>(&run).await?).await,
            Some(Command::Cancel { run }) => session.cancel(&session.open::<E>(&run).await?).await,
            Some(Command::Show { run }) => Ok(session.show(&session.open::<E>(&run).await?).await?.into()),
            Some(Command::List) => Ok(session.list::<E>().await?.into()),
            // Handled above, before a file was opened or a default command chosen.
            Some(Command::Graph { .. }) | None => Ok(String::new().into()),
        }
    })
}

/// One command at work.
struct Session {
    app: App,
    store: Sqlite,
    shell: Shell,
    db: PathBuf,
    json: bool,
}

impl Session {
    async fn start<E: Example>(&self, args: E::Args) -> Result<Report, CliError> {
        let input = E::input(args).map_err(CliError::Input)?;
        if let Some(world) = E::world(&E::deps()).filter(|_| !self.json) {
            eprintln!("Before:\n{}", text::indent(&text::render(&world), "  "));
        }
        let run = self.app.start::<E>(input).await?;
        if !self.json {
            let (id, db) = (show::short(run.id()), self.db.display());
            eprintln!("Run {id} is kept in {db}. Should this process die: {}\n", self.shell.command(&["resume", id]));
        }
        self.wait(&run).await
    }

    async fn answer<E: Example>(
        &self,
        run: &str,
        pause: &str,
        answer: &str,
        by: Option<String>,
    ) -> Result<Report, CliError> {
        let run = self.open::<E>(run).await?;
        let open = run.pauses().await?;
        let meant = open.iter().find(|open| open.id() == pause || open.name() == pause);
        let examples = || meant.map_or_else(Vec::new, |pause| self.answers(&run, pause));
        let value = parse_answer(answer).map_err(|source| CliError::NotJson { source, examples: examples() })?;
        let mut giving = run.answer_json(pause, value);
        if let Some(by) = by {
            giving = giving.by(by);
        }
        giving.await.map_err(|source| {
            let examples = if matches!(source, AnswerError::Run(_)) { Vec::new() } else { examples() };
            CliError::Answer { source, examples }
        })?;
        self.wait(&run).await
    }

    /// Drives a run until it has ended or waits for answers only, and says how it stands then.
    async fn wait<E: Example>(&self, run: &Run<E>) -> Result<Report, CliError> {
        let id = show::short(run.id());
        let mut is_good = true;
        let (text, report) = match run.wait().await {
            Ok(Outcome::Done(output)) => {
                is_good = E::is_good(&output);
                let world = Aftermath { undone: Vec::new(), world: E::world(&E::deps()) };
                let text = format!("Run {id} is done.\n\n{}{}", E::output(&output), world.to_text());
                (text, json!({ "run": run.id(), "status": "completed", "output": output }))
            }
            Ok(Outcome::Paused(pauses)) => {
                let text = pauses.iter().map(|pause| self.question(run, pause)).collect::<Vec<_>>().join("\n");
                (text, json!({ "run": run.id(), "status": "paused", "pauses": pauses }))
            }
            // Of outcomes that later versions may add, the stored run tells.
            Ok(_) => return Ok(self.show(run).await?.into()),
            Err(RunError::Failed(source)) => {
                let aftermath = self.aftermath(run).await?;
                return Err(CliError::Failed { run: run.id().to_owned(), source, aftermath });
            }
            Err(RunError::Cancelled { run: id }) => {
                return Err(CliError::Cancelled { run: id, aftermath: self.aftermath(run).await? });
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Report { text: if self.json { show::json(&report) } else { text }, is_good })
    }

    /// Cancels a run, and waits until what it had done is undone.
    async fn cancel<E: Example>(&self, run: &Run<E>) -> Result<Report, CliError> {
        run.cancel().await?;
        match self.wait(run).await {
            Err(CliError::Cancelled { run: id, aftermath }) if self.json => {
                Ok(show::json(&cancelled_to_json(&id, &aftermath)).into())
            }
            Err(CliError::Cancelled { run: id, aftermath }) => {
                Ok(format!("Run {} is cancelled.\n{}", show::short(&id), aftermath.to_text()).into())
            }
            other => other,
        }
    }

    async fn aftermath<E: Example>(&self, run: &Run<E>) -> Result<Box<Aftermath>, CliError> {
        let undos = self.store.undos(run.id()).await?;
        let output = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| json!(text));
        let done = undos.iter().rev().filter(|undo| undo.done_at.is_some());
        let undone = done.map(|undo| (undo.step.clone(), output(&undo.output))).collect();
        Ok(Box::new(Aftermath { undone, world: E::world(&E::deps()) }))
    }

    fn question<E: Example>(&self, run: &Run<E>, pause: &OpenPause) -> String {
        let choices = choices(pause.schema(), pause.prompt());
        show::question(show::short(run.id()), pause, &E::question(pause), &choices, &self.answers(run, pause))
    }

    /// The commands that answer a question.
    fn answers<E: Example>(&self, run: &Run<E>, pause: &OpenPause) -> Vec<String> {
        let command = |choice: crate::sample::Choice| {
            let answer = match choice.value {
                Value::String(word) if is_word(&word) => word,
                value => value.to_string(),
            };
            self.shell.command(&["answer", show::short(run.id()), pause.id(), &answer])
        };
        choices(pause.schema(), pause.prompt()).into_iter().map(command).collect()
    }

    async fn show<E: Example>(&self, run: &Run<E>) -> Result<String, CliError> {
        let record = run.any().record().await?;
        let (frames, pauses) = (self.store.frames(run.id()).await?, self.store.pauses(run.id()).await?);
        let report = show::run(&record, &frames, &pauses);
        if self.json {
            return Ok(show::json(&report));
        }
        let mut text = text::render(&report);
        for pause in run.pauses().await? {
            text.push_str(&format!("\n{}", self.question(run, &pause)));
        }
        Ok(text)
    }

    async fn list<E: Example>(&self) -> Result<String, CliError> {
        let runs = self.runs::<E>().await?;
        if self.json {
            let run = |record: &flow_runtime::store::RunRecord| show::run(record, &[], &[]);
            return Ok(show::json(&runs.iter().map(run).collect()));
        }
        let title = |input: &str| E::input_from_json(input).map_or_else(|_| input.to_owned(), |input| E::title(&input));
        Ok(show::list(&runs, title, &self.db))
    }

    async fn runs<E: Example>(&self) -> Result<Vec<flow_runtime::store::RunRecord>, CliError> {
        let filter = RunFilter { workflow: Some(E::ID.to_owned()), limit: u32::MAX, ..RunFilter::default() };
        Ok(self.app.runs(&filter).await?)
    }

    /// Finds a run by its id or the end of it. Ids of runs that were started together begin alike.
    async fn open<E: Example>(&self, given: &str) -> Result<Run<E>, CliError> {
        let mut ids: Vec<String> = self.runs::<E>().await?.into_iter().map(|record| record.run.id).collect();
        ids.retain(|id| !given.is_empty() && id.ends_with(given));
        match &ids[..] {
            [id] => Ok(self.app.run::<E>(id).await?),
            [] => Err(CliError::UnknownRun { given: given.to_owned() }),
            _ => Err(CliError::AmbiguousRun { given: given.to_owned(), ids }),
        }
    }
}

/// JSON, or a bare word as a string: shells make `'"Stop"'` hard to type.
fn parse_answer(text: &str) -> Result<Value, serde_json::Error> {
    match serde_json::from_str(text) {
        Err(_) if is_word(text) => Ok(text.into()),
        result => result,
    }
}

fn is_word(text: &str) -> bool {
    let reserved = ["true", "false", "null"].contains(&text);
    text.starts_with(char::is_alphabetic) && text.chars().all(|c| c.is_alphanumeric() || c == '_') && !reserved
}

/// A file of the examples' own data: relative to the current folder where that is possible.
pub fn data_file(name: &str) -> PathBuf {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name);
    let here = std::env::current_dir().ok();
    here.and_then(|here| data.strip_prefix(here).map(Path::to_path_buf).ok()).unwrap_or(data)
}
