//! Whose runs and sessions these are: where callers say who they are, only an admin acts for others.

use axum::http::StatusCode;
use flow_runtime::AnyRun;

use crate::{
    auth::{Access, Caller},
    problem::Problem,
    state::Shared,
};

/// The caller's name, if they have one and are no admin.
fn bound(caller: &Caller) -> Option<&str> {
    match caller {
        Caller::Known(identity) if !identity.may(Access::Admin) => Some(identity.user()),
        _ => None,
    }
}

/// Lets those pass who may do something to this run: whoever it is on behalf of.
pub(crate) async fn run(caller: &Caller, run: &AnyRun) -> Result<(), Problem> {
    let Some(name) = bound(caller) else { return Ok(()) };
    let user = run.record().await?.run.user;
    if user.as_deref() == Some(name) {
        return Ok(());
    }
    let whose = user.map_or_else(|| "on nobody's behalf".to_owned(), |user| format!("on behalf of `{user}`"));
    Err(refused(
        "other_user",
        format!("Run `{}` is {whose}, and not of `{name}`: it needs the access `admin`.", run.id()),
    ))
}

/// Lets those pass who may put other values into a run: it can put words into the mouths of those who have answered.
pub(crate) fn values(caller: &Caller) -> Result<(), Problem> {
    match bound(caller) {
        None => Ok(()),
        Some(name) => {
            let detail = format!("`{name}` may not `set` other values in a copy: it needs the access `admin`.");
            Err(refused("forbidden", detail))
        }
    }
}

/// Lets those pass who may start in this session: whoever it belongs to, and anyone if it belongs to nobody. A run without a
/// session has one of its own, under its id; that is on behalf of whom the run is.
pub(crate) async fn session(state: &Shared, caller: &Caller, session: &str) -> Result<(), Problem> {
    let Some(name) = bound(caller) else { return Ok(()) };
    let owner = match state.app.session(session).record().await?.and_then(|record| record.user) {
        Some(user) => Some(user),
        None => state.app.store().find(session).await?.and_then(|record| record.run.user),
    };
    match owner {
        Some(owner) if owner != name => {
            let detail =
                format!("Session `{session}` belongs to `{owner}`, and not to `{name}`: it needs the access `admin`.");
            Err(refused("other_user", detail).with("pointer", "#/session"))
        }
        _ => Ok(()),
    }
}

fn refused(code: &str, detail: String) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, code, detail).with("needs", Access::Admin.as_str())
}
