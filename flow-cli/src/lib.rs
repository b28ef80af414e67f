//! A command line for programs with workflows: `list`, `run`, `show`, `answer`, and all the rest.
//!
//! With the workflows linked in, it is one line:
//!
//! ```no_run
//! use flow_runtime::prelude::*;
//!
//! #[step]
//! async fn greet(name: &str) -> Result<String, std::fmt::Error> {
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
//! flow_cli::main!(App::builder().register::<Hello>(()));
//! ```
//!
//! The fields of a workflow's input are flags: `program run hello --help` shows them. A run that asks somebody asks right there
//! on a terminal; elsewhere it ends with exit code 3 and the command that answers it. Everything is in a store, `flow.db` unless
//! `--store` or `FLOW_STORE` says otherwise, so another process can go on with it.
//!
//! [`Cli`] says how the questions and results of a program are shown, [`Args`] goes into a command line of your own, and
//! [`reports`] is what `--json` prints.

mod args;
mod cli;
mod commands;
mod context;
mod drive;
mod error;
mod form;
mod output;
mod pauses;
mod progress;
pub mod reports;
mod store;

pub use args::{Args, Command, Options};
pub use cli::{Cli, run};
pub use error::CliError;
pub use output::text;
pub use store::StoreUrl;

/// What stands below the help.
const AFTER_HELP: &str = "A RUN is a run's id, an unmistakable end of it, or `last`.

Exit codes: 0, done; 1, the run or the command failed; 2, the command line is wrong;
3, the run waits for an answer; 130, interrupted, the run can go on.";

/// The `main` function of a program whose workflows these are: an [`AppBuilder`](flow_runtime::AppBuilder) or a [`Cli`]. `?` works in it.
///
/// ```no_run
/// use flow_runtime::prelude::*;
/// # #[step] async fn greet(name: &str) -> Result<String, std::fmt::Error> { Ok(format!("Hello, {name}")) }
/// # workflow! { async fn hello(name: String) -> Result<String, std::fmt::Error> { greet(&name).await } }
///
/// flow_cli::main!(App::builder().register::<Hello>(()));
/// ```
#[macro_export]
macro_rules! main {
    ($builder:expr) => {
        fn main() -> ::std::process::ExitCode {
            $crate::run(|| ::std::result::Result::Ok($builder))
        }
    };
}

/// The programs in the guide compile.
#[cfg(doctest)]
mod guide {
    #[doc = include_str!("../../docs/cli.md")]
    struct CommandLine;
}
