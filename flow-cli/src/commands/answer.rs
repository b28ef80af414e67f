//! `answer`.

use std::ffi::OsString;

use clap::{Args, FromArgMatches as _};
use flow_runtime::{AnswerError, AnyRun, OpenPause, RunError};
use serde_json::{Map, Value};

use super::run::{user, with_help};
use crate::{
    CliError, Options,
    cli::program,
    context::{Context, Desk, Kit, Mode},
    drive::{Answerer, How, ask_here, see_through},
    error::nearest,
    form::{Form, Shape, parse_json, read_argument, words},
    output::short,
    pauses::{give, report_open},
    reports::{RunReport, Said, Way},
};

/// `answer RUN [PAUSE]`.
#[derive(Debug, Clone, Args)]
#[command(disable_help_flag = true)]
pub struct AnswerArgs {
    /// Options of the answer.
    #[command(flatten)]
    pub who: WhoArgs,
    /// Print help; with a RUN, with the fields of the answer
    #[arg(short, long)]
    pub help: bool,
    /// The run: its id, the end of it, or `last`
    pub run: Option<String>,
    /// Which question, if there are several, and the answer: a word, JSON, or a flag for every field. Nothing: you are asked
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "[PAUSE] ANSWER")]
    pub rest: Vec<OsString>,
}

/// Who answers, and how it goes on.
#[derive(Debug, Clone, Default, Args)]
pub struct WhoArgs {
    /// The answer as JSON, or where it is: @FILE, or - for stdin. Flags go on top of it
    #[arg(long, value_name = "JSON")]
    pub value: Option<String>,
    /// Who answers [env: FLOW_USER]
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// A role of whoever answers; may be repeated
    #[arg(long, value_name = "ROLE")]
    pub role: Vec<String>,
    /// A remark to be kept with the answer
    #[arg(long, value_name = "TEXT")]
    pub comment: Option<String>,
    /// Only answer, and leave the run to a worker
    #[arg(long)]
    pub detach: bool,
}

impl WhoArgs {
    fn and(self, later: WhoArgs) -> Self {
        WhoArgs {
            value: later.value.or(self.value),
            by: later.by.or(self.by),
            role: self.role.into_iter().chain(later.role).collect(),
            comment: later.comment.or(self.comment),
            detach: later.detach || self.detach,
        }
    }

    fn answerer(&self) -> Answerer {
        Answerer { by: self.by.clone().or_else(user), roles: self.role.clone(), comment: self.comment.clone() }
    }
}

/// The second stage of `answer`, without the fields: the options there are behind the run.
pub(crate) fn command() -> clap::Command {
    with_options(clap::Command::new("answer"))
}

/// The options, which stand below the fields.
fn with_options(command: clap::Command) -> clap::Command {
    let command = WhoArgs::augment_args(command.next_help_heading("Options"));
    with_help(Options::augment_args(command.next_help_heading("Options")))
}

/// Answers a question, and sees the run through.
pub(crate) async fn answer(mut cx: Context, args: AnswerArgs) -> Result<Said, CliError> {
    let Some(given) = args.run.as_deref() else {
        let mut program = program();
        program.build();
        let help = program.find_subcommand_mut("answer").map(|answer| answer.render_help().ansi().to_string());
        return match args.help {
            true => Ok(Said::plain(help.unwrap_or_default())),
            false => {
                let hints = vec![cx.kit.shell.command(["runs", "--status", "paused"])];
                Err(CliError::Usage { what: "which run is missing".to_owned(), hints })
            }
        };
    };
    // `--store` and `--detach` may stand behind the run, and count before anything is opened.
    let (options, who) = early(&args.rest);
    cx.say_again(options);
    let desk = cx.open(if who.detach || args.who.detach { Mode::Change } else { Mode::Drive }).await?;
    let run = desk.run(given).await?;
    let said = answer_run(&desk, &run, args).await;
    desk.leave().await;
    said
}

async fn answer_run(desk: &Desk, run: &AnyRun, args: AnswerArgs) -> Result<Said, CliError> {
    let open = run.pauses().await?;
    let (pause, rest) = match which(&open, &args.rest) {
        Ok(found) => found,
        // Whoever sits there is asked one after the other.
        Err(None) if !open.is_empty() && args.rest.is_empty() && !args.help && desk.kit.is_interactive() => {
            let how = How { who: args.who.answerer(), from: next_event(desk, run).await? };
            return Ok(see_through(desk, run, &how).await?.into());
        }
        Err(wanted) => return Err(not_open(desk, run, &open, wanted.as_deref()).await),
    };
    let (matches, form, tag) = parse(run, pause, rest, args.help)?;
    let who = args.who.and(WhoArgs::from_arg_matches(&matches).map_err(CliError::Clap)?);
    // Who has said which variant needs no other one.
    let hints = || commands(&desk.kit, run, pause, tag.as_deref());
    let with_hints = |error: CliError| match error {
        CliError::Fields { what, .. } => CliError::Fields { what, hints: hints() },
        error => error,
    };
    let value = value(&matches, &form, tag.as_deref(), who.value.as_deref()).map_err(with_hints)?;
    let from = next_event(desk, run).await?;
    match value {
        Some(value) => {
            let answered = give(run, pause.id(), value, &who.answerer()).await;
            answered.map_err(|error| explained(error, &form, hints()))?;
        }
        None if desk.kit.is_interactive() => {
            if !ask_here(desk, run, pause, &who.answerer()).await? {
                return Ok(RunReport::paused(desk, run, &open).into());
            }
        }
        None => {
            let what = format!("there is no answer to `{}`, and no terminal to ask on", pause.id());
            return Err(CliError::Usage { what, hints: hints() });
        }
    }
    if who.detach {
        return Ok(RunReport::detached(desk, run).await?.into());
    }
    Ok(see_through(desk, run, &How { who: who.answerer(), from }).await?.into())
}

