//! The toolchains the commands need. What is missing is installed; what cannot be installed is an error, never a skip.

use std::path::Path;

use crate::shell::{Outcome, program, value_of};

/// The components the tests and lints use, and a file of each inside the toolchain. A program of that name in `PATH` proves
/// nothing: rustup puts one there whether or not the component is installed.
const COMPONENTS: [(&str, &str); 4] = [
    ("rust-analyzer", "bin/rust-analyzer"),
    ("rust-src", "lib/rustlib/src/rust/library"),
    ("rustfmt", "bin/rustfmt"),
    ("clippy", "bin/cargo-clippy"),
];

/// The toolchain of `rust-toolchain.toml`.
pub(crate) fn pinned() -> Outcome<String> {
    value_of("rust-toolchain.toml", "channel")
}

/// Installs what is missing of the pinned toolchain.
pub(crate) fn complete() -> Outcome {
    let pinned = pinned()?;
    let missing = missing(&pinned)?;
    if missing.is_empty() {
        return Ok(());
    }
    let mut args = vec!["component", "add", "--toolchain", &pinned];
    args.extend(&missing);
    program("rustup", &args).run().map_err(|error| {
        let (missing, command) = (missing.join(", "), args.join(" "));
        format!(
            "{error}\nToolchain {pinned} lacks {missing}, and the tests and lints need it. \
             Install it with `rustup {command}`, which needs the network."
        )
    })
}

fn missing(pinned: &str) -> Outcome<Vec<&'static str>> {
    let sysroot = program("rustc", &["--print", "sysroot"]).env("RUSTUP_TOOLCHAIN", pinned).ask();
    let sysroot = sysroot
        .ok_or_else(|| format!("Rust {pinned} is missing: install it with `rustup toolchain install {pinned}`"))?;
    let is_there = |file: &str| {
        let path = Path::new(&sysroot).join(file);
        path.exists() || path.with_extension("exe").exists()
    };
    Ok(COMPONENTS.iter().filter(|(_, file)| !is_there(file)).map(|(name, _)| *name).collect())
}

/// The oldest compiler the published crates build with, installed if need be.
pub(crate) fn oldest() -> Outcome<String> {
    let version = value_of("Cargo.toml", "rust-version")?;
    let version = if version.matches('.').count() == 1 { format!("{version}.0") } else { version };
    if program("rustup", &["run", &version, "cargo", "--version"]).ask().is_some() {
        return Ok(version);
    }
    let args = ["toolchain", "install", &version, "--profile", "minimal", "--no-self-update"];
    program("rustup", &args).run().map_err(|error| {
        format!(
            "{error}\nRust {version}, the oldest the crates promise to build with, is not installed and cannot be: \
             `cargo xtask lint --no-msrv` leaves this check out."
        )
    })?;
    Ok(version)
}
