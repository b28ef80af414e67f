//! What a run shows to the tools that watch a program: spans and events of `tracing`, and numbers of `metrics`.
//!
//! All names are here. Only runs of an [`App`](crate::App) show anything; without a subscriber that costs a look at a flag.

use std::{sync::Arc, time::Instant};

use tracing::{Span, field::Empty};

use crate::{
    error::Failure,
    store::{NewPause, NewRun, RunStatus},
};

/// What is watched of an attempt at a step.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watched {
    /// When it began, in milliseconds since the Unix epoch, if anybody wants to know.
    pub(crate) began: i64,
    /// The same, exactly.
    at: Option<Instant>,
    /// `None` if nobody watches.
    span: Option<Arc<Span>>,
}

impl Watched {
    /// An attempt that begins now, of a run of an App.
    pub(crate) fn step(step: &str, attempt: u32, path: &str) -> Self {
        Watched { began: 0, at: cfg!(feature = "metrics").then(Instant::now), span: step_span(step, attempt, path) }
    }

    /// What is shown from here on belongs to the attempt, until this is dropped.
    pub(crate) fn enter(&self) -> Option<Entered> {
        let span = self.span.clone()?;
        span.with_subscriber(|(id, dispatch)| dispatch.enter(id));
        Some(Entered(span))
    }
}

/// What is shown belongs to an attempt until this is dropped. It borrows nothing, because what it belongs to moves meanwhile.
pub(crate) struct Entered(Arc<Span>);

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.with_subscriber(|(id, dispatch)| dispatch.exit(id));
    }
}

/// The span of a run while it is driven.
pub(crate) fn run_span(run: &NewRun) -> Span {
    tracing::info_span!(
        "flow.run",
        otel.kind = "internal",
        otel.status_code = Empty,
        error.message = Empty,
        flow.run.id = %run.id,
        flow.workflow.id = %run.workflow,
        flow.run.status = Empty,
        session.id = run.session.as_deref(),
        user.id = run.user.as_deref(),
    )
}

/// The span of one attempt at a step, below that of its run.
fn step_span(step: &str, attempt: u32, path: &str) -> Option<Arc<Span>> {
    let span = tracing::info_span!(
        "flow.step",
        otel.kind = "internal",
        otel.status_code = Empty,
        error.message = Empty,
        flow.step.name = step,
        flow.step.attempt = attempt,
        flow.frame.path = path,
    );
    (!span.is_disabled()).then(|| Arc::new(span))
}

/// A run that is driven here, or waits for its turn to be.
pub(crate) struct Driving(String);

impl Driving {
    pub(crate) fn begin(workflow: &str) -> Self {
        numbers::driven(workflow, 1.0);
        Driving(workflow.to_owned())
    }

    /// The driver has left the run.
    pub(crate) fn left(self, span: &Span, left: Leaving<'_>) {
        let _entered = span.enter();
        run_left(span, &self.0, left);
    }
}

impl Drop for Driving {
    fn drop(&mut self) {
        numbers::driven(&self.0, -1.0);
    }
}

fn run_left(span: &Span, workflow: &str, left: Leaving<'_>) {
    match left {
        Leaving::Ended(status, failure) => {
            ended(workflow, status);
            span.record("flow.run.status", status.as_str());
            match failure {
                None => tracing::info!(flow.run.status = status.as_str(), "the run has ended"),
                Some(failure) => {
                    let message = failure.chain().join(": ");
                    span.record("otel.status_code", "ERROR");
                    span.record("error.message", message.as_str());
                    let (path, after) = (failure.path(), failure.after());
                    tracing::error!(
                        flow.run.status = status.as_str(),
                        error.message = message.as_str(),
                        flow.frame.path = path,
                        flow.point = after,
                        "the run has failed"
                    );
                }
            }
        }
        Leaving::Parked => {
            span.record("flow.run.status", RunStatus::Paused.as_str());
            tracing::debug!("the run waits");
        }
        Leaving::Elsewhere => tracing::debug!("the run goes on elsewhere"),
        Leaving::Broken(error) => {
            span.record("otel.status_code", "ERROR");
            span.record("error.message", tracing::field::display(error));
            tracing::error!(error.message = %error, "the run cannot go on here");
        }
    }
}

