//! What happens in a run, told to whoever wants to know.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    BuildError,
    store::{EventRecord, NewRun},
};

/// One thing that has happened in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// Its number in the run, from 1, without gaps. `None` for one that is not stored: it was told live only.
    pub seq: Option<u64>,
    /// When, in milliseconds since the Unix epoch.
    pub time: i64,
    /// Id of the run.
    pub run: String,
    /// Id of its workflow.
    pub workflow: String,
    /// The session the run belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Path of the frame it happened in: empty for the workflow's body, `parallel.1` for the second branch of its fork.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// What has happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What has happened. Steps are named as their functions, pauses by their ids, attempts count from 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// The run is stored and begins.
    RunStarted,
    /// A driver has taken the run up: after a pause, or because its driver was gone.
    RunResumed,
    /// Everything in the run waits, and nothing of it is in memory any more.
    RunPaused {
        /// The open pauses. None if it waits for times only.
        #[serde(default)]
        pauses: Vec<String>,
    },
    /// The run has returned its output.
    RunCompleted,
    /// The run has failed. If steps can be undone, they are undone now.
    RunFailed {
        /// The error and its sources.
        error: String,
    },
    /// The run was cancelled. If steps can be undone, they are undone now.
    RunCancelled,
    /// A failed run goes on.
    RunRetried,
    /// The steps of a failed or cancelled run have been undone.
    RunUndone {
        /// Those that could not be, and why.
        #[serde(default)]
        not_undone: Vec<String>,
    },
    /// An attempt at a step begins.
    StepStarted {
        /// The step.
        step: String,
        /// Which attempt.
        attempt: u32,
    },
    /// A step says how far it has got.
    StepProgress {
        /// The step.
        step: String,
        /// How much of it is done, from 0 to 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fraction: Option<f64>,
        /// What it does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// A step has succeeded.
    StepCompleted {
        /// The step.
        step: String,
        /// Which attempt.
        attempt: u32,
        /// How long the attempt took, in milliseconds.
        ms: u64,
    },
    /// An attempt at a step has failed.
    StepFailed {
        /// The step.
        step: String,
        /// Which attempt.
        attempt: u32,
        /// The error and its sources.
        error: String,
    },
    /// The step is tried again.
    StepRetrying {
        /// The step.
        step: String,
        /// The attempt to come.
        attempt: u32,
        /// When, in milliseconds since the Unix epoch.
        at: i64,
    },
    /// A step was undone, or could not be.
    StepUndone {
        /// The step.
        step: String,
        /// Why it could not be undone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// A question was asked.
    PauseAsked {
        /// Id of the pause.
        pause: String,
        /// Its name.
        name: String,
        /// Until when it can be answered, in milliseconds since the Unix epoch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline: Option<i64>,
    },
    /// A question was answered.
    PauseAnswered {
        /// Id of the pause.
        pause: String,
        /// Who has answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        /// What they said with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
    },
    /// Nobody has answered in time.
    PauseExpired {
        /// Id of the pause.
        pause: String,
    },
    /// A question has been open for so long that somebody is to be reminded of it.
    PauseReminded {
        /// Id of the pause.
        pause: String,
        /// The how-manieth reminder it is, from 1.
        times: u32,
    },
    /// Nobody has answered, and nobody needs to any more: another branch won the race or failed, or the run ends.
    PauseWithdrawn {
        /// Id of the pause.
        pause: String,
    },
    /// The frame sleeps.
    TimerSet {
        /// Until when, in milliseconds since the Unix epoch.
        until: i64,
    },
    /// It has slept enough.
    TimerFired,
    /// Branches, or the items of a fan-out, begin.
    ForkStarted {
        /// Name of the fork: `parallel`, `race#2`.
        fork: String,
        /// How many there are.
        branches: u64,
    },
    /// A branch is done, and its result is kept.
    BranchCompleted {
        /// Which one, from 0.
        branch: u64,
    },
    /// The frame goes on with the results of its branches.
    ForkJoined {
        /// Name of the fork.
        fork: String,
    },
    /// A loop with steps in it begins another round.
    LoopIterated {
        /// The node of the workflow's [`Graph`](crate::Graph) the loop begins with.
        node: u32,
        /// Which round, from 1, where the loop keeps count: with `#[max(n)]`, or over a list.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        round: Option<u64>,
    },
    /// Code with steps in it was chosen by an `if` or a `match`.
    ChoiceTaken {
        /// The node of the workflow's [`Graph`](crate::Graph).
        node: u32,
        /// The text at the edge that was taken: `yes`, `no`, a pattern.
        choice: String,
    },
    /// A workflow begins that is awaited in this one.
    ChildStarted {
        /// Its name.
        child: String,
    },
    /// It has returned its output.
    ChildCompleted {
        /// Its name.
        child: String,
    },
    /// What the workflow's own code tells: [`Context::emit`](crate::Context::emit).
    Custom {
        /// What it is called.
        name: String,
        /// What is told.
        #[serde(default)]
        data: Value,
    },
    /// A kind this version does not know.
    #[serde(other)]
    Other,
}

macro_rules! tags {
    ($($tag:ident $name:literal)*) => {
        /// The kinds of events, without what they tell.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Tag { $($tag),* }

        /// Their names, as they are stored.
        const NAMES: &[&str] = &[$($name),*];

        impl EventKind {
            /// The kind's name, as it is stored: `step_completed`; `other` for one this version does not know.
            pub fn name(&self) -> &'static str {
                match self {
                    $(EventKind::$tag { .. } => $name,)*
                    EventKind::Other => "other",
                }
            }
        }
    };
}

