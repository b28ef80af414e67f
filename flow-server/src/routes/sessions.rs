//! Sessions.

use axum::{Json, extract::State, http::StatusCode};
use flow_report::{SessionLine, SessionReport, SessionRunsReport, SessionsReport};
use flow_runtime::store::{SessionFilter, SessionReceipt};
use schemars::JsonSchema;
use serde::Deserialize;

use super::runs;
use crate::{
    extract::{self, Part, RawParams},
    problem::Problem,
    state::Shared,
};

/// How many of its last runs are shown with a session.
const RUNS: u32 = 20;

/// A new name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RenameBody {
    /// A name for people.
    name: String,
}

fn unknown(session: &str) -> Problem {
    Problem::not_found("unknown_session", format!("There is no session `{session}`.")).with("session", session)
}

/// `GET /api/sessions`
pub(crate) async fn list(
    State(state): State<Shared>,
    RawParams(query): RawParams,
) -> Result<Json<SessionsReport>, Problem> {
    let mut filter = SessionFilter { limit: 50, ..SessionFilter::default() };
    for (name, value) in query {
        match name.as_str() {
            "user" => filter.user = Some(value),
            "limit" => filter.limit = runs::limit(&value)?,
            "after" => filter.after = Some(runs::place(&value)?),
            _ => return Err(runs::unknown(&name)),
        }
    }
    Ok(Json(SessionsReport::of(&state.app, &filter).await?))
}

/// `GET /api/sessions/{session}`
pub(crate) async fn one(
    State(state): State<Shared>,
    Part(session): Part<String>,
) -> Result<Json<SessionReport>, Problem> {
    SessionReport::of(&state.app, &session, RUNS).await?.map(Json).ok_or_else(|| unknown(&session))
}

/// `GET /api/sessions/{session}/runs`
pub(crate) async fn runs(
    State(state): State<Shared>,
    Part(session): Part<String>,
    RawParams(query): RawParams,
) -> Result<Json<SessionRunsReport>, Problem> {
    let filter = runs::filter(query)?.session(session.as_str());
    let report = SessionRunsReport::of(&state.app, &filter).await?;
    if report.runs.is_empty() && state.app.session(session.as_str()).record().await?.is_none() {
        return Err(unknown(&session));
    }
    Ok(Json(report))
}

/// `PATCH /api/sessions/{session}`
pub(crate) async fn rename(
    State(state): State<Shared>,
    Part(id): Part<String>,
    extract::Json(body): extract::Json<RenameBody>,
) -> Result<Json<SessionLine>, Problem> {
    let session = state.app.session(id.as_str());
    // A name would make a session that is not there.
    if session.record().await?.is_none() {
        return Err(unknown(&id));
    }
    session.rename(&body.name).await?;
    let record = session.record().await?.ok_or_else(|| unknown(&id))?;
    Ok(Json(SessionLine::of(&record)))
}

/// `DELETE /api/sessions/{session}`
pub(crate) async fn delete(State(state): State<Shared>, Part(session): Part<String>) -> Result<StatusCode, Problem> {
    match state.app.session(session.as_str()).delete().await? {
        SessionReceipt::Deleted(_) => Ok(StatusCode::NO_CONTENT),
        SessionReceipt::Unknown => Err(unknown(&session)),
        SessionReceipt::Busy(run) => {
            let detail = format!("Run `{run}` of session `{session}` has not ended: cancel it, or wait for it.");
            Err(Problem::conflict("busy", detail).with("run", run))
        }
    }
}
