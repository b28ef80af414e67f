//! The routes, by what they need.

pub(crate) mod control;
pub(crate) mod definitions;
mod events;
pub(crate) mod files;
mod graph;
pub(crate) mod links;
mod own;
mod page;
pub(crate) mod pauses;
mod runs;
pub(crate) mod service;
pub(crate) mod sessions;
pub(crate) mod start;
pub(crate) mod workflows;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::from_fn_with_state,
    routing::{get, patch, post},
};

use crate::{
    auth::{self, Access},
    guard,
    problem::Problem,
    state::Shared,
};

/// All routes of a server.
pub(crate) fn router(state: Shared) -> Router {
    let read = Router::new()
        .route("/api/workflows", get(workflows::list))
        .route("/api/workflows/{workflow}", get(workflows::one))
        .route("/api/workflows/{workflow}/graph", get(graph::of_workflow))
        .route("/api/workflows/{workflow}/definitions", get(definitions::list))
        .route("/api/workflows/{workflow}/diff", get(definitions::diff))
        .route("/api/runs", get(runs::list))
        .route("/api/runs/{run}", get(runs::show))
        .route("/api/runs/{run}/steps", get(runs::steps))
        .route("/api/runs/{run}/checkpoints", get(runs::checkpoints))
        .route("/api/runs/{run}/checkpoints/{seq}", get(runs::checkpoint))
        .route("/api/runs/{run}/graph", get(graph::of_run))
        .route("/api/runs/{run}/events", get(events::read))
        .route("/api/runs/{run}/pauses", get(pauses::of_run))
        .route("/api/runs/{run}/pauses/{pause}", get(pauses::one))
        .route("/api/pauses", get(pauses::list))
        .route("/api/sessions", get(sessions::list))
        .route("/api/sessions/{session}", get(sessions::one))
        .route("/api/sessions/{session}/runs", get(sessions::runs))
        .route("/api/files/{file}", get(files::read))
        .route("/api/me", get(service::me))
        .route("/api/stats", get(service::stats))
        .route("/openapi.json", get(service::openapi));
    let run = Router::new()
        .route("/api/workflows/{workflow}/runs", post(start::start))
        .route("/api/runs/{run}/cancel", post(control::cancel))
        .route("/api/runs/{run}/retry", post(control::retry))
        .route("/api/runs/{run}/fork", post(control::fork));
    let answer = Router::new().route("/api/runs/{run}/pauses/{pause}/answer", post(pauses::answer));
    let admin = Router::new()
        .route("/api/workflows/{workflow}/definitions", post(definitions::save))
        .route("/api/runs/{run}/pauses/{pause}/link", post(links::make))
        .route("/api/sessions/{session}", patch(sessions::rename).delete(sessions::delete));
    let anyone = Router::new().route("/api/links/{token}", get(links::show).post(links::answer));
    let needs = |access, routes: Router<Shared>| routes.route_layer(from_fn_with_state(access, auth::require));
    let api = needs(Access::Read, read)
        .merge(needs(Access::Run, run))
        .merge(needs(Access::Answer, answer))
        .merge(needs(Access::Admin, admin))
        .merge(anyone)
        .layer(from_fn_with_state(state.clone(), guard::not_too_many));
    // Its numbers say why, when there are too many requests.
    let metrics = needs(Access::Read, Router::new().route("/metrics", get(service::metrics)));
    Router::new()
        .route("/", get(page::index))
        .route("/p/{token}", get(page::pause))
        .route("/assets/{*path}", get(page::asset))
        .route("/healthz", get(service::health))
        .route("/readyz", get(service::ready))
        .merge(api)
        .merge(metrics)
        .fallback(page::fallback)
        .method_not_allowed_fallback(async || {
            let detail = "This path does not take this method.";
            Problem::new(axum::http::StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
        })
        .layer(DefaultBodyLimit::max(state.options.max_upload))
        .layer(from_fn_with_state(state.clone(), auth::identify))
        .layer(from_fn_with_state(state.clone(), guard::same_site))
        .layer(from_fn_with_state(state.clone(), guard::outermost))
        .with_state(state)
}
