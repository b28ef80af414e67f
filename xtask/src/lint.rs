//! `cargo xtask lint`: what has to hold besides the tests.

use std::fs;

use crate::{
    shell::{Outcome, cargo, program, root, value_of},
    toolchain,
};

/// The feature sets of `flow-runtime` that are checked alone; all of them together are checked with the workspace.
const FEATURES: [&[&str]; 3] = [&[], &["--no-default-features"], &["--no-default-features", "--features", "garde"]];

/// The published crates.
const CRATES: [&str; 7] =
    ["flow-macros", "flow-runtime", "flow-postgres", "flow-graph", "flow-report", "flow-server", "flow-cli"];

pub(crate) fn lint(oldest: bool) -> Outcome {
    toolchain::complete()?;
    cargo(&["fmt", "--all", "--check"]).run()?;
    cargo(&["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"]).run()?;
    for features in FEATURES {
        cargo(&["clippy", "--package", "flow-runtime"]).args(features).args(&["--", "-D", "warnings"]).run()?;
    }
    cargo(&["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings").run()?;
    if oldest {
        let version = toolchain::oldest()?;
        let check = ["run", &version, "cargo", "check", "--target-dir", "target/oldest"];
        let crates = CRATES.iter().flat_map(|name| ["--package", name]).collect::<Vec<_>>();
        program("rustup", &check).args(&crates).run()?;
    }
    rusqlite()
}

/// Both ends of the range of rusqlite: a package outside of the workspace gets a lock file of its own.
fn rusqlite() -> Outcome {
    let range = value_of("Cargo.toml", "rusqlite")?;
    let oldest = range.split(',').next().unwrap_or(&range).trim_start_matches(">=").trim();
    for (end, version) in [("oldest", &format!("={oldest}")), ("newest", &range)] {
        let directory = root().join("target/rusqlite").join(end);
        let manifest = format!(
            "[package]\nname = \"rusqlite-{end}\"\nedition = \"2024\"\n\n[workspace]\n\n\
             [dependencies]\nflow-runtime = {{ path = \"../../../flow-runtime\" }}\nrusqlite = \"{version}\"\n"
        );
        let written = fs::create_dir_all(directory.join("src"))
            .and_then(|()| fs::write(directory.join("src/lib.rs"), ""))
            .and_then(|()| fs::write(directory.join("Cargo.toml"), manifest));
        written.map_err(|error| format!("{}: {error}", directory.display()))?;
        // The newest is the newest for this compiler, not for the oldest supported one.
        // Into the target directory of the workspace, which has all but rusqlite already.
        let check = cargo(&["check", "--package", "flow-runtime", "--target-dir", "../.."]);
        check.env("CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS", "allow").directory(&directory).run()?;
    }
    Ok(())
}
