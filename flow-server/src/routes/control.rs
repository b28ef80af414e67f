//! What can be done to a run, besides answering.

use axum::{
    Json,
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use flow_report::RunReport;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    own,
    start::{begun, location, room},
};
use crate::{
    auth::Caller,
    extract::{self, Base, Part, Wanted},
    hex::hex,
    problem::Problem,
    state::Shared,
};

/// Where a copy begins, and with what.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForkBody {
    /// The checkpoint it begins right after; 0 is the start of the run.
    checkpoint: u64,
    /// Other values of bindings, by their names. Only by an admin, where callers say who they are.
    #[serde(default)]
    set: Map<String, Value>,
    /// The frame these bindings are of: empty for the workflow's body. Without this, the frame that made the checkpoint.
    #[serde(default)]
    path: Option<String>,
}

/// `POST /api/runs/{run}/cancel`
pub(crate) async fn cancel(
    State(state): State<Shared>,
    Part(run): Part<String>,
    caller: Caller,
) -> Result<Json<RunReport>, Problem> {
    let run = state.app.any_run(&run).await?;
    own::run(&caller, &run).await?;
    run.cancel().await?;
    Ok(Json(RunReport::of(&state.app, run.id()).await?))
}

/// `POST /api/runs/{run}/retry`
pub(crate) async fn retry(
    State(state): State<Shared>,
    Part(run): Part<String>,
    caller: Caller,
    base: Base,
    wanted: Wanted,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<RunReport>), Problem> {
    let run = state.app.any_run(&run).await?;
    own::run(&caller, &run).await?;
    room(&state, run.workflow(), None).await?;
    run.retry().await?;
    let (status, report) = begun(&state, &run, wanted.wait).await;
    Ok((status, [(header::LOCATION, location(&base, run.id()))], report))
}

/// `POST /api/runs/{run}/fork`
pub(crate) async fn fork(
    State(state): State<Shared>,
    Part(run): Part<String>,
    base: Base,
    caller: Caller,
    wanted: Wanted,
    extract::Json(body): extract::Json<ForkBody>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<RunReport>), Problem> {
    let run = state.app.any_run(&run).await?;
    own::run(&caller, &run).await?;
    if !body.set.is_empty() {
        own::values(&caller)?;
    }
    let key = wanted.key.as_deref().map(|key| key_of(key, run.id(), &body));
    room(&state, run.workflow(), key.as_deref()).await?;
    let mut fork = run.fork(body.checkpoint);
    if let Some(key) = key {
        fork = fork.key(key);
    }
    for (name, value) in body.set {
        let value = extract::whole(value);
        fork = match &body.path {
            Some(path) => fork.set_at(path, &name, &value),
            None => fork.set(&name, &value),
        };
    }
    let copy = fork.await?;
    let (_, report) = begun(&state, &copy, wanted.wait).await;
    Ok((StatusCode::CREATED, [(header::LOCATION, location(&base, copy.id()))], report))
}

/// The key a copy is kept under: of this key, run and body, so that another copy is never taken for this one. Keys of starts have
/// no space, so that none of them is one of a copy.
fn key_of(key: &str, run: &str, body: &ForkBody) -> String {
    let what = json!([key, run, body.checkpoint, body.path, body.set]).to_string();
    format!("fork {}", hex(&Sha256::digest(what)[..16]))
}
