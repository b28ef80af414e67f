//! The everyday commands of this repository: `cargo xtask test`, `lint`, `bless`, `bench` and `doc`.

mod lint;
mod postgres;
mod shell;
mod toolchain;

use std::process::ExitCode;

use shell::{Outcome, cargo};

const HELP: &str = "\
cargo xtask <command>

  test              install what is missing, PostgreSQL included, then run every test
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
        ["test"] => test(),
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

/// Every test of the workspace, doc tests included.
fn test() -> Outcome {
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
