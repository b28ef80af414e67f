//! Starting runs: at once, waited for, or watched.

use std::time::Duration;

use axum::{
    Json,
    extract::{FromRequest as _, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use flow_report::RunReport;
use flow_runtime::{
    AnyRun, Merge, RunError,
    store::{RunFilter, RunStatus},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{
    events::{self, Until},
    files, own,
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
    // Before anything is read and kept.
    room(&state, &workflow, wanted.key.as_deref()).await?;
    let (body, brought) = match media_type(request.headers()).as_deref() {
        Some("multipart/form-data") => {
            state.app.definition_of(&workflow)?;
            files::read_form(request, &state).await?
        }
        _ => (extract::Json::<StartBody>::from_request(request, &state).await?.0, files::Brought::default()),
    };
    room(&state, &workflow, wanted.key.as_deref()).await?;
    // Before the run is there: whoever is refused starts again.
    let place = match wanted.accepts("text/event-stream") {
        true => Some(events::place(&state)?),
        false => None,
    };
    let mut start = state.app.start_json(&workflow, extract::whole(body.input)).priority(body.priority);
    if let Some(user) = caller.name(body.user, "#/user")? {
        start = start.user(user);
    }
    if let Some(session) = body.session {
        own::session(&state, &caller, &session).await?;
        start = start.session(session);
    }
    if let Some(given) = body.session_state {
        start = start.session_state(given, Merge::Deep);
    }
    if let Some(metadata) = body.metadata {
        start = start.metadata(metadata);
    }
    if let Some(key) = wanted.key.clone() {
        start = start.strict_key(key);
    }
    if let Some(ms) = body.deadline_ms {
        start = start.deadline(Duration::from_millis(ms));
    }
    let run = match brought.start(&state, start).await {
        Err(RunError::NotRegistered { .. }) => {
            state.app.definition_of(&workflow)?;
            return Err(RunError::NotRegistered { workflow }.into());
        }
        run => run?,
    };
    let at = location(&base, run.id());
    if let Some(place) = place {
        let mut response = events::stream(&state, place, run.id(), 1, Until::Rests);
        // An id of a run is one of a header, too.
        if let Ok(at) = HeaderValue::from_str(&at) {
            response.headers_mut().insert(header::LOCATION, at);
        }
        return Ok(response);
    }
    let (status, report) = begun(&state, &run, wanted.wait).await;
    let location: [(HeaderName, String); 1] = [(header::LOCATION, at)];
    Ok((status, location, report).into_response())
}

/// Refuses what would have this server drive more runs than it may. One that is there already, by its key, is no more.
pub(crate) async fn room(state: &Shared, workflow: &str, key: Option<&str>) -> Result<(), Problem> {
    let Some(most) = state.options.max_runs.filter(|most| state.app.driving() >= *most) else { return Ok(()) };
    if let Some(key) = key
        && !state.app.runs(&RunFilter::new().workflow(workflow).key(key).limit(1)).await?.is_empty()
    {
        return Ok(());
    }
    Err(Problem::busy(format!("This server drives {most} runs, as many as it may: ask again later."), 1))
}

/// Where a run is found.
pub(crate) fn location(base: &Base, run: &str) -> String {
    format!("{}/api/runs/{run}", base.0)
}

/// What is answered when a run has begun or goes on: that it was taken, or, with a time to wait, what it has come to if it did
/// within that time. It has begun, whether or not that can be read: whoever heard of an error would do it again.
pub(crate) async fn begun(state: &Shared, run: &AnyRun, wait: Option<Duration>) -> (StatusCode, Json<RunReport>) {
    let rests = match wait {
        Some(wait) => wait_for(state, run, wait).await,
        None => false,
    };
    match RunReport::of(&state.app, run.id()).await {
        Ok(report) if rests => (StatusCode::OK, Json(report)),
        Ok(report) => (StatusCode::ACCEPTED, Json(report)),
        Err(error) => {
            tracing::warn!(run = run.id(), error = %error, "a run has begun, and cannot be read");
            (StatusCode::ACCEPTED, Json(unread(run)))
        }
    }
}

/// What is known of a run that has begun without reading it.
fn unread(run: &AnyRun) -> RunReport {
    RunReport {
        run: run.id().to_owned(),
        workflow: run.workflow().to_owned(),
        status: RunStatus::Running.as_str().to_owned(),
        output: None,
        pauses: Vec::new(),
        failure: None,
        undone: Vec::new(),
    }
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
