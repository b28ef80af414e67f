//! Where a run stands, node by node.

mod of;
mod replay;
mod trace;

use std::collections::{BTreeMap, BTreeSet};

use flow_runtime::store::RunStatus;
use serde::{Serialize, Serializer};

/// Where a run stands in the graph of its workflow. The default is that of no run: nothing is marked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Standing {
    /// Id of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// What the run as a whole does.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "status")]
    pub status: Option<RunStatus>,
    /// By [id](crate::Node::id), what is known of a node. One that is not named here has not been reached yet.
    pub nodes: BTreeMap<String, Mark>,
    /// The edges that have been taken, by the ids of the nodes they lead from and to.
    pub taken: BTreeSet<(String, String)>,
}

/// What is known of a node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Mark {
    /// Where it stands now.
    pub state: State,
    /// How often it has been done.
    pub done: u64,
    /// Which attempt at a step this is: the one at work, the one that comes next, or the last one of those that have failed.
    /// 0 if nothing is tried.
    #[serde(skip_serializing_if = "is_zero")]
    pub attempts: u32,
    /// Until when it sleeps, or waits for its next attempt, in milliseconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// What it asks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<Asked>,
    /// Of a fan-out: how many items are done, and how many there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Items>,
    /// Why it has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How often it was undone.
    #[serde(skip_serializing_if = "is_none_of")]
    pub undone: u64,
}

/// How a node stands. Where several hold, in branches side by side, the last of these counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum State {
    /// It may still be reached.
    #[default]
    Ahead,
    /// The run has gone another way, and does not come back here.
    Skipped,
    /// It is done.
    Done,
    /// It sleeps, or waits for its next attempt.
    Sleeping,
    /// It is at work.
    Working,
    /// It waits for an answer.
    Waiting,
    /// It has failed, and the run with it.
    Failed,
}

/// An open pause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Asked {
    /// Its id in the run: `approve-2`.
    pub id: String,
    /// The question in words.
    pub question: String,
    /// When it was asked, in milliseconds since the Unix epoch.
    pub asked_at: i64,
    /// By when it has to be answered, in milliseconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<i64>,
}

/// The items of a fan-out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Items {
    /// How many are done.
    pub done: u64,
    /// How many there are; `None` if that was not kept.
    pub all: Option<u64>,
}

impl State {
    /// The state as text: `ahead`, `skipped`, `done`, `sleeping`, `working`, `waiting`, `failed`.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Ahead => "ahead",
            State::Skipped => "skipped",
            State::Done => "done",
            State::Sleeping => "sleeping",
            State::Working => "working",
            State::Waiting => "waiting",
            State::Failed => "failed",
        }
    }
}

fn status<S: Serializer>(status: &Option<RunStatus>, serializer: S) -> Result<S::Ok, S::Error> {
    match status {
        Some(status) => serializer.serialize_str(status.as_str()),
        None => serializer.serialize_none(),
    }
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn is_none_of(number: &u64) -> bool {
    *number == 0
}
