//! What a run has come to: `run`, `answer`, `retry`, `fork`, `cancel`, `recover RUN`.

use flow_report::{FailureReport, UndoneReport};
use flow_runtime::{AnyRun, Failure, OpenPause};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{PauseReport, Report, show::failure_text};
use crate::{
    CliError,
    context::Desk,
    drive::done,
    output::{BOLD, MARK, NEWS, WRONG, paint, short, text},
    pauses,
};

/// `run`, `answer`, `retry`, `fork`, `cancel` and `recover RUN`: what the run has come to. The exit code says the same: 0 for
/// `completed`, and for `cancelled` if that was wanted, 1 for `failed`, 3 for `paused`, 130 for a run that is `running` because
/// the command was interrupted.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RunReport {
    /// What it has come to.
    #[serde(flatten)]
    pub run: flow_report::RunReport<PauseReport>,
    /// The command that goes on with it, if it needs one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    #[serde(skip)]
    code: u8,
    #[serde(skip)]
    shown: String,
}

impl RunReport {
    fn new(run: &AnyRun, status: &str, code: u8) -> Self {
        let run = flow_report::RunReport {
            run: run.id().to_owned(),
            workflow: run.workflow().to_owned(),
            status: status.to_owned(),
            output: None,
            pauses: Vec::new(),
            failure: None,
            undone: Vec::new(),
        };
        RunReport { run, next: None, code, shown: String::new() }
    }

    pub(crate) fn done(desk: &Desk, run: &AnyRun, output: Value) -> Self {
        let hooks = &desk.kit.hooks;
        let code = if hooks.is_good(run.workflow(), &output) { 0 } else { 1 };
        let mut report = RunReport::new(run, "completed", code);
        report.shown = hooks.shown(run.workflow(), &output) + &afterwards(desk, run);
        report.run.output = Some(output);
        report
    }

    pub(crate) fn paused(desk: &Desk, run: &AnyRun, pauses: &[OpenPause]) -> Self {
        let mut report = RunReport::new(run, "paused", 3);
        report.run.pauses = pauses.iter().map(|pause| pauses::report_open(&desk.kit, run.id(), pause)).collect();
        report
    }

    pub(crate) async fn failed(desk: &Desk, run: &AnyRun, failure: &Failure) -> Result<Self, CliError> {
        let mut report = RunReport::new(run, "failed", 1);
        report.run.failure = Some(FailureReport::of(failure));
        report.run.undone = UndoneReport::of(&desk.app, run.id()).await?;
        // What is undone is at its end.
        let goes_on = report.run.undone.is_empty();
        report.next = goes_on.then(|| desk.kit.shell.command(["retry", short(run.id())]));
        report.shown = afterwards(desk, run);
        Ok(report)
    }

    pub(crate) async fn cancelled(desk: &Desk, run: &AnyRun) -> Result<Self, CliError> {
        let mut report = RunReport::new(run, "cancelled", 1);
        report.run.undone = UndoneReport::of(&desk.app, run.id()).await?;
        report.shown = afterwards(desk, run);
        Ok(report)
    }

    /// The same, of a run whose cancelling was wanted.
    pub(crate) fn wanted(self) -> Self {
        RunReport { code: 0, ..self }
    }

    /// A run that goes on elsewhere, because this process was interrupted.
    pub(crate) fn left(desk: &Desk, run: &AnyRun) -> Self {
        let next = Some(desk.kit.shell.command(["recover", short(run.id())]));
        RunReport { next, ..RunReport::new(run, "running", 130) }
    }

    /// A run that was stored, and that another process drives.
    pub(crate) async fn detached(desk: &Desk, run: &AnyRun) -> Result<Self, CliError> {
        let status = run.status().await?;
        let next = Some(desk.kit.shell.command(["recover", short(run.id())]));
        Ok(RunReport { next, ..RunReport::new(run, status.as_str(), 0) })
    }
}

/// How things stand after a run.
fn afterwards(desk: &Desk, run: &AnyRun) -> String {
    let world = desk.kit.hooks.world(run.workflow());
    world.map(|world| format!("\nAfterwards:\n{}", text::indent(&text::render(&world), "  "))).unwrap_or_default()
}

impl Report for RunReport {
    fn text(&self) -> String {
        let id = paint(BOLD, short(&self.run.run));
        let next = |what: &str| {
            let next = self.next.as_ref().map(|next| format!("{what}\n  {}\n", paint(MARK, next)));
            next.unwrap_or_default()
        };
        match self.run.status.as_str() {
            "completed" => {
                let space = if self.shown.is_empty() { "" } else { "\n" };
                format!("{}{space}{}", done(&format!("Run {id} is done.")), self.shown)
            }
            "paused" if !self.run.pauses.is_empty() => {
                let questions: Vec<String> = self.run.pauses.iter().map(PauseReport::question_text).collect();
                let head = format!("{} Run {id} waits for an answer.\n", paint(NEWS, "?"));
                format!("{head}\n{}", questions.join("\n"))
            }
            "failed" => {
                let failure = self.run.failure.as_ref().map(failure_text).unwrap_or_default();
                let head = format!("{} run {id} failed{failure}\n", paint(WRONG, "error:"));
                let again = next("\nWhen what is wrong has been put right, this goes on from there:");
                format!("{head}{}{}{again}", self.undone_text(), self.shown)
            }
            "cancelled" => format!("Run {id} is cancelled.\n{}{}", self.undone_text(), self.shown),
            status => {
                let head = format!("Run {id} is {status}; a worker on its store goes on with it");
                let so_does = next(", and so does:");
                format!("{head}{}", if so_does.is_empty() { ".\n" } else { &so_does })
            }
        }
    }

    fn exit_code(&self) -> u8 {
        self.code
    }

    fn is_error(&self) -> bool {
        self.run.status == "failed"
    }
}

impl RunReport {
    fn undone_text(&self) -> String {
        if self.run.undone.is_empty() {
            return String::new();
        }
        let row = |undone: &UndoneReport| {
            let what = text::render(&undone.output).trim_end().replace('\n', ", ");
            let error = undone.error.as_ref().map(|error| format!("could not be undone: {error}; "));
            vec![undone.step.clone(), format!("{}{what}", error.unwrap_or_default())]
        };
        let rows: Vec<Vec<String>> = self.run.undone.iter().map(row).collect();
        format!("\nUndone, the last first:\n{}", text::indent(&text::columns(&rows), "  "))
    }
}
