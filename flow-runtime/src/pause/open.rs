//! Pauses as they are seen from outside of a workflow: open ones, and what became of all of a run.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::{Allowed, Answered};
use crate::store::{NewPause, PauseRecord};

/// A question that waits for its answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OpenPause {
    id: String,
    name: String,
    path: String,
    point: String,
    question: String,
    prompt: Value,
    schema: Value,
    asked_at: i64,
    deadline: Option<i64>,
    allowed: Allowed,
    remind_ms: Option<i64>,
    asked_before: u32,
}

impl OpenPause {
    /// Unique in the run: the name of the pause and a number, as in `approve-2`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Name of the `#[pause]` function, or of the ask: `confirm`, `choose`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Path of the frame that asks: empty for the workflow's body, `parallel.1` for the second branch of its fork.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The point of the frame at which it is asked: `confirm#2` for the second `confirm` of the code. Empty for what the runtime
    /// itself asks about a step, and for what was asked by an earlier version.
    pub fn point(&self) -> &str {
        &self.point
    }

    /// The question in words: the doc comment of the `#[pause]` function, or the text it was asked with.
    pub fn question(&self) -> &str {
        &self.question
    }

    /// What the question is about, as an object: the arguments of the call, keyed by the parameters' names, and `about`, if the
    /// question was asked [about](crate::Ask::about) something.
    pub fn prompt(&self) -> &Value {
        &self.prompt
    }

    /// JSON Schema of the answer.
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// When it was asked, in milliseconds since the Unix epoch.
    pub fn asked_at(&self) -> i64 {
        self.asked_at
    }

    /// By when it has to be answered, in milliseconds since the Unix epoch; `None` if any time will do.
    pub fn deadline(&self) -> Option<i64> {
        self.deadline
    }

    /// Who may answer.
    pub fn allowed(&self) -> &Allowed {
        &self.allowed
    }

    /// How often somebody is reminded of it while it is open; `None` if never.
    pub fn remind_every(&self) -> Option<Duration> {
        self.remind_ms.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or(0)))
    }

    /// How often this same question, at the same point of the same frame, was asked before in the run. Of a copy of a run only
    /// what it began with counts, and of a run that was pruned what is kept.
    pub fn asked_before(&self) -> u32 {
        self.asked_before
    }
}

impl From<NewPause> for OpenPause {
    fn from(pause: NewPause) -> Self {
        OpenPause {
            id: pause.id,
            name: pause.name,
            path: pause.path,
            point: pause.point,
            question: pause.question,
            prompt: parsed(pause.prompt),
            schema: parsed(pause.schema),
            asked_at: pause.asked_at,
            deadline: pause.deadline,
            allowed: Allowed::stored(pause.allowed.as_deref()),
            remind_ms: pause.remind_ms,
            asked_before: pause.asked_before,
        }
    }
}

/// A JSON text written by serde_json; a store that hands out something else gets it shown as a string.
fn parsed(text: String) -> Value {
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

/// A question a run has asked, and what became of it. As JSON it is the question with a field `state` (`open`, `answered`,
/// `timed_out`, `withdrawn`) and what belongs to that state.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AskedPause {
    #[serde(flatten)]
    pause: OpenPause,
    reminded: u32,
    #[serde(flatten)]
    state: PauseState,
}

impl AskedPause {
    /// A stored pause. One that is neither open nor done was withdrawn, when the run `ended` at the latest.
    pub(crate) fn new(record: PauseRecord, is_open: bool, ended: Option<i64>) -> Self {
        let PauseRecord { pause, answer, expired_at, reminded, withdrawn_at } = record;
        let state = match (answer, expired_at) {
            (Some(answer), _) => PauseState::Answered(Answered::of(parsed(answer.value.clone()), answer)),
            (None, Some(at)) => PauseState::TimedOut { at },
            (None, None) if is_open => PauseState::Open,
            (None, None) => PauseState::Withdrawn { at: withdrawn_at.or(ended) },
        };
        AskedPause { pause: pause.into(), reminded, state }
    }

    /// Unique in the run: the name of the pause and a number, as in `approve-2`.
    pub fn id(&self) -> &str {
        self.pause.id()
    }

    /// What was asked.
    pub fn pause(&self) -> &OpenPause {
        &self.pause
    }

    /// How often somebody was reminded of it.
    pub fn reminded(&self) -> u32 {
        self.reminded
    }

    /// What became of it.
    pub fn state(&self) -> &PauseState {
        &self.state
    }
}

/// What became of a question.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[non_exhaustive]
pub enum PauseState {
    /// It waits for its answer.
    Open,
    /// It was answered.
    Answered(Answered<Value>),
    /// Nobody answered in time.
    TimedOut {
        /// When that was found, in milliseconds since the Unix epoch.
        at: i64,
    },
    /// Nobody has answered, and nobody needs to any more: another branch won the race or failed, or the run has ended. A
    /// question of a failed run is open again when the run is tried again.
    Withdrawn {
        /// Since when, in milliseconds since the Unix epoch, if that is known.
        at: Option<i64>,
    },
}