/// Options behind the run that count before its question is known.
fn early(rest: &[OsString]) -> (Options, WhoArgs) {
    let (mut options, mut who) = (Options::default(), WhoArgs::default());
    let mut words = rest.iter().map(|word| word.to_string_lossy());
    while let Some(word) = words.next() {
        match &*word {
            "--json" => options.json = true,
            "--quiet" | "-q" => options.quiet = true,
            "--detach" => who.detach = true,
            "--store" => options.store = words.next().map(|url| url.into_owned()),
            word => {
                if let Some(url) = word.strip_prefix("--store=") {
                    options.store = Some(url.to_owned());
                }
            }
        }
    }
    (options, who)
}

/// The question that is meant, and what is left of the words. If none is, the name that was given.
fn which<'p>(open: &'p [OpenPause], rest: &'p [OsString]) -> Result<(&'p OpenPause, &'p [OsString]), Option<String>> {
    let plain: Vec<String> = rest.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let leading = plain.iter().take_while(|word| !word.starts_with("--")).count();
    if let Some(first) = plain.first().filter(|_| leading > 0) {
        let named: Vec<&OpenPause> = open.iter().filter(|pause| pause.id() == first || pause.name() == first).collect();
        match named[..] {
            [pause] => return Ok((pause, &rest[1..])),
            [] if leading > 1 || looks_like_a_pause(first) => return Err(Some(first.clone())),
            [] => {}
            _ => return Err(Some(first.clone())),
        }
    }
    match open {
        [only] => Ok((only, rest)),
        _ => Err(None),
    }
}

/// Whether a word is the id of a pause rather than an answer: `approve-2`.
fn looks_like_a_pause(word: &str) -> bool {
    word.rsplit_once('-').is_some_and(|(name, number)| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && !number.is_empty()
            && number.chars().all(|c| c.is_ascii_digit())
    })
}

/// The error for a question that is not open, or not named.
async fn not_open(desk: &Desk, run: &AnyRun, open: &[OpenPause], wanted: Option<&str>) -> CliError {
    let id = short(run.id());
    match wanted {
        Some(wanted) => {
            // The store knows what became of it; no answer is given by asking that way, because none fits a pause that is not open.
            let error = match open.iter().filter(|pause| pause.name() == wanted).count() {
                0 => became_of(desk, run, wanted).await,
                _ => {
                    let ids = open.iter().filter(|pause| pause.name() == wanted).map(|pause| pause.id().to_owned());
                    AnswerError::Ambiguous { run: id.to_owned(), name: wanted.to_owned(), ids: ids.collect() }
                }
            };
            let near = nearest(wanted, open.iter().map(OpenPause::name));
            let hints = open.iter().filter(|pause| near.as_deref().is_none_or(|near| pause.name() == near));
            CliError::Answer {
                source: Box::new(error),
                hints: hints.flat_map(|pause| commands(&desk.kit, run, pause, None)).collect(),
            }
        }
        None if open.is_empty() => {
            let status = run.status().await.map_or_else(|_| "not waiting".to_owned(), |status| status.to_string());
            let hints = vec![desk.kit.shell.command(["show", id])];
            CliError::Usage { what: format!("run {id} asks nothing: it is {status}"), hints }
        }
        None => {
            let what = format!("run {id} asks {} questions: say which", open.len());
            let hints = open.iter().map(|pause| desk.kit.shell.command(["answer", id, pause.id()])).collect();
            CliError::Usage { what, hints }
        }
    }
}

/// What became of a question that is not open any more, or never was.
async fn became_of(desk: &Desk, run: &AnyRun, wanted: &str) -> AnswerError {
    let asked = desk.store.pauses(run.id()).await.unwrap_or_default();
    let found = asked.into_iter().rfind(|asked| asked.pause.id == wanted || asked.pause.name == wanted);
    let open = run.pauses().await.unwrap_or_default();
    let open: Vec<String> = open.iter().map(|pause| pause.id().to_owned()).collect();
    let (id, name) = (short(run.id()).to_owned(), wanted.to_owned());
    let Some(found) = found else { return AnswerError::NoSuchPause { run: id, name, open } };
    match (found.answer, found.pause.deadline) {
        (Some(answer), _) => AnswerError::AlreadyAnswered { pause: found.pause.id, answer: Box::new(answer) },
        (None, Some(deadline)) if found.expired_at.is_some() => {
            AnswerError::Expired { pause: found.pause.id, deadline }
        }
        _ => match run.status().await {
            Ok(status) => AnswerError::NotWaiting { run: id, pause: found.pause.id, status },
            Err(error) => AnswerError::Run(error),
        },
    }
}

