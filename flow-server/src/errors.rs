//! The errors of the runtime, as problems.

use axum::http::StatusCode;
use flow_runtime::{AnswerError, ControlError, DefinitionError, JsonError, Refusal, RunError, StoreError};
use serde_json::Value;

use crate::{
    pointer::{pointer, step},
    problem::{FieldError, Problem},
};

/// A field error below `root` of the body.
pub(crate) fn field(root: &str, error: &JsonError) -> FieldError {
    FieldError { pointer: pointer(root, error.path(), error.message()), detail: error.message().to_owned() }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::UnknownRun { run } => {
                Problem::not_found("unknown_run", format!("There is no run `{run}`.")).with("run", run.as_str())
            }
            StoreError::UnknownPause { run, pause } => {
                Problem::not_found("unknown_pause", format!("Run `{run}` has no pause `{pause}`."))
            }
            StoreError::Fenced { .. } | StoreError::SessionChanged { .. } => Problem::conflict(
                "changed",
                "Somebody else has changed this at the same time: look again, and try again.",
            ),
            _ => {
                let problem = Problem::internal(&error);
                let detail = "The store could not do this; the log of the server says why.";
                Problem { headers: problem.headers, ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, "store", detail) }
                    .retry_after(1)
            }
        }
    }
}

impl From<RunError> for Problem {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Store(error) => error.into(),
            RunError::Input { workflow, source } => {
                let detail = format!("The input of workflow `{workflow}` does not fit: {source}.");
                Problem::invalid("invalid_input", detail, vec![field("/input", &source)])
            }
            RunError::KeyReused { key, run, differs } => {
                let detail = format!(
                    "The key `{key}` belongs to run `{run}`, which was started with another {differs}: take another key."
                );
                Problem::conflict("key_reused", detail).with("run", run).with("differs", differs)
            }
            RunError::NotRegistered { workflow } => {
                let detail = format!("This server has no workflow `{workflow}`, so it cannot go on with runs of it.");
                Problem::conflict("not_registered", detail).with("workflow", workflow)
            }
            RunError::Refused { run, reason, .. } => {
                let detail = format!("Run `{run}` cannot go on in this program: {reason}.");
                Problem::conflict("refused", detail).with("run", run)
            }
            RunError::Shutdown { .. } => closing(),
            error => Problem::internal(&error),
        }
    }
}

/// That the server is about to end.
pub(crate) fn closing() -> Problem {
    let detail = "This server is about to end: ask again, another one may answer.";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "shutting_down", detail).retry_after(1)
}

impl From<AnswerError> for Problem {
    fn from(error: AnswerError) -> Self {
        let sentence = format!("{}.", capital(&error.to_string()));
        match error {
            AnswerError::AlreadyAnswered { pause, answer } => {
                let by = answer.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
                Problem::conflict("already_answered", format!("Pause `{pause}` was answered before{by}."))
                    .with("pause", pause)
                    .with("answer", serde_json::from_str::<Value>(&answer.value).unwrap_or_default())
                    .with("by", answer.by)
                    .with("comment", answer.comment)
                    .with("at", answer.at)
            }
            AnswerError::Expired { pause, deadline } => {
                Problem::new(StatusCode::GONE, "expired", sentence).with("pause", pause).with("deadline", deadline)
            }
            AnswerError::NotWaiting { pause, status, .. } => {
                Problem::conflict("not_waiting", sentence).with("pause", pause).with("run_status", status.as_str())
            }
            AnswerError::NoSuchPause { open, .. } => Problem::not_found("unknown_pause", sentence).with("open", open),
            AnswerError::Ambiguous { ids, .. } => Problem::conflict("ambiguous", sentence).with("open", ids),
            AnswerError::Mismatch { pause, source } => {
                let detail = format!("The answer does not fit pause `{pause}`: {source}.");
                Problem::invalid("invalid", detail, vec![field("/answer", &source)])
            }
            AnswerError::NotAllowed { pause, .. } => {
                Problem::new(StatusCode::FORBIDDEN, "not_allowed", sentence).with("pause", pause)
            }
            AnswerError::Invalid { errors, .. } => {
                Problem::invalid("invalid", sentence, errors.iter().map(|error| field("/answer", error)).collect())
            }
            AnswerError::Run(error) => error.into(),
            error => Problem::internal(&error),
        }
    }
}

impl From<ControlError> for Problem {
    fn from(error: ControlError) -> Self {
        let sentence = format!("{}.", capital(&error.to_string()));
        match error {
            ControlError::Ended { status, .. } => {
                Problem::conflict("ended", sentence).with("run_status", status.as_str())
            }
            ControlError::NotFailed { status, .. } => {
                Problem::conflict("not_failed", sentence).with("run_status", status.as_str())
            }
            ControlError::Undone { .. } => Problem::conflict("undone", sentence),
            ControlError::UnknownCheckpoint { last, .. } => {
                Problem::not_found("unknown_checkpoint", sentence).with("last", last)
            }
            ControlError::Pruned { oldest, .. } => {
                Problem::new(StatusCode::GONE, "pruned", sentence).with("oldest", oldest)
            }
            ControlError::UnknownBinding { name, known, .. } => {
                let errors = vec![FieldError { pointer: pointer("/set", "", ""), detail: sentence.clone() }];
                Problem::invalid("unknown_binding", sentence, errors).with("name", name).with("known", known)
            }
            ControlError::Edit { source } => {
                Problem::invalid("invalid_binding", sentence, vec![field("/set", &source)])
            }
            ControlError::Run(RunError::Refused { reason, .. }) => match *reason {
                Refusal::Binding { binding, error, .. } => {
                    let detail = format!("The value of `{binding}` does not fit: {error}.");
                    let root = format!("/set/{}", step(&binding));
                    Problem::invalid("invalid_binding", detail, vec![field(&root, &error)])
                }
                reason => Problem::conflict("refused", format!("The run cannot go on in this program: {reason}.")),
            },
            ControlError::Run(error) => error.into(),
            error => Problem::internal(&error),
        }
    }
}

impl From<DefinitionError> for Problem {
    fn from(error: DefinitionError) -> Self {
        let sentence = format!("{}.", capital(&error.to_string()));
        match error {
            DefinitionError::NotRegistered { workflow, nearest } => {
                let perhaps = nearest.as_ref().map(|nearest| format!(" Did you mean `{nearest}`?"));
                let detail = format!("There is no workflow `{workflow}`.{}", perhaps.unwrap_or_default());
                Problem::not_found("unknown_workflow", detail).with("workflow", workflow).with("nearest", nearest)
            }
            DefinitionError::NotStored { known, .. } => {
                Problem::not_found("unknown_definition", sentence).with("known", known)
            }
            DefinitionError::Label { .. } => {
                let errors = vec![FieldError { pointer: "#/label".to_owned(), detail: sentence.clone() }];
                Problem::invalid("invalid_label", sentence, errors)
            }
            DefinitionError::Store(error) => error.into(),
            error => Problem::internal(&error),
        }
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
