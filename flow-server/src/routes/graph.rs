//! Workflows as graphs, and where runs stand in them.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use flow_graph::{Layout, Standing, layout, svg};
use flow_runtime::{Graph, RunError};
use serde::{Deserialize, Serialize};

use crate::{
    extract::{Params, Part, Wanted},
    problem::Problem,
    state::Shared,
};

/// A drawing brings its style along, and may do nothing else.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'";

/// In which form.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GraphQuery {
    format: Option<String>,
}

/// A drawing, and where a run stands in it.
#[derive(Debug, Serialize)]
struct Drawn {
    /// Boxes, edges and labels, with their places.
    layout: Layout,
    /// What is known of each node.
    #[serde(skip_serializing_if = "Option::is_none")]
    standing: Option<Standing>,
}

/// `GET /api/workflows/{workflow}/graph`
pub(crate) async fn of_workflow(
    State(state): State<Shared>,
    Part(workflow): Part<String>,
    Params(query): Params<GraphQuery>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let Some(info) = state.app.workflows().into_iter().find(|info| info.id == workflow) else {
        state.app.definition_of(&workflow)?;
        return Err(RunError::NotRegistered { workflow }.into());
    };
    drawn(&info.graph, None, &query, &wanted)
}

/// `GET /api/runs/{run}/graph`
pub(crate) async fn of_run(
    State(state): State<Shared>,
    Part(run): Part<String>,
    Params(query): Params<GraphQuery>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let run = state.app.any_run(&run).await?;
    drawn(&run.graph()?, Some(Standing::of(&run).await?), &query, &wanted)
}

fn drawn(graph: &Graph, standing: Option<Standing>, query: &GraphQuery, wanted: &Wanted) -> Result<Response, Problem> {
    let text = |text: String| ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response();
    match query.format.as_deref() {
        None if wanted.accepts("image/svg+xml") => Ok(drawing(graph, standing)),
        None | Some("json") => Ok(Json(Drawn { layout: layout(graph), standing }).into_response()),
        Some("svg") => Ok(drawing(graph, standing)),
        Some("mermaid") => Ok(text(graph.to_mermaid())),
        Some("dot") => Ok(text(graph.to_dot())),
        Some(other) => {
            Err(Problem::bad_request(format!("There is no format `{other}`: there are json, svg, mermaid and dot.")))
        }
    }
}

fn drawing(graph: &Graph, standing: Option<Standing>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    ];
    (headers, svg(graph, &standing.unwrap_or_default())).into_response()
}