tags! {
    RunStarted "run_started"
    RunResumed "run_resumed"
    RunPaused "run_paused"
    RunCompleted "run_completed"
    RunFailed "run_failed"
    RunCancelled "run_cancelled"
    RunRetried "run_retried"
    RunUndone "run_undone"
    StepStarted "step_started"
    StepProgress "step_progress"
    StepCompleted "step_completed"
    StepFailed "step_failed"
    StepRetrying "step_retrying"
    StepUndone "step_undone"
    PauseAsked "pause_asked"
    PauseAnswered "pause_answered"
    PauseExpired "pause_expired"
    PauseReminded "pause_reminded"
    PauseWithdrawn "pause_withdrawn"
    TimerSet "timer_set"
    TimerFired "timer_fired"
    ForkStarted "fork_started"
    BranchCompleted "branch_completed"
    ForkJoined "fork_joined"
    LoopIterated "loop_iterated"
    ChoiceTaken "choice_taken"
    ChildStarted "child_started"
    ChildCompleted "child_completed"
    Custom "custom"
}

/// Which events are stored. Those that are not are still told live, to whoever reads in the process that drives the run.
///
/// ```
/// use flow_runtime::{App, Events};
///
/// let app = App::builder().events(Events::all().without(["step_started", "step_progress"])).build()?;
/// # Ok::<(), flow_runtime::BuildError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Events {
    all: bool,
    except: Vec<String>,
}

impl Default for Events {
    /// All of them.
    fn default() -> Self {
        Events::all()
    }
}

impl Events {
    /// All of them.
    pub fn all() -> Self {
        Events { all: true, except: Vec::new() }
    }

    /// None of them.
    pub fn none() -> Self {
        Events { all: false, except: Vec::new() }
    }

    /// Without these kinds, by the names they are stored under: `step_started`, `choice_taken`.
    pub fn without<K: Into<String>>(mut self, kinds: impl IntoIterator<Item = K>) -> Self {
        self.except.extend(kinds.into_iter().map(Into::into));
        self
    }

    /// The choice as one number, if it names no kind that does not exist.
    pub(crate) fn chosen(&self) -> Result<Chosen, BuildError> {
        let mut bits = if self.all { u64::MAX } else { 0 };
        for kind in &self.except {
            match NAMES.iter().position(|name| name == kind) {
                Some(position) => bits &= !(1 << position),
                None => return Err(BuildError::UnknownEvent { kind: kind.clone(), known: NAMES.join(", ") }),
            }
        }
        Ok(Chosen(bits))
    }
}

/// The kinds of events that are stored, a bit for each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chosen(u64);

impl Chosen {
    pub(crate) fn has(self, tag: Tag) -> bool {
        self.0 & (1 << tag as u64) != 0
    }
}

/// An event on its way: a JSON object, written by hand because there are several for every step.
pub(crate) struct Text(String);

impl Text {
    pub(crate) fn new(tag: Tag, time: i64, path: &str) -> Self {
        let name = NAMES.get(tag as usize).copied().unwrap_or_default();
        let mut text = String::with_capacity(128);
        // Writing into a text cannot fail, here and below.
        let _ = write!(text, r#"{{"time":{time},"kind":"{name}""#);
        let text = Text(text);
        if path.is_empty() { text } else { text.text("path", path) }
    }

    pub(crate) fn text(mut self, name: &str, value: &str) -> Self {
        self.key(name);
        quote(&mut self.0, value);
        self
    }

    pub(crate) fn texts(mut self, name: &str, values: &[String]) -> Self {
        self.key(name);
        self.0.push('[');
        for (position, value) in values.iter().enumerate() {
            if position > 0 {
                self.0.push(',');
            }
            quote(&mut self.0, value);
        }
        self.0.push(']');
        self
    }

    pub(crate) fn number(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.key(name);
        let _ = write!(self.0, "{value}");
        self
    }

    /// A value that is JSON already.
    pub(crate) fn json(self, name: &str, value: &str) -> Self {
        self.number(name, value)
    }

    pub(crate) fn maybe<T>(self, value: Option<T>, add: impl FnOnce(Self, T) -> Self) -> Self {
        match value {
            Some(value) => add(self, value),
            None => self,
        }
    }

    pub(crate) fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }

