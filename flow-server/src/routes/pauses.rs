//! Questions: over all runs, of one, and their answers.

use axum::{Json, extract::State};
use flow_report::{PauseReport, PausesReport, RunReport, WaitingFilter, WaitingsReport};
use flow_runtime::AnswerError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{runs, start::begun};
use crate::{
    auth::Caller,
    extract::{self, Part, RawParams, Wanted},
    problem::Problem,
    state::Shared,
};

/// An answer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerBody {
    /// The answer, as the schema of the pause describes it.
    answer: Value,
    /// What is said with it.
    #[serde(default)]
    comment: Option<String>,
    /// Who answers. Others than oneself only by an admin, where callers say who they are.
    #[serde(default)]
    by: Option<String>,
    /// The roles of whoever answers. They count only where callers do not say who they are.
    #[serde(default)]
    roles: Vec<String>,
}

/// What has come of an answer.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Answered {
    /// The run.
    pub(crate) run: RunReport,
    /// The pause.
    pub(crate) pause: PauseReport,
}

/// Who answers, and what they say.
pub(crate) struct Answerer {
    pub(crate) by: Option<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) comment: Option<String>,
}

/// `GET /api/pauses`
pub(crate) async fn list(
    State(state): State<Shared>,
    RawParams(query): RawParams,
) -> Result<Json<WaitingsReport>, Problem> {
    let mut filter = WaitingFilter { limit: 50, ..WaitingFilter::default() };
    for (name, value) in query {
        match name.as_str() {
            "workflow" => filter.workflow = Some(value),
            "user" => filter.user = Some(value),
            "role" => filter.roles.push(value),
            "limit" => filter.limit = runs::limit(&value)?,
            "after" => filter.after = Some(runs::place(&value)?),
            _ => return Err(runs::unknown(&name)),
        }
    }
    Ok(Json(WaitingsReport::of(&state.app, &filter).await?))
}

/// `GET /api/runs/{run}/pauses`
pub(crate) async fn of_run(
    State(state): State<Shared>,
    Part(run): Part<String>,
) -> Result<Json<PausesReport>, Problem> {
    Ok(Json(PausesReport::of(&state.app, &run).await?))
}

/// `GET /api/runs/{run}/pauses/{pause}`
pub(crate) async fn one(
    State(state): State<Shared>,
    Part((run, pause)): Part<(String, String)>,
) -> Result<Json<PauseReport>, Problem> {
    find(&state, &run, &pause).await.map(Json)
}

/// The pause of this id.
pub(crate) async fn find(state: &Shared, run: &str, pause: &str) -> Result<PauseReport, Problem> {
    let mut asked = PausesReport::of(&state.app, run).await?.pauses;
    if let Some(at) = asked.iter().position(|asked| asked.id == pause) {
        return Ok(asked.swap_remove(at));
    }
    let open = asked.into_iter().filter(|asked| asked.state == "open").map(|asked| asked.id).collect();
    Err(AnswerError::NoSuchPause { run: run.to_owned(), name: pause.to_owned(), open }.into())
}

/// `POST /api/runs/{run}/pauses/{pause}/answer`
pub(crate) async fn answer(
    State(state): State<Shared>,
    Part((run, pause)): Part<(String, String)>,
    caller: Caller,
    wanted: Wanted,
    extract::Json(body): extract::Json<AnswerBody>,
) -> Result<Json<Answered>, Problem> {
    let by = caller.name(body.by, "#/by")?;
    let who = Answerer { by, roles: caller.roles(body.roles), comment: body.comment };
    give(&state, &run, &pause, body.answer, who, &wanted).await.map(Json)
}

/// Answers a pause. An answer with an `Idempotency-Key` that was given before, just so, is given once.
pub(crate) async fn give(
    state: &Shared,
    run: &str,
    pause: &str,
    answer: Value,
    who: Answerer,
    wanted: &Wanted,
) -> Result<Answered, Problem> {
    let run = state.app.any_run(run).await?;
    // A name would do for the runtime. Here it could mean a question that came after the one that was seen.
    find(state, run.id(), pause).await?;
    let answer = extract::whole(answer);
    let mut giving = run.answer_json(pause, answer.clone()).roles(&who.roles);
    if let Some(by) = &who.by {
        giving = giving.by(by);
    }
    if let Some(comment) = &who.comment {
        giving = giving.comment(comment);
    }
    match giving.await {
        Ok(()) => {}
        Err(AnswerError::AlreadyAnswered { answer: before, .. })
            if wanted.key.is_some()
                && before.by == who.by
                && before.comment == who.comment
                && serde_json::from_str::<Value>(&before.value).is_ok_and(|before| before == answer) => {}
        Err(error) => return Err(error.into()),
    }
    let (_, Json(report)) = begun(state, &run, wanted.wait).await;
    Ok(Answered { run: report, pause: find(state, run.id(), pause).await? })
}
