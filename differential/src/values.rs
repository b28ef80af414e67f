//! The types that programs of this test work on.

use flow_runtime::{Confirmation, Review, pause};
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

impl From<flow_runtime::TimedOut> for Error {
    fn from(error: flow_runtime::TimedOut) -> Self {
        Error(error.to_string())
    }
}

/// Which number, if any?
#[pause]
pub fn ask_maybe(n: u64) -> u64;

/// Whether somebody answers [`ask_maybe`].
pub fn is_answered(n: u64) -> bool {
    n.is_multiple_of(2)
}

/// Who answers a question that these may not answer.
pub fn answerer(except: &[String]) -> &'static str {
    ["ann", "ben", "cay", "dan"].into_iter().find(|name| !except.iter().any(|other| other == name)).unwrap_or("eve")
}

/// What is answered to a `confirm`; nothing to one about silence.
pub fn confirmation(question: &str) -> Option<Confirmation> {
    (!question.contains("silence")).then(|| Confirmation::from(question.len().is_multiple_of(2)))
}

/// Which of so many options is chosen.
pub fn choice(question: &str, options: usize) -> usize {
    question.len() % options.max(1)
}

/// Whether the option of this number is one of those that are chosen.
pub fn is_chosen(question: &str, option: usize) -> bool {
    !(question.len() + option).is_multiple_of(3)
}

/// What is said of a text. One that is changed as it is said will be accepted.
pub fn reviewed(text: &str) -> Review<String> {
    match text.len() % 3 {
        0 => Review::Accept,
        1 => Review::Edit(format!("{text}!!")),
        _ => Review::Reject { feedback: "?".to_owned() },
    }
}

/// What somebody says about a step that has failed with this error: a value to go on with, or `None` to let the run fail. The
/// first time they have it tried again.
pub fn recovered(error: &str) -> Option<u64> {
    let sum: u64 = error.bytes().map(u64::from).sum();
    (!sum.is_multiple_of(4)).then_some(1000 + sum % 100)
}

/// So many seconds.
pub fn seconds(n: u64) -> std::time::Duration {
    std::time::Duration::from_secs(n)
}

/// A time so many seconds from now.
pub fn later(n: u64) -> std::time::SystemTime {
    now() + seconds(n)
}

/// The wall clock, but as far ahead as tokio's clock is.
pub(crate) fn now() -> std::time::SystemTime {
    let ahead = tokio::time::Instant::now().into_std().saturating_duration_since(std::time::Instant::now());
    std::time::SystemTime::now() + ahead
}
