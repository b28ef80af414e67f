//! Commands of this program, to be pasted.

use std::path::Path;

/// The end of a run's id: the part that differs between runs started at the same time.
pub(crate) fn short(id: &str) -> &str {
    // Ids are ASCII, and 12 digits are the last group of one.
    id.rsplit('-').next().unwrap_or(id)
}

/// How this program is called.
#[derive(Debug, Clone)]
pub(crate) struct Shell {
    program: String,
    /// What comes after every command: the store, if it is not the usual one.
    after: Vec<String>,
}

impl Shell {
    /// This program, with these words after every command.
    pub(crate) fn new(after: Vec<String>) -> Self {
        let exe = std::env::args().next().unwrap_or_else(|| "flow".to_owned());
        let path = Path::new(&exe);
        let name = path.file_stem().map_or_else(|| exe.clone(), |name| name.to_string_lossy().into_owned());
        let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
        let program = match std::env::var_os("CARGO") {
            // Cargo sets this for what it runs.
            Some(_) if folder == "examples" => format!("cargo run -q --example {name} --"),
            Some(_) => "cargo run -q --".to_owned(),
            None => quote(&exe),
        };
        Shell { program, after }
    }

    /// A command line of this program.
    pub(crate) fn command<W: AsRef<str>>(&self, words: impl IntoIterator<Item = W>) -> String {
        let mut line = self.program.clone();
        for word in words {
            line.push(' ');
            line.push_str(&quote(word.as_ref()));
        }
        for word in &self.after {
            line.push(' ');
            line.push_str(&quote(word));
        }
        line
    }
}

fn quote(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_can_be_pasted() {
        assert_eq!(quote("approve-1"), "approve-1");
        assert_eq!(quote(r#"{"why":"it's late"}"#), r#"'{"why":"it'\''s late"}'"#);
        let shell = Shell { program: "app".to_owned(), after: vec!["--store".to_owned(), "sqlite:a b.db".to_owned()] };
        assert_eq!(shell.command(["show", "x y"]), "app show 'x y' --store 'sqlite:a b.db'");
    }
}
