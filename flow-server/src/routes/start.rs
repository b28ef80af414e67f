//! Starting runs: at once, waited for, or watched.

use std::time::Duration;

use axum::{
    Json,
    extract::{FromRequest as _, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use flow_report::RunReport;
use flow_runtime::{AnyRun, Merge, RunError};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{
    events::{self, Until},
    files,
};
use crate::{
    auth::Caller,
    extract::{self, Base, Part, Wanted, media_type},
    problem::Problem,
    state::Shared,
};

/// What a run is started with.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartBody {
    /// The input, as the workflow's schema describes it.
    #[serde(default)]
    pub(crate) input: Value,
    /// The session it belongs to.
    #[serde(default)]
    pub(crate) session: Option<String>,
    /// A state for the session, merged into the one there is.
    #[serde(default)]
    pub(crate) session_state: Option<Value>,
    /// On whose behalf it runs. Others than oneself only by an admin, where callers say who they are.
    #[serde(default)]
    pub(crate) user: Option<String>,
    /// Anything else to be kept with it.
    #[serde(default)]
    pub(crate) metadata: Option<Value>,
    /// Of runs that wait for a free place, the one with the highest number goes first.
    #[serde(default)]
    pub(crate) priority: i32,
    /// How long it may take, in milliseconds.
    #[serde(default)]
    pub(crate) deadline_ms: Option<u64>,
}

/// `POST /api/workflows/{workflow}/runs`
pub(crate) async fn start(
    State(state): State<Shared>,
    Part(workflow): Part<String>,
    base: Base,
    caller: Caller,
    wanted: Wanted,
    request: Request,
) -> Result<Response, Problem> {
    let body = match media_type(request.headers()).as_deref() {
        Some("multipart/form-data") => files::read_form(request, &state).await?,
        _ => extract::Json::<StartBody>::from_request(request, &state).await?.0,
    };
    if let Some(most) = state.options.max_runs.filter(|most| state.app.driving() >= *most) {
        return Err(Problem::busy(format!("This server drives {most} runs, as many as it may: start it later."), 1));
    }
    let mut start = state.app.start_json(&workflow, extract::whole(body.input)).priority(body.priority);
    if let Some(user) = caller.name(body.user, "#/user")? {
        start = start.user(user);
    }
    if let Some(session) = body.session {
        start = start.session(session);
    }
    if let Some(given) = body.session_state {
        start = start.session_state(given, Merge::Deep);
    }
    if let Some(metadata) = body.metadata {
        start = start.metadata(metadata);
    }
    if let Some(key) = wanted.key.clone() {
        start = start.key(key);
    }
    if let Some(ms) = body.deadline_ms {
        start = start.deadline(Duration::from_millis(ms));
    }
    let run = match start.await {
        Err(RunError::NotRegistered { .. }) => {
            state.app.definition_of(&workflow)?;
            return Err(RunError::NotRegistered { workflow }.into());
        }
        run => run?,
    };
    let at = location(&base, run.id());
    if wanted.accepts("text/event-stream") {
        let mut response = events::stream(&state, run.id(), 1, Until::Rests)?;
        // An id of a run is one of a header, too.
        if let Ok(at) = HeaderValue::from_str(&at) {
            response.headers_mut().insert(header::LOCATION, at);
        }
        return Ok(response);
    }
    let (status, report) = begun(&state, &run, wanted.wait).await?;
    let location: [(HeaderName, String); 1] = [(header::LOCATION, at)];
    Ok((status, location, report).into_response())
}

/// Where a run is found.
pub(crate) fn location(base: &Base, run: &str) -> String {
    format!("{}/api/runs/{run}", base.0)
}

/// What is answered when a run has begun or goes on: that it was taken, or, with a time to wait, what it has come to if it did
/// within that time.
pub(crate) async fn begun(
    state: &Shared,
    run: &AnyRun,
    wait: Option<Duration>,
) -> Result<(StatusCode, Json<RunReport>), Problem> {
    let rests = match wait {
        Some(wait) => wait_for(state, run, wait).await,
        None => false,
    };
    let status = if rests { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, Json(RunReport::of(&state.app, run.id()).await?)))
}

/// Waits for a run to end or to ask, for so long at most. Returns whether it did.
async fn wait_for(state: &Shared, run: &AnyRun, wait: Duration) -> bool {
    // Those that wait leave room for those that do not.
    let Ok(_place) = state.waits.try_acquire() else { return false };
    let wait = wait.min(state.options.max_wait);
    tokio::select! {
        outcome = run.wait() => match outcome {
            Ok(_) | Err(RunError::Failed(_) | RunError::Cancelled { .. } | RunError::Output { .. }) => true,
            // It goes on elsewhere, or later.
            Err(_) => false,
        },
        () = tokio::time::sleep(wait) => false,
        () = state.closed() => false,
    }
}
