//! A server with workflows to try it with: `cargo run -p flow-server --example demo -- [ADDRESS [STORE.db]]`.
//!
//! With `FLOW_TOKENS`, a list of tokens with spaces between them, callers have to say who they are. `FLOW_PREFIX`, as `/flow`, is
//! where the server is nested. The tests of the page run against it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod account;
mod errands;
mod long;
#[path = "../../tests/common/workflows.rs"]
mod workflows;

use std::{error::Error, net::SocketAddr};

use axum::Router;
use flow_runtime::Sqlite;
use flow_server::Server;

type Result<T> = std::result::Result<T, String>;

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let addr: SocketAddr = args.next().as_deref().unwrap_or("127.0.0.1:8080").parse()?;
    let builder = workflows::workflows()
        .register::<errands::WriteLetter>(())
        .register::<errands::Crawl>(())
        .register::<account::OpenAccount>(())
        .register::<long::FiveHundred>(());
    let builder = match args.next() {
        Some(file) => builder.store(Sqlite::open(file)?),
        None => builder,
    };
    let mut server = Server::new(builder.build()?).addr(addr).files(std::env::temp_dir().join("flow-demo-files"));
    for token in std::env::var("FLOW_TOKENS").unwrap_or_default().split_whitespace() {
        server = server.token(token.parse()?);
    }
    let prefix = std::env::var("FLOW_PREFIX").unwrap_or_default();
    if !prefix.is_empty() {
        // As a program does that has routes of its own.
        let nested = prefix.clone();
        server = server.trust_layer(move |router| Router::new().nest_service(&nested, router));
    }
    let bound = server.bind().await?;
    println!("http://{}{prefix}/", bound.addr());
    let ended = bound.serve(async { tokio::signal::ctrl_c().await.unwrap_or_default() }).await;
    println!("{} runs were given back", ended.runs);
    Ok(())
}
