//! Links that let somebody answer one question.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
};
use flow_report::PauseReport;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::pauses::{Answerer, find, give};
use crate::{
    extract::{self, Base, Part, Wanted},
    links::Link,
    problem::Problem,
    state::Shared,
};

/// The longest a link may count, in seconds: a year.
const LONGEST: u64 = 366 * 24 * 60 * 60;

/// What a link lets do.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkBody {
    /// For how long, in seconds. Three days without this.
    #[serde(default)]
    expires_in_s: Option<u64>,
    /// In whose name the answer is given.
    #[serde(default)]
    by: Option<String>,
    /// With which roles.
    #[serde(default)]
    roles: Vec<String>,
}

/// A link.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LinkAnswer {
    /// Where to answer.
    url: String,
    /// The last part of the address.
    token: String,
    /// Until when, in milliseconds since the Unix epoch.
    expires_at: i64,
}

/// What a link is about.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LinkShow {
    /// Id of the workflow that asks.
    workflow: String,
    /// The question.
    pause: PauseReport,
    /// In whose name the answer is given.
    by: Option<String>,
    /// Until when the link counts.
    expires_at: i64,
}

/// An answer by a link.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkAnswerBody {
    /// The answer, as the schema of the pause describes it.
    answer: Value,
    /// What is said with it.
    #[serde(default)]
    comment: Option<String>,
}

/// `POST /api/runs/{run}/pauses/{pause}/link`
pub(crate) async fn make(
    State(state): State<Shared>,
    Part((run, pause)): Part<(String, String)>,
    base: Base,
    headers: HeaderMap,
    extract::MaybeJson(body): extract::MaybeJson<LinkBody>,
) -> Result<(StatusCode, Json<LinkAnswer>), Problem> {
    let asked = find(&state, &run, &pause).await?;
    if asked.state != "open" {
        let detail = format!("Pause `{pause}` takes no answer any more: it is {}.", asked.state.replace('_', " "));
        return Err(Problem::conflict("not_waiting", detail).with("state", asked.state));
    }
    let seconds = body.expires_in_s.unwrap_or(3 * 24 * 60 * 60).clamp(1, LONGEST);
    let expires = now_ms().saturating_add(i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX));
    // After its deadline the question takes no answer anyway.
    let expires = asked.deadline.map_or(expires, |deadline| expires.min(deadline));
    let token = state.options.key.sign(&Link { run, pause, expires, by: body.by, roles: body.roles });
    let root = state.options.public_url.clone().unwrap_or_else(|| {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
        format!("http://{host}{}", base.0)
    });
    let url = format!("{}/p/{token}", root.trim_end_matches('/'));
    Ok((StatusCode::CREATED, Json(LinkAnswer { url, token, expires_at: expires })))
}

/// `GET /api/links/{token}`
pub(crate) async fn show(State(state): State<Shared>, Part(token): Part<String>) -> Result<Json<LinkShow>, Problem> {
    let link = read(&state, &token)?;
    let pause = find(&state, &link.run, &link.pause).await.map_err(|_| gone())?;
    if pause.state != "open" {
        // It shows no more than that, whoever has it.
        return Err(used());
    }
    shown(&state, link, pause).await
}

async fn shown(state: &Shared, link: Link, pause: PauseReport) -> Result<Json<LinkShow>, Problem> {
    let record = state.app.store().find(&link.run).await?.ok_or_else(gone)?;
    Ok(Json(LinkShow { workflow: record.run.workflow, pause, by: link.by, expires_at: link.expires }))
}

/// `POST /api/links/{token}`
pub(crate) async fn answer(
    State(state): State<Shared>,
    Part(token): Part<String>,
    extract::Json(body): extract::Json<LinkAnswerBody>,
) -> Result<Json<LinkShow>, Problem> {
    let link = read(&state, &token)?;
    let who = Answerer { by: link.by.clone(), roles: link.roles.clone(), comment: body.comment };
    let given = give(&state, &link.run, &link.pause, body.answer, who, &Wanted::nothing()).await;
    let answered = given.map_err(|problem| match problem.code.as_str() {
        "already_answered" => used(),
        "unknown_run" | "unknown_pause" => gone(),
        _ => problem,
    })?;
    shown(&state, link, answered.pause).await
}

/// What a link says, if it is one of this server and still counts.
fn read(state: &Shared, token: &str) -> Result<Link, Problem> {
    let Some(link) = state.options.key.verify(token) else {
        let detail = "This link is none of this server: ask for a new one.";
        return Err(Problem::new(StatusCode::FORBIDDEN, "invalid_link", detail));
    };
    if link.expires <= now_ms() {
        let detail = "This link has expired: ask for a new one.";
        return Err(Problem::new(StatusCode::GONE, "expired_link", detail).with("expired_at", link.expires));
    }
    Ok(link)
}

fn used() -> Problem {
    Problem::new(StatusCode::GONE, "used_link", "This question takes no answer any more.")
}

fn gone() -> Problem {
    Problem::new(StatusCode::GONE, "gone", "What this link was about is not kept any more.")
}

/// The time, in milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
