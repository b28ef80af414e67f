//! Definitions that are stored, and how they differ.

use axum::{Json, extract::State, http::StatusCode};
use flow_report::{DefinitionReport, DefinitionsReport, DiffReport, find_version};
use flow_runtime::store::Stage;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    extract::{MaybeJson, Params, Part},
    problem::Problem,
    state::Shared,
};

/// How to save a definition.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SaveBody {
    /// What it is; `published` without this.
    #[serde(default)]
    stage: Option<StageName>,
    /// A name for this version. Another version that has it loses it.
    #[serde(default)]
    #[schemars(extend("pattern" = r"^(?![0-9]+$)[^@\s]([^@]*[^@\s])?$"))]
    label: Option<String>,
}

/// What a definition is.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum StageName {
    Draft,
    Published,
}

/// Which definitions to compare.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DiffQuery {
    from: Option<String>,
    to: Option<String>,
}

/// `GET /api/workflows/{workflow}/definitions`
pub(crate) async fn list(
    State(state): State<Shared>,
    Part(workflow): Part<String>,
) -> Result<Json<DefinitionsReport>, Problem> {
    let report = DefinitionsReport::of(&state.app, Some(&workflow)).await?;
    if report.definitions.is_empty() {
        // Nothing is stored of it; whether there is such a workflow at all is another question.
        state.app.definition_of(&workflow)?;
    }
    Ok(Json(report))
}

/// `POST /api/workflows/{workflow}/definitions`
pub(crate) async fn save(
    State(state): State<Shared>,
    Part(workflow): Part<String>,
    MaybeJson(body): MaybeJson<SaveBody>,
) -> Result<(StatusCode, Json<DefinitionReport>), Problem> {
    let stage = match body.stage {
        Some(StageName::Draft) => Stage::Draft,
        Some(StageName::Published) | None => Stage::Published,
    };
    let saved = state.app.save_id(&workflow, stage, body.label.as_deref()).await?;
    Ok((StatusCode::CREATED, Json(DefinitionReport::of(&state.app, &saved))))
}

/// `GET /api/workflows/{workflow}/diff`
pub(crate) async fn diff(
    State(state): State<Shared>,
    Part(workflow): Part<String>,
    Params(query): Params<DiffQuery>,
) -> Result<Json<DiffReport>, Problem> {
    let stored = state.app.definitions(Some(&workflow)).await?;
    if stored.is_empty() {
        state.app.definition_of(&workflow)?;
    }
    let before = find_version(&workflow, &stored, query.from.as_deref())?;
    let after = query.to.as_deref().map(|to| find_version(&workflow, &stored, Some(to))).transpose()?;
    Ok(Json(DiffReport::of(&state.app, before, after)?))
}
