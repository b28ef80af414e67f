//! The newsroom as a process, in a folder of its own.

#![allow(dead_code, reason = "each test file uses some of it")]

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use regex::Regex;
use serde_json::Value;

/// A folder to call the newsroom in.
pub struct Newsroom {
    folder: tempfile::TempDir,
}

/// What a process left behind.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Newsroom {
    pub fn new() -> Self {
        Newsroom { folder: tempfile::tempdir().unwrap() }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A process about to be started, as a person would: found by its name, without what Cargo puts into the environment.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(program());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::arg0(&mut command, "newsroom");
        command.args(words).current_dir(self.folder()).stdin(Stdio::null()).env("PATH", path());
        for name in ["CARGO", "FLOW_STORE", "FLOW_USER", "NO_COLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        command.env("COLUMNS", "120");
        command
    }

    pub fn run(&self, words: &[&str]) -> Ended {
        ended(self.command(words))
    }

    /// Runs a command line that the program itself has printed, in a shell.
    pub fn paste(&self, line: &str) -> Ended {
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(self.folder()).stdin(Stdio::null()).env("PATH", path());
        for name in ["CARGO", "FLOW_STORE", "FLOW_USER"] {
            shell.env_remove(name);
        }
        ended(shell)
    }

    /// Runs a command for its JSON, whatever its exit code.
    pub fn json(&self, words: &[&str]) -> Value {
        let ended = self.run(&[words, &["--json"]].concat());
        serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{words:?}: {error}: {ended:?}"))
    }

    pub fn spawn(&self, words: &[&str]) -> Child {
        self.command(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Starts a run that has to pause, and returns its id.
    pub fn paused(&self, words: &[&str]) -> String {
        let report = self.json(&[&["run"], words].concat());
        assert_eq!(report["status"], "paused", "{report}");
        report["run"].as_str().unwrap().to_owned()
    }

    /// A command and all it says, without what is different each time.
    pub fn say(&self, words: &[&str]) -> String {
        let Ended { code, out, err } = self.run(words);
        let line: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        let said = format!("$ newsroom {}\n{err}{out}[{}]\n", line.join(" "), code.unwrap_or(-1));
        let folder = self.folder().canonicalize().unwrap();
        steady(&said.replace(&*folder.to_string_lossy(), "FOLDER"))
    }
}

pub fn ended(mut command: Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn quoted(word: &str) -> String {
    if word.contains([' ', '"', '{']) { format!("'{word}'") } else { word.to_owned() }
}

/// A text without what is different each time: ids, times, versions.
pub fn steady(text: &str) -> String {
    let changes = [
        (r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "RUN"),
        (r"\b[0-9a-f]{12}\b", "RUN"),
        (r"\b[0-9a-f]{16}\b", "FINGERPRINT"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "TIME"),
        (r"\d\d:\d\d:\d\d\.\d{3}", "TIME"),
        (r"\b1[789]\d{11}\b", "0"),
        (r"\b(\d+ s ago|in \d+ s|now)\b", "now"),
        (r"\+?\b(\d+ ms|\d+\.\d s|\d+ min( \d+ s)?)\b *", "TOOK  "),
        (r#""(ms|total_ms)": ?\d+"#, "\"ms\": 0"),
        (r" +\n", "\n"),
    ];
    let text = changes.iter().fold(text.to_owned(), |text, (found, instead)| {
        Regex::new(found).unwrap().replace_all(&text, *instead).into_owned()
    });
    // How wide a column is depends on the times in it.
    let columns = Regex::new(r"(\S) {2,}").unwrap();
    let timed = ["TOOK", "now", "QUESTION", "STARTED", "SAVED", "WRITTEN"];
    let line = |line: &str| match timed.iter().any(|time| line.contains(time)) {
        true => columns.replace_all(line, "$1  ").into_owned(),
        false => line.to_owned(),
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// The newsroom. It is built first: a single test builds no examples.
pub fn program() -> &'static Path {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    FILE.get_or_init(|| {
        // `<target>/<profile>/deps/<test>`
        let test = std::env::current_exe().unwrap();
        let profile = test.ancestors().nth(2).unwrap();
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--package", "flow-cli", "--example", "newsroom", "--target-dir"]);
        build.arg(profile.parent().unwrap()).current_dir(env!("CARGO_MANIFEST_DIR"));
        if profile.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().unwrap().success(), "the newsroom cannot be built");
        profile.join("examples/newsroom")
    })
}

/// Where programs are found: the newsroom among them.
pub fn path() -> OsString {
    let before = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(program().parent().unwrap().to_path_buf()).chain(std::env::split_paths(&before));
    std::env::join_paths(folders).unwrap()
}

/// The command lines that a text proposes.
pub fn proposals(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| line.starts_with("newsroom answer ")).collect()
}
