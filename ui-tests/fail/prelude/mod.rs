//! The steps, pauses and types the cases are about.

#![allow(dead_code, unused_imports)]

pub use flow_runtime::prelude::*;
pub use schemars::JsonSchema;
pub use serde::{Deserialize, Serialize};

/// A client that is given to the workflow, never saved.
pub struct Llm;

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Topic {
    pub title: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Notes {
    pub items: Vec<String>,
}

impl Notes {
    pub fn first(&self) -> &str {
        &self.items[0]
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Draft {
    pub text: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Verdict {
    Accept,
    Revise { feedback: String },
    Drop,
}

impl Verdict {
    pub fn is_accept(&self) -> bool {
        matches!(self, Verdict::Accept)
    }
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Approval {
    pub by: String,
}

/// Not serializable.
#[derive(Debug)]
pub struct Stats {
    pub words: usize,
}

#[derive(Debug)]
pub struct Error;

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("it went wrong")
    }
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[step]
pub async fn research(topic: &Topic) -> Result<Notes> {
    unreachable!("{topic:?}")
}

#[step]
pub async fn write(notes: Notes, words: usize) -> Result<Draft> {
    unreachable!("{notes:?} {words}")
}

#[step]
pub async fn outline(notes: &Notes) -> Result<Draft> {
    unreachable!("{notes:?}")
}

#[step]
pub async fn review(draft: &Draft) -> Result<Verdict> {
    unreachable!("{draft:?}")
}

#[step]
pub async fn measure(draft: &Draft) -> Result<Stats> {
    unreachable!("{draft:?}")
}

#[step]
pub async fn open(address: &str) -> Result<std::net::TcpStream> {
    unreachable!("{address}")
}

#[step]
pub async fn publish(draft: Draft) -> Result<Draft> {
    unreachable!("{draft:?}")
}

/// Please read the draft.
#[pause]
pub fn approve(draft: &Draft) -> Approval;

/// An `async fn` without `#[step]`.
pub async fn plain(topic: &Topic) -> Result<Notes> {
    unreachable!("{topic:?}")
}
