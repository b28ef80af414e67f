//! The workflows of the program.

use axum::{Json, extract::State};
use flow_report::{WorkflowReport, WorkflowsReport};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{extract::Part, problem::Problem, state::Shared};

/// A workflow, with its definition.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WorkflowAnswer {
    #[serde(flatten)]
    workflow: WorkflowReport,
    /// Steps with their rules, questions, and the points where runs can be saved with the bindings that live there.
    definition: Value,
}

/// `GET /api/workflows`
pub(crate) async fn list(State(state): State<Shared>) -> Json<WorkflowsReport> {
    Json(WorkflowsReport::of(&state.app))
}

/// `GET /api/workflows/{workflow}`
pub(crate) async fn one(
    State(state): State<Shared>,
    Part(workflow): Part<String>,
) -> Result<Json<WorkflowAnswer>, Problem> {
    let definition = state.app.definition_of(&workflow)?;
    let shown = serde_json::to_value(&definition).unwrap_or_default();
    Ok(Json(WorkflowAnswer { workflow: WorkflowReport::new(definition), definition: shown }))
}
