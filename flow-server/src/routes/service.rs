//! The server itself: whether it is well, and its numbers.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use flow_report::StatsReport;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::runs;
use crate::{
    auth::{Access, Caller},
    errors::closing,
    extract::{Base, RawParams},
    openapi,
    problem::Problem,
    state::Shared,
};

/// How the server is.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Health {
    /// `ok`.
    status: &'static str,
}

/// `GET /healthz`: the process answers.
pub(crate) async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// `GET /readyz`: the store answers, too, and the server is not about to end.
pub(crate) async fn ready(State(state): State<Shared>) -> Result<Json<Health>, Problem> {
    if state.is_closing() {
        return Err(closing());
    }
    // Asks for a run that there is not, so that nothing has to be read.
    state.app.store().find("").await?;
    Ok(Json(Health { status: "ok" }))
}

/// `GET /api/stats`
pub(crate) async fn stats(
    State(state): State<Shared>,
    RawParams(query): RawParams,
) -> Result<Json<StatsReport>, Problem> {
    Ok(Json(StatsReport::of(&state.app, &runs::filter(query)?).await?))
}

/// `GET /metrics`
pub(crate) async fn metrics(State(state): State<Shared>) -> impl IntoResponse {
    // Numbers of the requests are of use also while the store is not.
    let stats = state.counted.of(&state.app).await;
    let mut text = state.counters.render(stats.as_ref());
    if let Some(more) = &state.options.metrics {
        text.push_str(&more());
    }
    (StatusCode::OK, [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}

/// `GET /openapi.json`
pub(crate) async fn openapi(State(state): State<Shared>, base: Base) -> Json<Value> {
    Json(openapi::document(&state.app, &base.0, !state.options.tokens.is_empty()))
}

/// Who asks, as the server knows them.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Me {
    /// The name; none where nobody is asked for it.
    name: Option<String>,
    /// What they may do, of `read`, `run`, `answer` and `admin`, and their roles for questions.
    roles: Vec<String>,
}

/// `GET /api/me`
pub(crate) async fn me(caller: Caller) -> Json<Me> {
    let may = |access: &Access| !matches!(&caller, Caller::Known(identity) if !identity.may(*access));
    let mut roles: Vec<String> =
        Access::ALL.iter().filter(|access| may(access)).map(|access| access.as_str().to_owned()).collect();
    roles.extend(caller.roles(Vec::new()));
    let name = match caller {
        Caller::Known(identity) => Some(identity.user().to_owned()),
        Caller::Anyone | Caller::Unknown => None,
    };
    Json(Me { name, roles })
}
