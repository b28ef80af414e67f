//! Workflows as graphs.

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use flow_runtime::{Graph, RunError, StoreError};
use serde::Deserialize;

use crate::{
    extract::{Params, Part, Wanted},
    problem::Problem,
    state::Shared,
};

/// In which form.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GraphQuery {
    format: Option<String>,
}

/// `GET /api/workflows/{workflow}/graph`
pub(crate) async fn of_workflow(
    State(state): State<Shared>,
    Part(workflow): Part<String>,
    Params(query): Params<GraphQuery>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let graph = find(&state, &workflow);
    let Some(graph) = graph else {
        state.app.definition_of(&workflow)?;
        return Err(RunError::NotRegistered { workflow }.into());
    };
    drawn(&graph, &query, &wanted)
}

/// `GET /api/runs/{run}/graph`
pub(crate) async fn of_run(
    State(state): State<Shared>,
    Part(run): Part<String>,
    Params(query): Params<GraphQuery>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let record = state.app.store().find(&run).await?.ok_or(StoreError::UnknownRun { run })?;
    let Some(graph) = find(&state, &record.run.workflow) else {
        return Err(RunError::NotRegistered { workflow: record.run.workflow }.into());
    };
    drawn(&graph, &query, &wanted)
}

fn find(state: &Shared, workflow: &str) -> Option<Graph> {
    state.app.workflows().into_iter().find(|info| info.id == workflow).map(|info| info.graph)
}

fn drawn(graph: &Graph, query: &GraphQuery, _wanted: &Wanted) -> Result<Response, Problem> {
    let text = |text: String| ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response();
    match query.format.as_deref() {
        None | Some("json") => Ok(Json(graph.to_json()).into_response()),
        Some("mermaid") => Ok(text(graph.to_mermaid())),
        Some("dot") => Ok(text(graph.to_dot())),
        Some(other) => {
            Err(Problem::bad_request(format!("There is no format `{other}`: there are json, svg, mermaid and dot.")))
        }
    }
}
