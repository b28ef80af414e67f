//! What the example programs share: a small command line around one workflow.
//!
//! An example implements [`Example`] for its workflow and calls [`run`]:
//!
//! ```no_run
//! use std::{error::Error, process::ExitCode, sync::Arc};
//!
//! use flow_examples::Example;
//! use flow_runtime::prelude::*;
//!
//! #[step]
//! async fn greet(name: &String) -> Result<String, std::fmt::Error> {
//!     Ok(format!("Hello, {name}"))
//! }
//!
//! workflow! {
//!     /// Says hello.
//!     async fn hello(name: String) -> Result<String, std::fmt::Error> {
//!         greet(&name).await
//!     }
//! }
//!
//! /// Whom to greet.
//! #[derive(clap::Args)]
//! struct Args {
//!     #[arg(default_value = "Ann")]
//!     name: String,
//! }
//!
//! impl Example for Hello {
//!     type Args = Args;
//!
//!     fn deps() -> Arc<()> {
//!         Arc::new(())
//!     }
//!
//!     fn input(args: Args) -> Result<String, Box<dyn Error + Send + Sync>> {
//!         Ok(args.name)
//!     }
//! }
//!
//! fn main() -> ExitCode {
//!     flow_examples::run::<Hello>()
//! }
//! ```

mod cli;
mod error;
mod money;
mod sample;
mod show;
pub mod text;

pub use cli::{Example, data_file, run};
pub use error::{Aftermath, CliError};
pub use money::{Money, MoneyError};
