//! The types that programs of this test work on.

use flow_runtime::pause;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The error of all programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error(pub String);

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Error(format!("fault {}", fault.0))
    }
}

/// The error of some steps, which `?` turns into [`Error`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault(pub u64);

/// What programs return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An enum with a variant of each kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Shape {
    /// Without a payload.
    Dot,
    /// With a number.
    Line(u64),
    /// With fields.
    Area {
        /// A number.
        w: u64,
        /// Another.
        h: u64,
    },
    /// With something that is not `Copy`.
    Named(String),
}

/// A struct.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// A `Copy` field.
    pub count: u64,
    /// One that is not.
    pub label: String,
    /// A list.
    pub tags: Vec<u64>,
}

impl Record {
    /// Changes the record in place.
    pub fn tag(&mut self, tag: u64) -> &mut Self {
        self.tags.push(tag);
        self
    }
}

/// Which number?
#[pause]
pub fn ask_number(n: u64) -> u64;

/// Which text?
#[pause]
pub fn ask_text(about: &str) -> String;

/// Which shape?
#[pause]
pub fn ask_shape(n: u64, label: &str) -> Shape;

/// What is answered to [`ask_number`].
pub fn number_answer(n: u64) -> u64 {
    (n * 7 + 3) % 23
}

/// What is answered to [`ask_text`].
pub fn text_answer(about: &str) -> String {
    format!("re {about}")
}

/// What is answered to [`ask_shape`].
pub fn shape_answer(n: u64, label: &str) -> Shape {
    match n % 4 {
        0 => Shape::Dot,
        1 => Shape::Line(n + 1),
        2 => Shape::Area { w: n, h: label.len() as u64 },
        _ => Shape::Named(format!("{label}?")),
    }
}
