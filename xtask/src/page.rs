//! The page of flow-server: that its built files are those of its source, and its tests in a browser.

use std::path::Path;

use crate::{
    contract, debian,
    shell::{Outcome, Shown, program, root},
};

/// The oldest Node that runs the tools of the page.
const NODE: u32 = 20;

/// Where Debian and others put Chromium; `CHROMIUM` names another.
const CHROMIUM: &str = "/usr/bin/chromium";

/// Runs all tests of the page, against the real server.
pub(crate) fn test() -> Outcome {
    node()?;
    let chromium = chromium()?;
    let demo = contract::demo()?;
    npm(&["ci", "--no-audit", "--no-fund"]).run()?;
    npm(&["run", "check"]).run()?;
    npm(&["test"]).env("CHROMIUM", &chromium).env("FLOW_DEMO", &demo).run()
}

/// A command of npm, in the folder of the page.
fn npm(args: &[&str]) -> Shown {
    program("npm", args).directory(&root().join("flow-server/page"))
}

/// Installs Node if it is missing.
fn node() -> Outcome {
    let version = || program("node", &["--version"]).ask();
    if version().is_none() || program("npm", &["--version"]).ask().is_none() {
        debian::install(&["nodejs", "npm"])?;
    }
    let version = version().unwrap_or_default();
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(major) if major >= NODE => Ok(()),
        _ => Err(format!(
            "the tests of the page need Node {NODE} or newer, and there is `{version}`: see https://nodejs.org"
        )),
    }
}

/// Where Chromium is, installed if it is missing.
fn chromium() -> Outcome<String> {
    if let Ok(other) = std::env::var("CHROMIUM") {
        return Ok(other);
    }
    if !Path::new(CHROMIUM).exists() {
        debian::install(&["chromium"]).map_err(|error| {
            format!("{error}\nThe tests of the page need Chromium: install it, and say in CHROMIUM where it is.")
        })?;
    }
    Ok(CHROMIUM.to_owned())
}
