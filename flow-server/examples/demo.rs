//! A server with workflows to try it with: `cargo run -p flow-server --example demo -- [ADDRESS [STORE.db]]`.
//!
//! With `FLOW_TOKENS`, a list of tokens with spaces between them, callers have to say who they are.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

#[path = "../tests/common/workflows.rs"]
mod workflows;

use std::{error::Error, net::SocketAddr};

use flow_runtime::Sqlite;
use flow_server::Server;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let addr: SocketAddr = args.next().as_deref().unwrap_or("127.0.0.1:8080").parse()?;
    let builder = workflows::workflows();
    let builder = match args.next() {
        Some(file) => builder.store(Sqlite::open(file)?),
        None => builder,
    };
    if std::env::var_os("FLOW_MENDED").is_some() {
        workflows::BROKEN.store(false, std::sync::atomic::Ordering::SeqCst);
    }
    let mut server = Server::new(builder.build()?).addr(addr).files(std::env::temp_dir().join("flow-demo-files"));
    for token in std::env::var("FLOW_TOKENS").unwrap_or_default().split_whitespace() {
        server = server.token(token.parse()?);
    }
    let bound = server.bind().await?;
    println!("http://{}/", bound.addr());
    let ended = bound.serve(async { tokio::signal::ctrl_c().await.unwrap_or_default() }).await;
    println!("{} runs were given back", ended.runs);
    Ok(())
}
