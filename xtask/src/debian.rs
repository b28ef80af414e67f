//! Packages of Debian that the tests need.

use crate::shell::{Outcome, program};

/// Installs packages.
pub(crate) fn install(packages: &[&str]) -> Outcome {
    let install = || {
        let args = ["install", "--yes", "--no-install-recommends"];
        program("apt-get", &args).args(packages).env("DEBIAN_FRONTEND", "noninteractive").run()
    };
    // The lists of packages may be missing or old.
    install().or_else(|_| program("apt-get", &["update"]).run().and_then(|()| install()))
}
