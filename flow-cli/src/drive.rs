//! Sees a run through: shows what it does, asks what it asks, until it ends or waits for somebody else.

use std::{
    collections::HashSet,
    future::pending,
    pin::{Pin, pin},
    time::Duration,
};

use flow_runtime::{AnswerError, AnyRun, EventKind, EventStream, Failure, OpenPause, Outcome, RunError};
use futures::StreamExt as _;
use serde_json::Value;

use crate::{
    CliError,
    context::Desk,
    form::{Later, Shape, ask},
    output::{self, BOLD, DIM, GOOD, NEWS, WRONG, paint, short, text},
    pauses,
    progress::Progress,
    reports::RunReport,
};

/// How long the last events of a run are waited for that has ended or waits: they are there, and only have to be read.
const LAST_EVENTS: Duration = Duration::from_millis(200);

/// How a run is seen through.
#[derive(Debug, Clone, Default)]
pub(crate) struct How {
    /// Who answers what is asked here.
    pub(crate) who: Answerer,
    /// The event from which on is shown what happens.
    pub(crate) from: u64,
}

/// Who answers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answerer {
    pub(crate) by: Option<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) comment: Option<String>,
}

/// How a run stands that is driven no further here.
enum Stand {
    Done(Value),
    Paused(Vec<OpenPause>),
    Failed(Failure),
    Cancelled,
    /// It goes on elsewhere, because somebody has interrupted this process.
    Left,
}

/// Drives a run until it has ended, or waits for somebody who is not here.
pub(crate) async fn see_through(desk: &Desk, run: &AnyRun, how: &How) -> Result<RunReport, CliError> {
    let mut signals = Signals::new();
    let mut progress = Progress::new(&desk.kit);
    let mut events = progress.wants_events().then(|| run.events(how.from));
    let mut put_off = HashSet::new();
    loop {
        let stand = until_it_stands(desk, run, &mut progress, &mut events, &mut signals).await;
        progress.rest();
        let pauses = match stand? {
            Stand::Paused(pauses) => pauses,
            Stand::Done(output) => return Ok(RunReport::done(desk, run, output)),
            Stand::Failed(failure) => return RunReport::failed(desk, run, &failure).await,
            Stand::Cancelled => return RunReport::cancelled(desk, run).await,
            Stand::Left => return Ok(RunReport::left(desk, run)),
        };
        let next = pauses.iter().find(|pause| desk.kit.is_interactive() && !put_off.contains(pause.id()));
        let Some(pause) = next else { return Ok(RunReport::paused(desk, run, &pauses)) };
        if !ask_here(desk, run, pause, &how.who).await? {
            put_off.insert(pause.id().to_owned());
        }
    }
}

async fn until_it_stands(
    desk: &Desk,
    run: &AnyRun,
    progress: &mut Progress,
    events: &mut Option<EventStream>,
    signals: &mut Signals,
) -> Result<Stand, CliError> {
    let mut wait = pin!(run.wait());
    let mut leaving: Option<Pin<Box<dyn Future<Output = ()> + '_>>> = None;
    let mut asked_to_leave = false;
    let mut told = false;
    let outcome = loop {
        tokio::select! {
            outcome = &mut wait => break outcome,
            event = next_event(events) => match event {
                Some(event) => {
                    progress.see(&event);
                    told = waits(&event.kind);
                }
                None => *events = None,
            },
            () = signals.next() => {
                let at_once = asked_to_leave;
                if !at_once {
                    progress.note("Finishing the steps that run; Ctrl-C again leaves at once.");
                }
                asked_to_leave = true;
                leaving = Some(Box::pin(async move {
                    match at_once {
                        true => desk.app.shutdown_within(Duration::ZERO).await,
                        false => desk.app.shutdown().await,
                    };
                }));
            }
            () = left(&mut leaving) => leaving = None,
        }
    };
    while !told && events.is_some() {
        let Ok(Some(event)) = tokio::time::timeout(LAST_EVENTS, next_event(events)).await else { break };
        progress.see(&event);
        told = waits(&event.kind);
    }
    match outcome {
        Ok(Outcome::Done(output)) => Ok(Stand::Done(output)),
        Ok(Outcome::Paused(pauses)) => Ok(Stand::Paused(pauses)),
        // Of outcomes that later versions may add, nothing more is known here.
        Ok(_) => Ok(Stand::Left),
        Err(RunError::Failed(failure)) => Ok(Stand::Failed(failure)),
        Err(RunError::Cancelled { .. }) => Ok(Stand::Cancelled),
        Err(RunError::Shutdown { .. }) => Ok(Stand::Left),
        Err(error) => Err(error.into()),
    }
}

async fn left(leaving: &mut Option<Pin<Box<dyn Future<Output = ()> + '_>>>) {
    match leaving {
        Some(leaving) => leaving.await,
        None => pending().await,
    }
}

