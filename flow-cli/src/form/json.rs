//! JSON that a person has typed.

use std::{
    fmt,
    io::{self, Read as _},
};

use serde_json::Value;

/// How much of a line is shown around a mistake.
const AROUND: usize = 30;

/// A text that is no JSON, with the place where it stops being it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadJson {
    /// What is wrong, without the place.
    pub message: String,
    /// Which line, from 1.
    pub line: usize,
    /// Which character of it, from 1.
    pub column: usize,
    /// The line, or what of it is around the place.
    text: String,
    /// Where in `text` the place is, in characters.
    mark: usize,
}

impl BadJson {
    fn new(text: &str, error: &serde_json::Error) -> Self {
        let position = format!(" at line {} column {}", error.line(), error.column());
        let message = error.to_string().replace(&position, "");
        let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
        // serde_json counts bytes.
        let before = line.char_indices().take_while(|(at, _)| *at + 1 < error.column()).count();
        let start = before.saturating_sub(AROUND);
        let shown: String = line.chars().skip(start).take(2 * AROUND).collect();
        let column = if line.is_empty() { 1 } else { before + 1 };
        BadJson { message, line: error.line().max(1), column, text: shown, mark: before - start }
    }

    /// The place, marked below the text.
    pub(crate) fn picture(&self) -> String {
        format!("  {}\n  {}^ {}", self.text, " ".repeat(self.mark), self.message)
    }
}

impl fmt::Display for BadJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at line {} column {}", self.message, self.line, self.column)
    }
}

impl std::error::Error for BadJson {}

/// Reads JSON.
///
/// # Errors
/// [`BadJson`] with the place.
pub(crate) fn parse_json(text: &str) -> Result<Value, BadJson> {
    serde_json::from_str(text).map_err(|error| BadJson::new(text, &error))
}

/// The text an argument stands for: itself, what is in `@file`, or for `-` what comes in on stdin. `@@` begins a text with `@`.
///
/// # Errors
/// What cannot be read, and why.
pub(crate) fn read_argument(argument: &str) -> Result<String, String> {
    if argument == "-" {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map_err(|error| format!("stdin cannot be read: {error}"))?;
        return Ok(text);
    }
    read_file_argument(argument)
}

/// As [`read_argument`], with no meaning to `-`.
///
/// # Errors
/// What cannot be read, and why.
pub(crate) fn read_file_argument(argument: &str) -> Result<String, String> {
    match argument.strip_prefix('@') {
        Some(rest) if rest.starts_with('@') => Ok(rest.to_owned()),
        Some(file) => std::fs::read_to_string(file).map_err(|error| {
            format!("file `{file}` cannot be read: {error}; a text that begins with @ is written with two of them")
        }),
        None => Ok(argument.to_owned()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_marked() {
        let error = parse_json(r#"{"topic": bees}"#).unwrap_err();
        assert_eq!((error.line, error.column), (1, 11));
        assert_eq!(error.picture(), "  {\"topic\": bees}\n            ^ expected value");
        let error = parse_json("{\n  \"ä\": 1,\n}").unwrap_err();
        assert_eq!((error.line, error.column), (3, 1));
        assert_eq!(parse_json("").unwrap_err().to_string(), "EOF while parsing a value at line 1 column 1");
    }

    #[test]
    fn texts_that_begin_with_at() {
        assert_eq!(read_file_argument("@@ann"), Ok("@ann".to_owned()));
        assert!(read_file_argument("@nowhere.txt").unwrap_err().starts_with("file `nowhere.txt` cannot be read"));
    }
}
