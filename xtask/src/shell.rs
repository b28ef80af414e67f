//! Running commands in the root of the repository, in plain sight.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::toolchain;

/// What a command comes to: done, or a text that says why not.
pub(crate) type Outcome<T = ()> = Result<T, String>;

/// A command that is shown before it runs.
pub(crate) struct Shown {
    text: String,
    command: Command,
}

/// `cargo` of the pinned toolchain.
pub(crate) fn cargo(args: &[&str]) -> Shown {
    // A `+toolchain` on the command line of xtask does not reach further: the expected outputs are those of one compiler.
    let mut command = Command::new("cargo");
    if let Ok(pinned) = toolchain::pinned() {
        command.env("RUSTUP_TOOLCHAIN", pinned);
    }
    Shown::new("cargo", command).args(args)
}

/// Any other program.
pub(crate) fn program(name: &str, args: &[&str]) -> Shown {
    Shown::new(name, Command::new(name)).args(args)
}

impl Shown {
    fn new(name: &str, mut command: Command) -> Self {
        // What cargo tells this program about itself is not for the programs it starts.
        command.env_remove("CARGO").env_remove("RUSTC").current_dir(root()).stdin(Stdio::null());
        Shown { text: name.to_owned(), command }
    }

    pub(crate) fn args(mut self, args: &[&str]) -> Self {
        for arg in args {
            self.text = format!("{} {arg}", self.text);
            self.command.arg(arg);
        }
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        let quote = if value.contains(' ') { "\"" } else { "" };
        self.text = format!("{name}={quote}{value}{quote} {}", self.text);
        self.command.env(name, value);
        self
    }

    pub(crate) fn directory(mut self, directory: &Path) -> Self {
        self.text = format!("(cd {} && {})", directory.strip_prefix(root()).unwrap_or(directory).display(), self.text);
        self.command.current_dir(directory);
        self
    }

    /// Shows the command and runs it.
    pub(crate) fn run(mut self) -> Outcome {
        eprintln!("$ {}", self.text);
        match self.command.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("`{}` failed ({status})", self.text)),
            Err(error) => Err(format!("`{}` could not be started: {error}", self.text)),
        }
    }

    /// Runs the command without showing it and hands back what it prints, `None` if it fails.
    pub(crate) fn ask(mut self) -> Option<String> {
        let output = self.command.output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// The first text in quotes of the first line `key = …` in a file of the repository.
pub(crate) fn value_of(file: impl AsRef<OsStr>, key: &str) -> Outcome<String> {
    let path = root().join(file.as_ref());
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let value = text.lines().find_map(|line| {
        let rest = line.strip_prefix(key)?.trim_start().strip_prefix('=')?;
        rest.split('"').nth(1)
    });
    value.map(str::to_owned).ok_or_else(|| format!("{} has no `{key} = \"…\"`", path.display()))
}
