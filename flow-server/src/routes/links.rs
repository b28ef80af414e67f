//! Links that let somebody answer one question.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
};
use flow_report::{AllowedReport, PauseReport};
use flow_runtime::Allowed;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::pauses::{Answerer, find, give};
use crate::{
    extract::{self, Base, Part, Wanted},
    guard,
    links::{Key, Link},
    problem::{FieldError, Problem},
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
    /// The question, without who else may answer it.
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
    may_answer(&asked, &body)?;
    let root = root(&state, &base, &headers)?;
    let seconds = body.expires_in_s.unwrap_or(3 * 24 * 60 * 60).clamp(1, LONGEST);
    let expires = now_ms().saturating_add(i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX));
    // After its deadline the question takes no answer anyway.
    let expires = asked.deadline.map_or(expires, |deadline| expires.min(deadline));
    let token = key(&state)?.sign(&Link { run, pause, expires, by: body.by, roles: body.roles });
    let url = format!("{root}/p/{token}");
    Ok((StatusCode::CREATED, Json(LinkAnswer { url, token, expires_at: expires })))
}

/// Refuses a link that would let nobody answer: whoever got it would find out too late.
fn may_answer(asked: &PauseReport, body: &LinkBody) -> Result<(), Problem> {
    let allowed = Allowed::from(&asked.allowed);
    let by = body.by.as_deref();
    if allowed.lets(by, &body.roles) {
        return Ok(());
    }
    let whose = by.map_or_else(|| "Whoever answers without a name".to_owned(), |by| format!("`{by}`"));
    let detail = format!("{whose} may not answer pause `{}`, which is for {allowed}.", asked.id);
    // With a name that is not excepted, it is a role that is missing, if there is any that would do.
    let wants_role =
        by.is_some_and(|by| !allowed.except.iter().any(|except| except == by)) && !allowed.roles.is_empty();
    let pointer = if wants_role { "#/roles" } else { "#/by" };
    let errors = vec![FieldError { pointer: pointer.to_owned(), detail: detail.clone() }];
    Err(Problem::invalid("may_not_answer", detail, errors))
}

/// Where links begin: a `Host` that anybody could have written would send whoever gets the link, and its signature, elsewhere.
fn root(state: &Shared, base: &Base, headers: &HeaderMap) -> Result<String, Problem> {
    if let Some(url) = &state.options.public_url {
        return Ok(url.as_str().to_owned());
    }
    match headers.get(header::HOST).and_then(|host| host.to_str().ok()).filter(|host| guard::is_local(host)) {
        Some(host) => Ok(format!("http://{host}{}", base.0)),
        None => {
            let detail = "This server does not know where it is found from outside, so it can make no link: say \
                          `--public-url`, or `Server::public_url`, when it is started.";
            Err(Problem::conflict("no_public_url", detail))
        }
    }
}

/// What signs links.
fn key(state: &Shared) -> Result<&Key, Problem> {
    let detail = "This server has nothing to sign links with; its log says why.";
    let none = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "no_link_key", detail);
    state.options.key.as_ref().ok_or_else(none)
}

/// `GET /api/links/{token}`
pub(crate) async fn show(State(state): State<Shared>, Part(token): Part<String>) -> Result<Json<LinkShow>, Problem> {
    let link = read(&state, &token)?;
    let pause = find(&state, &link.run, &link.pause).await.map_err(told)?;
    if pause.state != "open" {
        // It shows no more than that, whoever has it.
        return Err(used());
    }
    shown(&state, link, pause).await
}

async fn shown(state: &Shared, link: Link, pause: PauseReport) -> Result<Json<LinkShow>, Problem> {
    // Names of others are nothing for somebody without an account.
    let pause = PauseReport { allowed: AllowedReport::default(), ..pause };
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
    shown(&state, link, given.map_err(told)?.pause).await
}

/// A problem as somebody without an account is told of it: what they can mend, and nothing of what is inside.
fn told(problem: Problem) -> Problem {
    match problem.code.as_str() {
        "already_answered" | "expired" | "not_waiting" | "ambiguous" => used(),
        "unknown_run" | "unknown_pause" => gone(),
        // What does not fit of the answer, and what passes.
        "invalid" | "store" | "internal" | "shutting_down" | "too_many_requests" => problem,
        "not_allowed" => {
            let detail = "This link does not let you answer: ask whoever sent it for another one.";
            Problem::new(StatusCode::FORBIDDEN, "not_allowed", detail)
        }
        code => {
            tracing::warn!(code, detail = problem.detail, "an answer by a link could not be taken");
            let detail = "The answer cannot be taken at the moment: tell whoever sent you the link.";
            Problem::conflict("cannot_be_answered", detail)
        }
    }
}

/// What a link says, if it is one of this server and still counts.
fn read(state: &Shared, token: &str) -> Result<Link, Problem> {
    let Some(link) = key(state)?.verify(token) else {
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
