//! Reading JSON with errors that name the field.

use serde::de::DeserializeOwned;

/// Why a JSON value does not fit a type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", self.place())]
pub struct JsonError {
    path: String,
    message: String,
}

impl JsonError {
    pub(crate) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        JsonError { path: path.into(), message: message.into() }
    }

    /// Where in the value: `Publish.by`, `items[3].title`, or empty for the value itself.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What was expected there and what was found.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The same error, seen from the object around the value.
    pub(crate) fn inside(self, field: &str) -> Self {
        let path = match self.path.as_str() {
            "" => field.to_owned(),
            path if path.starts_with('[') => format!("{field}{path}"),
            path => format!("{field}.{path}"),
        };
        JsonError { path, ..self }
    }

    fn place(&self) -> String {
        if self.path.is_empty() { String::new() } else { format!("at `{}`: ", self.path) }
    }
}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        JsonError::new("", message_of(&error))
    }
}

/// The error without its position. The texts read here are written by programs, on one line, and where something is wrong
/// the path says.
fn message_of(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&position).map_or_else(|| text.clone(), str::to_owned)
}

/// Reads a value of type `T`.
pub(crate) fn decode<T: DeserializeOwned>(text: &str) -> Result<T, JsonError> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = match error.path().to_string() {
            root if root == "." => String::new(),
            path => path,
        };
        JsonError { path, message: message_of(error.inner()) }
    })?;
    deserializer.end()?;
    Ok(value)
}
