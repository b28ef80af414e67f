//! The examples as processes.

#![allow(dead_code, reason = "each test file uses some of it")]

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use serde_json::Value;

/// An example in a folder of its own.
pub struct Program {
    file: PathBuf,
    folder: tempfile::TempDir,
}

/// What a process left behind.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Program {
    pub fn new(name: &'static str) -> Self {
        Program { file: examples().join(name), folder: tempfile::tempdir().unwrap() }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A process about to be started, as a person would: without what Cargo puts into the environment.
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.file);
        command
            .args(words)
            .current_dir(self.folder())
            .stdin(Stdio::null())
            .env_remove("CARGO")
            .env_remove("FLOW_STORE");
        command
    }

    pub fn run(&self, words: &[&str]) -> Ended {
        let output = self.command(words).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Runs a command that has to do its work, for its JSON: a run that waits for an answer is none that has failed.
    pub fn json(&self, words: &[&str]) -> Value {
        let ended = self.run(&[words, &["--json"]].concat());
        assert!(matches!(ended.code, Some(0 | 3)), "{words:?}: {ended:?}");
        serde_json::from_str(&ended.out).unwrap()
    }

    /// Runs a command that may fail, for its exit code and its JSON.
    pub fn report(&self, words: &[&str]) -> (Option<i32>, Value) {
        let ended = self.run(&[words, &["--json"]].concat());
        let report = serde_json::from_str(&ended.out);
        (ended.code, report.unwrap_or_else(|error| panic!("{words:?}: {error}: {ended:?}")))
    }

    pub fn spawn(&self, words: &[&str]) -> Child {
        self.command(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Runs a command line that the program itself has printed, in a shell.
    pub fn paste(&self, line: &str) -> Ended {
        let mut command = Command::new("sh");
        command.args(["-c", line]).current_dir(self.folder()).env_remove("CARGO");
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// The rows of a query on an SQLite file in the folder, the columns joined with bars.
    pub fn query(&self, file: &str, sql: &str) -> Vec<String> {
        let connection = rusqlite::Connection::open(self.folder().join(file)).unwrap();
        let mut statement = connection.prepare(sql).unwrap();
        let columns = statement.column_count();
        let show = |value: rusqlite::types::Value| match value {
            rusqlite::types::Value::Null => "-".to_owned(),
            rusqlite::types::Value::Integer(number) => number.to_string(),
            rusqlite::types::Value::Real(number) => number.to_string(),
            rusqlite::types::Value::Text(text) => text,
            rusqlite::types::Value::Blob(bytes) => format!("{bytes:?}"),
        };
        let row = |row: &rusqlite::Row<'_>| {
            let cells: Result<Vec<String>, _> = (0..columns).map(|column| row.get(column).map(show)).collect();
            cells.map(|cells| cells.join("|"))
        };
        statement.query_map([], row).unwrap().collect::<Result<_, _>>().unwrap()
    }
}

/// The folder with the examples. They are built first: `cargo test` builds examples as tests only, or not at all.
fn examples() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        // `<target>/<profile>/deps/<test>`
        let test = std::env::current_exe().unwrap();
        let profile = test.ancestors().nth(2).unwrap();
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--package", "flow-examples", "--examples", "--target-dir"]);
        build.arg(profile.parent().unwrap()).current_dir(env!("CARGO_MANIFEST_DIR"));
        if profile.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().unwrap().success(), "the examples cannot be built");
        profile.join("examples")
    })
}

/// The command lines that a question proposes.
pub fn proposals(question: &str) -> Vec<&str> {
    question.lines().map(str::trim).filter(|line| line.contains("examples/") && line.contains(" answer ")).collect()
}

/// A file of the examples' data.
pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name)
}