async fn next_event(events: &mut Option<EventStream>) -> Option<flow_runtime::Event> {
    match events {
        Some(events) => events.next().await.and_then(Result::ok),
        None => pending().await,
    }
}

/// Whether nothing more is told of a run for now. Of one that has ended the events end by themselves.
fn waits(kind: &EventKind) -> bool {
    matches!(kind, EventKind::RunPaused { .. })
}

/// Asks the person at the terminal, until there is an answer that counts. Returns whether the question is settled, by whomever.
pub(crate) async fn ask_here(desk: &Desk, run: &AnyRun, pause: &OpenPause, who: &Answerer) -> Result<bool, CliError> {
    let (shape, prompt) = (Shape::of(pause.schema()), pause.prompt().clone());
    output::err(&question(desk, run, pause));
    loop {
        let (shape, prompt) = (shape.clone(), prompt.clone());
        // Timers go on meanwhile, and so do other branches.
        let asked = tokio::task::spawn_blocking(move || ask(&shape, &prompt)).await;
        let answer = match asked {
            Ok(Ok(answer)) => answer,
            Ok(Err(Later::Wanted)) => {
                output::err("\n");
                return Ok(false);
            }
            Ok(Err(Later::Broken(why))) => {
                let source = std::io::Error::other(why);
                return Err(CliError::System { doing: "asking on this terminal", source });
            }
            Err(error) => return Err(CliError::System { doing: "asking", source: std::io::Error::other(error) }),
        };
        let note = |style, what: &str| output::err(&format!("  {}\n\n", paint(style, what)));
        match pauses::give(run, pause.id(), answer, who).await {
            Ok(()) => {
                output::err("\n");
                return Ok(true);
            }
            Err(AnswerError::Run(error)) => return Err(error.into()),
            Err(error) if can_ask_again(&error) => note(WRONG, &CliError::from(error).chain().join(": ")),
            Err(error @ AnswerError::NotAllowed { .. }) => {
                note(NEWS, &CliError::from(error).chain().join(": "));
                return Ok(false);
            }
            Err(error) => {
                note(NEWS, &CliError::from(error).chain().join(": "));
                return Ok(true);
            }
        }
    }
}

/// Whether another answer would do.
fn can_ask_again(error: &AnswerError) -> bool {
    matches!(error, AnswerError::Mismatch { .. } | AnswerError::Invalid { .. })
}

impl From<AnswerError> for CliError {
    fn from(source: AnswerError) -> Self {
        CliError::Answer { source: Box::new(source), hints: Vec::new() }
    }
}

/// A question, as a person reads it before answering.
fn question(desk: &Desk, run: &AnyRun, pause: &OpenPause) -> String {
    let head = format!("{} {}", paint(NEWS, "?"), paint(BOLD, pause.name()));
    let of = paint(DIM, &format!("run {} of {}", short(run.id()), run.workflow()));
    let mut out = format!("\n{head}  {of}\n");
    let report = pauses::report_open(&desk.kit, run.id(), pause);
    let remarks = report.when();
    if !remarks.is_empty() {
        out.push_str(&format!("{}\n", paint(DIM, &remarks)));
    }
    if !report.about.trim().is_empty() {
        out.push_str(&format!("\n{}", text::indent(&report.about, "    ")));
    }
    if !pause.question().is_empty() {
        out.push_str(&format!("\n{}\n", text::wrap(pause.question())));
    }
    out
}

/// The wish to stop: Ctrl-C, or a signal to end.
pub(crate) struct Signals {
    #[cfg(unix)]
    term: Option<tokio::signal::unix::Signal>,
    #[cfg(unix)]
    interrupt: Option<tokio::signal::unix::Signal>,
}

impl Signals {
    /// Listens from now on.
    #[cfg(unix)]
    pub(crate) fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        // Where they cannot be heard, they do what they always do.
        Signals { term: signal(SignalKind::terminate()).ok(), interrupt: signal(SignalKind::interrupt()).ok() }
    }

    /// Listens from now on.
    #[cfg(not(unix))]
    pub(crate) fn new() -> Self {
        Signals {}
    }

    /// The next one.
    #[cfg(unix)]
    pub(crate) async fn next(&mut self) {
        async fn one(signal: &mut Option<tokio::signal::unix::Signal>) {
            match signal {
                Some(signal) => _ = signal.recv().await,
                None => pending().await,
            }
        }
        tokio::select! {
            () = one(&mut self.term) => {}
            () = one(&mut self.interrupt) => {}
        }
    }

    /// The next one.
    #[cfg(not(unix))]
    pub(crate) async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            pending().await
        }
    }
}

/// Says in one line that something went well.
pub(crate) fn done(what: &str) -> String {
    format!("{} {what}\n", paint(GOOD, "✓"))
}
