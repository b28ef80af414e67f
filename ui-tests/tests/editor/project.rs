//! The project in `ui-tests/editor/fixture`, open in an editor, and questions about places in its one file.
//!
//! A place is a piece of the file that occurs once, with `$0` where the cursor stands.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::{Value, json};

use crate::lsp::{Outcome, Server, uri};

/// How long loading the project or one answer may take: most of it is for building the macros on a slow machine.
const PATIENCE: Duration = Duration::from_secs(300);

pub(crate) struct Project {
    server: Server,
    uri: String,
    /// The file as it is on disk.
    text: String,
    version: u32,
}

impl Project {
    /// Opens the project in the rust-analyzer of the toolchain that runs this test.
    pub(crate) fn open() -> Outcome<Self> {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = tests.join("editor/fixture");
        // The versions the workspace uses: there is nothing to download, and no lock file to keep up to date.
        let lock = tests.parent().unwrap_or(tests).join("Cargo.lock");
        fs::copy(&lock, folder.join("Cargo.lock")).map_err(|error| format!("{}: {error}", lock.display()))?;
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("editor");
        let options = json!({
            "cachePriming": { "enable": false },
            "cargo": { "targetDir": target },
            "checkOnSave": false,
            "diagnostics": { "experimental": { "enable": true } },
        });
        let mut server = Server::start(&rust_analyzer()?, &folder, &options, PATIENCE)?;
        let file = folder.join("src/lib.rs");
        let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let uri = uri(&file);
        let document = json!({ "uri": uri, "languageId": "rust", "version": 1, "text": text });
        server.tell("textDocument/didOpen", &json!({ "textDocument": document }))?;
        Ok(Project { server, uri, text, version: 1 })
    }

    /// What is shown at a place: the blocks of code, and the text around them.
    pub(crate) fn hover(&mut self, place: &str) -> Outcome<Hover> {
        let answer = self.ask("hover", place, place)?;
        let text = answer["contents"]["value"].as_str().unwrap_or_default();
        // Text and code take turns.
        let (mut hover, mut parts) = (Hover::default(), text.split("```"));
        hover.text.extend(parts.next());
        while let Some(code) = parts.next() {
            hover.code.push(code.trim_start_matches("rust").trim().to_owned());
            hover.text.extend(parts.next());
        }
        Ok(hover)
    }

    /// The lines a place leads to.
    pub(crate) fn definition(&mut self, place: &str) -> Outcome<Vec<String>> {
        let answer = self.ask("definition", place, place)?;
        let targets = answer.as_array().map(Vec::as_slice).unwrap_or_default();
        let line = |target: &Value| {
            let line =
                target["targetSelectionRange"]["start"]["line"].as_u64().and_then(|line| usize::try_from(line).ok());
            let line = line.filter(|_| target["targetUri"] == self.uri).and_then(|line| self.text.lines().nth(line));
            line.map_or_else(|| target["targetUri"].to_string(), |line| line.trim().to_owned())
        };
        Ok(targets.iter().map(line).collect())
    }

    /// What is proposed after `code` has become `half_typed`.
    pub(crate) fn complete(&mut self, code: &str, half_typed: &str) -> Outcome<Vec<String>> {
        let answer = self.ask("completion", code, half_typed)?;
        let items = answer["items"].as_array().or(answer.as_array()).map(Vec::as_slice).unwrap_or_default();
        Ok(items.iter().filter_map(|item| item["label"].as_str()).map(str::to_owned).collect())
    }

    /// What the editor finds wrong after `code` has become `changed`, without the compiler's help, and where.
    pub(crate) fn diagnostics(&mut self, code: &str, changed: &str) -> Outcome<Vec<String>> {
        let answer = self.ask("diagnostic", code, changed)?;
        let items = answer["items"].as_array().ok_or_else(|| format!("no diagnostics: {answer}"))?;
        let text = self.text.replacen(code, changed, 1);
        let number = |value: &Value| value.as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or_default();
        let message = |item: &Value| {
            let (start, end) = (&item["range"]["start"], &item["range"]["end"]);
            let line = text.lines().nth(number(&start["line"])).unwrap_or_default();
            let place = line.get(number(&start["character"])..number(&end["character"])).unwrap_or(line).trim();
            format!("`{place}`: {}", item["message"].as_str().unwrap_or_default())
        };
        Ok(items.iter().map(message).collect())
    }

    /// Changes the file and asks about the place of the cursor.
    fn ask(&mut self, what: &str, code: &str, changed: &str) -> Outcome<Value> {
        let code = code.replace("$0", "");
        let found: Vec<_> = self.text.match_indices(&code).map(|(at, _)| at).collect();
        let [at] = found[..] else {
            return Err(format!("`{code}` occurs {} times in the file, not once", found.len()));
        };
        let cursor = at + changed.find("$0").unwrap_or_default();
        let text = self.text.replacen(&code, &changed.replace("$0", ""), 1);
        let before = text.get(..cursor).unwrap_or_default();
        // Columns count UTF-16, and the file is ASCII.
        let (line, start) = (before.matches('\n').count(), before.rfind('\n').map_or(0, |at| at + 1));
        self.version += 1;
        self.server.tell(
            "textDocument/didChange",
            &json!({ "textDocument": { "uri": self.uri, "version": self.version }, "contentChanges": [{ "text": text }] }),
        )?;
        let position = json!({ "line": line, "character": cursor - start });
        self.server
            .ask(&format!("textDocument/{what}"), &json!({ "textDocument": { "uri": self.uri }, "position": position }))
    }
}

/// What an editor shows at a name.
#[derive(Debug, Default)]
pub(crate) struct Hover {
    pub(crate) code: Vec<String>,
    pub(crate) text: String,
}

/// The rust-analyzer that belongs to the compiler. The one in `PATH` may be rustup's, which is there without the component.
fn rust_analyzer() -> Outcome<PathBuf> {
    let output = Command::new("rustc").args(["--print", "sysroot"]).output();
    let output = output.map_err(|error| format!("rustc cannot be started: {error}"))?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let program = sysroot.join("bin").join(format!("rust-analyzer{}", std::env::consts::EXE_SUFFIX));
    match program.exists() {
        true => Ok(program),
        false => Err(format!(
            "there is no rust-analyzer in {}: install it with `rustup component add rust-analyzer rust-src`, or run `cargo xtask test`",
            sysroot.display()
        )),
    }
}
