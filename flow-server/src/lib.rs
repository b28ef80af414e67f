//! Workflows over HTTP, and a page to watch and answer them.
//!
//! [`router`] is all of it as an [`axum::Router`], to be nested in a server of one's own (by `nest_service`, so that the page is found
//! with and without a slash at the end); [`Server`] listens by itself, and says
//! who may do what. `GET /openapi.json` describes the routes, typed by the workflows that are registered.
//!
//! ```
//! use flow_runtime::prelude::*;
//! # #[step] async fn greet(name: &str) -> Result<String, std::fmt::Error> { Ok(format!("Hello, {name}")) }
//! # workflow! { async fn hello(name: String) -> Result<String, std::fmt::Error> { greet(&name).await } }
//!
//! # fn example() -> Result<axum::Router, Box<dyn std::error::Error>> {
//! let app = App::builder().register::<Hello>(()).build()?;
//! let mine = axum::Router::new().nest_service("/flow", flow_server::router(app));
//! # Ok(mine)
//! # }
//! ```

// A problem is made once, and is the response then.
#![allow(clippy::result_large_err)]

mod accept;
mod auth;
mod errors;
mod extract;
mod file;
mod guard;
mod hex;
mod links;
mod listen;
mod metrics;
mod openapi;
mod pointer;
mod problem;
mod public_url;
mod routes;
mod serve_error;
mod server;
mod state;
mod unread;
mod webhooks;

pub use auth::{Access, Identity, Token, TokenError};
pub use file::File;
pub use problem::{FieldError, Problem};
pub use serve_error::ServeError;
pub use server::{Bound, Server};
pub use webhooks::{Webhook, WebhookError};

/// The routes for an App, to be nested in a server of one's own: whoever gets to them may do everything, unless a layer around them
/// puts an [`Identity`] into the extensions of a request. [`Server::router`] is the same with options.
pub fn router(app: flow_runtime::App) -> axum::Router {
    let key = links::Key::random();
    if key.is_err() {
        tracing::error!("the system has no random numbers: this router makes no links, and takes none");
    }
    routes::router(state::Inner::new(app, state::Options { key: key.ok(), ..state::Options::default() }))
}
