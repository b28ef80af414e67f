//! The server held against its own description, by [schemathesis](https://schemathesis.readthedocs.io).

use std::{
    env,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use crate::{
    debian,
    shell::{Outcome, cargo, program, root},
};

/// What is installed, and how it tests.
const FOLDER: &str = "flow-server/tests/contract";

/// A token that may do everything, for a server that asks who asks.
const TOKEN: &str = "contract-0123456789abcdef";

/// Tests a server open to everyone in full, then who may do what at one with tokens.
pub(crate) fn test() -> Outcome {
    let schemathesis = schemathesis()?;
    let demo = demo()?;
    let config = text(&root().join(FOLDER).join("schemathesis.toml"));
    let run = |server: &Server, more: &[&str]| {
        let location = format!("{}openapi.json", server.url);
        let command = program(&schemathesis, &["--config-file", &config, "run", &location, "--no-color"]);
        // It leaves what it has found out where it runs.
        command.args(more).directory(&home()).run()
    };
    run(&Server::start(&demo, "")?, &[])?;
    let guarded = Server::start(&demo, &format!("root:admin:{TOKEN}"))?;
    let header = format!("Authorization: Bearer {TOKEN}");
    run(&guarded, &["--header", &header, "--checks", "ignored_auth,not_a_server_error", "--phases", "coverage"])
}

/// The demo server, built. Returns where it is.
pub(crate) fn demo() -> Outcome<String> {
    cargo(&["build", "--package", "flow-server", "--example", "demo"]).run()?;
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(root().join(target).join("debug/examples/demo").display().to_string())
}

/// The environment of schemathesis.
fn home() -> PathBuf {
    root().join("target/contract")
}

/// Where schemathesis is, installed in an environment of its own if it is missing.
fn schemathesis() -> Outcome<String> {
    let home = home();
    let (pip, command) = (home.join("bin/pip"), home.join("bin/schemathesis"));
    let wanted = root().join(FOLDER).join("requirements.txt");
    let make = || program("python3", &["-m", "venv", &text(&home)]).run();
    if !pip.exists() {
        // Debian has Python without what makes environments.
        make().or_else(|_| debian::install(&["python3", "python3-venv"]).and_then(|()| make()))?;
    }
    program(&text(&pip), &["install", "--quiet", "--disable-pip-version-check", "--requirement", &text(&wanted)])
        .run()?;
    Ok(text(&command))
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// A demo server that runs, in memory. Dropping it ends it.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start(demo: &str, tokens: &str) -> Outcome<Self> {
        let failed = |error: &dyn std::fmt::Display| format!("the demo server could not be started: {error}");
        let mut command = Command::new(demo);
        command.arg("127.0.0.1:0").env("FLOW_TOKENS", tokens).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = command.spawn().map_err(|error| failed(&error))?;
        let mut url = String::new();
        let read = process.stdout.take().map(|out| BufReader::new(out).read_line(&mut url));
        let server = Server { process, url: url.trim().to_owned() };
        match read {
            Some(Ok(length)) if length > 0 => Ok(server),
            Some(Err(error)) => Err(failed(&error)),
            _ => Err(failed(&"it said nothing")),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