/// The arguments of an answer, their form, and the variant whose fields they are.
type Parsed = (clap::ArgMatches, Form, Option<String>);

fn parse(run: &AnyRun, pause: &OpenPause, rest: &[OsString], help: bool) -> Result<Parsed, CliError> {
    let shape = Shape::of(pause.schema());
    let first = rest.first().map(|word| word.to_string_lossy().into_owned());
    // `Reject --why dull`: the fields are those of the variant.
    let tag = match shape.inner() {
        Shape::Variants(variants) => variants.iter().find(|variant| Some(&variant.name) == first.as_ref()),
        _ => None,
    };
    let payload = tag.and_then(|variant| Some((variant.name.clone(), variant.payload.clone()?)));
    let program = program();
    let name = format!("{} answer {} {}", program.get_name(), short(run.id()), pause.id());
    let about = pause.question().to_owned();
    let (shape, rest, name, tag) = match payload {
        Some((tag, payload)) => (payload, &rest[1..], format!("{name} {tag}"), Some(tag)),
        None => (shape, rest, name, None),
    };
    let form = Form::new(&shape, &command());
    let command = clap::Command::new("answer").bin_name(name.clone()).display_name(name);
    // The options bring a text of their own along.
    let command = with_options(form.add_to(command, "Answer")).about(about);
    let mut words = words("answer", rest);
    if help {
        words.push("--help".into());
    }
    Ok((command.try_get_matches_from(words).map_err(CliError::Clap)?, form, tag))
}

/// The answer, if one was given.
fn value(
    matches: &clap::ArgMatches,
    form: &Form,
    tag: Option<&str>,
    base: Option<&str>,
) -> Result<Option<Value>, CliError> {
    let base = match base {
        None => None,
        Some(argument) => {
            let text = read_argument(argument).map_err(|error| CliError::fields(format!("--value: {error}")))?;
            Some(parse_json(&text).map_err(|error| CliError::not_json("the answer", error))?)
        }
    };
    let given = form.given(matches).map_err(|error| error.of("the answer"))?;
    let Some(tag) = tag else { return Ok(given.over(base)) };
    let value = match given.over(base) {
        Some(value) => value,
        None => match form.missing(&Value::Object(Map::new())) {
            missing if missing.is_empty() => Value::Object(Map::new()),
            missing => {
                let flags: Vec<&str> = missing.iter().map(|(flag, _)| flag.as_str()).collect();
                return Err(CliError::fields(format!("{} is missing for {tag}", flags.join(", "))));
            }
        },
    };
    Ok(Some(Value::Object(Map::from_iter([(tag.to_owned(), value)]))))
}

/// An answer that was not taken, told with the flag.
fn explained(error: AnswerError, form: &Form, hints: Vec<String>) -> CliError {
    match error {
        AnswerError::Mismatch { source, .. } => {
            let field = source.path().rsplit('.').next().unwrap_or_default();
            let what = match form.flag(field) {
                Some(flag) => format!("{flag}: {}", source.message()),
                None => source.to_string(),
            };
            CliError::Fields { what, hints }
        }
        AnswerError::Invalid { errors, .. } => {
            let told = errors.iter().map(|error| match form.flag(error.path()) {
                Some(flag) => format!("{flag}: {}", error.message()),
                None => error.to_string(),
            });
            CliError::Fields { what: told.collect::<Vec<_>>().join("; "), hints }
        }
        AnswerError::Run(RunError::Store(error)) => error.into(),
        // Another answer would not be taken either.
        source => source.into(),
    }
}

/// The commands that answer a question, with this variant if one was chosen.
fn commands(kit: &Kit, run: &AnyRun, pause: &OpenPause, tag: Option<&str>) -> Vec<String> {
    let ways = report_open(kit, run.id(), pause).ways.into_iter();
    let is_meant = |way: &Way| tag.is_none_or(|tag| way.answer.get(tag).is_some());
    ways.filter(is_meant).map(|way| way.command).collect()
}

/// The number of the next event of a run. Found by halves: a run may have a long history.
pub(crate) async fn next_event(desk: &Desk, run: &AnyRun) -> Result<u64, CliError> {
    let is_there = async |seq: u64| Ok::<_, CliError>(!desk.store.events(run.id(), seq, 1).await?.is_empty());
    let (mut low, mut high) = (1, 1);
    while is_there(high).await? {
        low = high;
        high *= 2;
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if is_there(middle).await? {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}
