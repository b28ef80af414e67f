//! Runs: lists, and what is known of one.

use axum::{Json, extract::State};
use flow_report::{CheckpointsReport, FramesReport, RunsReport, ShowReport, StepsReport, place_of};
use flow_runtime::store::{RunFilter, RunStatus};
use serde_json::Value;

use crate::{
    extract::{Part, RawParams},
    problem::Problem,
    state::Shared,
};

/// How many there are on a page, unless somebody says otherwise, and at most.
const PAGE: u32 = 50;
const LARGEST: u32 = 1_000;

/// `GET /api/runs`
pub(crate) async fn list(
    State(state): State<Shared>,
    RawParams(query): RawParams,
) -> Result<Json<RunsReport>, Problem> {
    Ok(Json(RunsReport::of(&state.app, &filter(query)?).await?))
}

/// The filter a query asks for.
pub(crate) fn filter(query: Vec<(String, String)>) -> Result<RunFilter, Problem> {
    let mut filter = RunFilter::new().limit(PAGE);
    for (name, value) in query {
        filter = match name.as_str() {
            "workflow" => filter.workflow(value),
            "session" => filter.session(value),
            "user" => filter.user(value),
            "status" => statuses(filter, &value)?,
            "from" => filter.created_from(number(&name, &value)?),
            "before" => filter.created_before(number(&name, &value)?),
            "limit" => filter.limit(limit(&value)?),
            "after" => RunFilter { after: Some(place(&value)?), ..filter },
            _ => match metadata_key(&name) {
                // What is no JSON is most likely meant as a text.
                Some(key) => filter.metadata(key, serde_json::from_str(&value).unwrap_or(Value::String(value))),
                None => return Err(unknown(&name)),
            },
        };
    }
    Ok(filter)
}

/// The key of metadata that a parameter is about: `metadata[source]`, as clients write objects, or `metadata.source`.
fn metadata_key(name: &str) -> Option<&str> {
    let rest = name.strip_prefix("metadata")?;
    rest.strip_prefix('.').or_else(|| rest.strip_prefix('[')?.strip_suffix(']'))
}

pub(crate) fn unknown(name: &str) -> Problem {
    Problem::bad_request(format!("There is no parameter `{name}` here."))
}

fn statuses(filter: RunFilter, names: &str) -> Result<RunFilter, Problem> {
    names.split(',').filter(|name| !name.is_empty()).try_fold(filter, |filter, name| match RunStatus::parse(name) {
        Some(status) => Ok(filter.status(status)),
        None => Err(Problem::bad_request(format!(
            "There is no status `{name}`: there are running, paused, undoing, completed, failed and cancelled."
        ))),
    })
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<T, Problem> {
    value.parse().map_err(|_| Problem::bad_request(format!("`{name}` is a number, and `{value}` is none.")))
}

/// The size of a page.
pub(crate) fn limit(value: &str) -> Result<u32, Problem> {
    limit_to(LARGEST, number("limit", value)?)
}

/// The size of a page, if it is not larger than the largest there is.
pub(crate) fn limit_to(largest: u32, limit: u32) -> Result<u32, Problem> {
    match limit {
        limit if (1..=largest).contains(&limit) => Ok(limit),
        limit => Err(Problem::bad_request(format!("`limit` is 1 to {largest}, and not {limit}."))),
    }
}

/// The place after which a page begins.
pub(crate) fn place(value: &str) -> Result<(i64, String), Problem> {
    place_of(value).ok_or_else(|| Problem::bad_request("`after` is what an earlier page said as `next`."))
}

/// `GET /api/runs/{run}`
pub(crate) async fn show(State(state): State<Shared>, Part(run): Part<String>) -> Result<Json<ShowReport>, Problem> {
    Ok(Json(ShowReport::of(&state.app, &run).await?))
}

/// `GET /api/runs/{run}/steps`
pub(crate) async fn steps(State(state): State<Shared>, Part(run): Part<String>) -> Result<Json<StepsReport>, Problem> {
    Ok(Json(StepsReport::of(&state.app, &run).await?))
}

/// `GET /api/runs/{run}/checkpoints`
pub(crate) async fn checkpoints(
    State(state): State<Shared>,
    Part(run): Part<String>,
) -> Result<Json<CheckpointsReport>, Problem> {
    Ok(Json(CheckpointsReport::of(&state.app, &run).await?))
}

/// `GET /api/runs/{run}/checkpoints/{seq}`
pub(crate) async fn checkpoint(
    State(state): State<Shared>,
    Part((run, seq)): Part<(String, u64)>,
) -> Result<Json<FramesReport>, Problem> {
    let report = FramesReport::of(&state.app, &run, seq).await?;
    let missing = || Problem::not_found("unknown_checkpoint", format!("Run `{run}` has no checkpoint {seq}."));
    report.map(Json).ok_or_else(missing)
}