    fn key(&mut self, name: &str) {
        self.0.push_str(",\"");
        self.0.push_str(name);
        self.0.push_str("\":");
    }
}

/// Whether the text of an event is one of this kind.
pub(crate) fn is(event: &str, tag: Tag) -> bool {
    let kind = event.split_once(r#","kind":""#).and_then(|(_, rest)| rest.split('"').next());
    kind.is_some() && kind == NAMES.get(tag as usize).copied()
}

fn quote(text: &mut String, value: &str) {
    if value.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        // A text always has a JSON form.
        text.push_str(&serde_json::to_string(value).unwrap_or_default());
    } else {
        text.push('"');
        text.push_str(value);
        text.push('"');
    }
}

/// What an event's text does not say, because it is the same for all of the run.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) run: String,
    pub(crate) workflow: String,
    pub(crate) session: Option<String>,
}

impl Origin {
    /// Of this run.
    pub(crate) fn of(run: &NewRun) -> Self {
        Origin { run: run.id.clone(), workflow: run.workflow.clone(), session: run.session.clone() }
    }

    /// A stored event.
    pub(crate) fn read(&self, record: &EventRecord) -> Event {
        self.event(Some(record.seq), &record.event)
    }

    /// An event of this text. One that cannot be read was written by a version to come.
    pub(crate) fn event(&self, seq: Option<u64>, text: &str) -> Event {
        #[derive(Deserialize)]
        struct Stored {
            #[serde(default)]
            time: i64,
            #[serde(default)]
            path: String,
            #[serde(flatten)]
            kind: EventKind,
        }
        let Stored { time, path, kind } =
            serde_json::from_str(text).unwrap_or(Stored { time: 0, path: String::new(), kind: EventKind::Other });
        let Origin { run, workflow, session } = self.clone();
        Event { seq, time, run, workflow, session, path, kind }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn origin() -> Origin {
        Origin { run: "r1".to_owned(), workflow: "w".to_owned(), session: None }
    }

    #[test]
    fn what_is_written_is_read() {
        let text = Text::new(Tag::StepFailed, 7, "parallel.0").text("step", "draft").number("attempt", 2);
        let text = text.text("error", "a \"quoted\"\nline \\ ü").finish();
        let event = origin().event(Some(3), &text);
        assert_eq!((event.seq, event.time, event.path.as_str()), (Some(3), 7, "parallel.0"));
        let error = "a \"quoted\"\nline \\ ü".to_owned();
        assert_eq!(event.kind, EventKind::StepFailed { step: "draft".to_owned(), attempt: 2, error });
        let text = Text::new(Tag::RunPaused, 1, "").texts("pauses", &["a-1".to_owned(), "b-2".to_owned()]).finish();
        let pauses = vec!["a-1".to_owned(), "b-2".to_owned()];
        assert_eq!(origin().event(None, &text).kind, EventKind::RunPaused { pauses });
        let text = Text::new(Tag::Custom, 1, "").text("name", "x").json("data", r#"{"a":[1]}"#).finish();
        let kind = EventKind::Custom { name: "x".to_owned(), data: serde_json::json!({ "a": [1] }) };
        assert_eq!(origin().event(None, &text).kind, kind);
    }

    #[test]
    fn every_name_is_one_of_a_kind() {
        // All that any kind needs.
        let rest = serde_json::json!({
            "time": 1, "error": "e", "step": "s", "attempt": 1, "ms": 1, "at": 1, "pause": "p", "name": "n", "until": 1,
            "times": 1, "fork": "f", "branches": 1, "branch": 1, "node": 1, "choice": "c", "child": "c",
        });
        for name in NAMES {
            let mut event = rest.clone();
            event["kind"] = (*name).into();
            let read = origin().event(Some(1), &event.to_string());
            assert_ne!(read.kind, EventKind::Other, "{name}");
            assert_eq!(serde_json::to_value(&read).unwrap()["kind"], *name);
        }
        assert_eq!(origin().event(None, r#"{"time":5,"kind":"to_come","x":1}"#).kind, EventKind::Other);
    }

    #[test]
    fn kinds_are_chosen_by_name() {
        let chosen = Events::all().without(["step_started"]).chosen().unwrap();
        assert!(!chosen.has(Tag::StepStarted) && chosen.has(Tag::StepCompleted) && chosen.has(Tag::Custom));
        assert!(!Events::none().chosen().unwrap().has(Tag::RunStarted));
        let error = Events::all().without(["step_begun"]).chosen().unwrap_err().to_string();
        assert!(error.starts_with("there is no kind of event `step_begun`: there are run_started, "), "{error}");
    }
}
