//! The everyday commands of this repository: `cargo xtask test`, `lint`, `bless`, `bench` and `doc`.

mod contract;
mod debian;
mod lint;
mod page;
mod postgres;
mod shell;
mod toolchain;

use std::process::ExitCode;

use shell::{Outcome, cargo};

const HELP: &str = "\
cargo xtask <command>

  test              install what is missing, PostgreSQL and Chromium included, then run every test
  test rust         only those of the crates
  test contract     only whether the server is as it describes itself
  test page         only those of the page, in a browser
  lint [--no-msrv]  formatting, clippy, docs, feature sets, oldest Rust version, range of rusqlite
  bless             accept the compiler output, the expansions and the drawings of now as the expected ones
  bench [args]      cargo bench --workspace [args]
  doc [args]        cargo doc --workspace --no-deps [args]
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[&str]) -> Outcome {
    match args {
        ["test"] => rust().and_then(|()| contract::test()).and_then(|()| page::test()),
        ["test", "rust"] => rust(),
        ["test", "contract"] => contract::test(),
        ["test", "page"] => page::test(),
        ["lint"] => lint::lint(true),
        ["lint", "--no-msrv"] => lint::lint(false),
        ["bless"] => bless(),
        ["bench", rest @ ..] => cargo(&["bench", "--workspace"]).args(rest).run(),
        ["doc", rest @ ..] => cargo(&["doc", "--workspace", "--no-deps"]).args(rest).run(),
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        [..] => Err(format!("there is no command `{}`\n\n{HELP}", args.join(" "))),
    }
}

/// Every test of the crates, doc tests included.
fn rust() -> Outcome {
    toolchain::complete()?;
    let tls = ["test", "--package", "flow-postgres", "--features", "tls", "--test", "tls"];
    postgres::with_server([cargo(&["test", "--workspace"]), cargo(&tls)])
}

/// Writes what the compiler says, what the macros expand to and what is drawn into the files the tests compare with.
fn bless() -> Outcome {
    toolchain::complete()?;
    cargo(&["test", "--package", "ui-tests", "--test", "ui"]).env("TRYBUILD", "overwrite").run()?;
    let expected = ["test", "--package", "flow-macros", "--package", "flow-graph", "--package", "flow-cli"];
    cargo(&expected).env("UPDATE_EXPECT", "1").run()
}