/// How a driver left its run.
pub(crate) enum Leaving<'l> {
    Ended(RunStatus, Option<&'l Failure>),
    Parked,
    /// It was cancelled, is given back, or somebody else has it.
    Elsewhere,
    /// The store failed, or the run does not fit this program.
    Broken(&'l dyn std::error::Error),
}

/// A run was stored for the first time.
pub(crate) fn run_started(run: &NewRun) {
    let (id, workflow) = (run.id.as_str(), run.workflow.as_str());
    tracing::info!(
        flow.run.id = id,
        flow.workflow.id = workflow,
        session.id = run.session.as_deref(),
        "the run is started"
    );
    numbers::started(workflow);
}

/// A run has ended, whether anybody drove it or not.
pub(crate) fn ended(workflow: &str, status: RunStatus) {
    numbers::ended(workflow, status);
}

/// An attempt at a step is over: with these errors, or with none.
pub(crate) fn step_ended(step: &str, workflow: &str, watched: &Watched, errors: Option<&[String]>) {
    numbers::step(step, workflow, watched.at, errors.is_none());
    let Some(span) = &watched.span else { return };
    let Some(errors) = errors else {
        span.record("otel.status_code", "OK");
        return;
    };
    let message = errors.join(": ");
    span.record("otel.status_code", "ERROR");
    span.record("error.message", message.as_str());
    let _entered = span.enter();
    tracing::warn!(flow.step.name = step, error.message = message.as_str(), "the step has failed");
}

/// A step will be tried again at this time, in milliseconds since the Unix epoch.
pub(crate) fn step_retries(step: &str, workflow: &str, attempt: u32, at: i64) {
    tracing::info!(flow.step.name = step, flow.step.attempt = attempt, flow.step.at = at, "the step is tried again");
    numbers::retried(step, workflow);
}

/// Somebody was asked.
pub(crate) fn asked(pause: &NewPause) {
    tracing::info!(flow.pause.id = %pause.id, flow.pause.name = %pause.name, flow.frame.path = %pause.path, "somebody is asked");
    numbers::asked(&pause.name);
}

/// Somebody has answered.
pub(crate) fn answered(run: &str, pause: &str, name: &str, by: Option<&str>) {
    tracing::info!(
        flow.run.id = run,
        flow.pause.id = pause,
        flow.pause.name = name,
        user.id = by,
        "somebody has answered"
    );
    numbers::answered(name);
}

/// Measures how long a checkpoint takes.
pub(crate) struct Checkpointing(Option<Instant>);

impl Checkpointing {
    /// Begins with a checkpoint, if its run is one of an App.
    pub(crate) fn begin(watched: bool) -> Self {
        Checkpointing((cfg!(feature = "metrics") && watched).then(Instant::now))
    }

    pub(crate) fn done(self) {
        if let Some(began) = self.0 {
            numbers::checkpoint(began);
        }
    }
}

#[cfg(feature = "metrics")]
mod numbers {
    use std::time::Instant;

    use metrics::{counter, gauge, histogram};

    use crate::store::RunStatus;

    pub(super) fn started(workflow: &str) {
        counter!("flow_runs_started_total", "workflow" => workflow.to_owned()).increment(1);
    }

    pub(super) fn ended(workflow: &str, status: RunStatus) {
        counter!("flow_runs_ended_total", "workflow" => workflow.to_owned(), "status" => status.as_str()).increment(1);
    }

    pub(super) fn driven(workflow: &str, more: f64) {
        gauge!("flow_runs_open", "workflow" => workflow.to_owned()).increment(more);
    }

    pub(super) fn step(step: &str, workflow: &str, began: Option<Instant>, completed: bool) {
        let outcome = if completed { "completed" } else { "failed" };
        let (step, workflow) = (step.to_owned(), workflow.to_owned());
        if let Some(at) = began {
            let took = histogram!("flow_step_duration_seconds", "workflow" => workflow.clone(), "step" => step.clone());
            took.record(at.elapsed());
        }
        counter!("flow_steps_total", "workflow" => workflow, "step" => step, "outcome" => outcome).increment(1);
    }

    pub(super) fn retried(step: &str, workflow: &str) {
        counter!("flow_step_retries_total", "workflow" => workflow.to_owned(), "step" => step.to_owned()).increment(1);
    }

    pub(super) fn checkpoint(began: Instant) {
        histogram!("flow_checkpoint_duration_seconds").record(began.elapsed());
    }

    pub(super) fn asked(pause: &str) {
        counter!("flow_pauses_asked_total", "pause" => pause.to_owned()).increment(1);
    }

    pub(super) fn answered(pause: &str) {
        counter!("flow_pauses_answered_total", "pause" => pause.to_owned()).increment(1);
    }
}

/// Without the feature nothing is counted.
#[cfg(not(feature = "metrics"))]
mod numbers {
    use std::time::Instant;

    use crate::store::RunStatus;

    pub(super) fn started(_workflow: &str) {}
    pub(super) fn ended(_workflow: &str, _status: RunStatus) {}
    pub(super) fn driven(_workflow: &str, _more: f64) {}
    pub(super) fn step(_step: &str, _workflow: &str, _began: Option<Instant>, _completed: bool) {}
    pub(super) fn retried(_step: &str, _workflow: &str) {}
    pub(super) fn checkpoint(_began: Instant) {}
    pub(super) fn asked(_pause: &str) {}
    pub(super) fn answered(_pause: &str) {}
}
