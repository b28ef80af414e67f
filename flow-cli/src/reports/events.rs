//! `events`.

use flow_runtime::Event;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::output::{BOLD, DIM, GOOD, NEWS, WRONG, at, clock, in_words, paint};

/// `events`: one line of JSON for each event.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct EventReport {
    /// Its number in the run, from 1, without gaps. None for what is told live only.
    pub seq: Option<u64>,
    /// When.
    pub time: i64,
    /// Id of the run.
    pub run: String,
    /// Id of its workflow.
    pub workflow: String,
    /// What has happened: `step_completed`, `pause_asked`.
    pub kind: String,
    /// What else is told: `step`, `attempt`, `pause`, `path`; it depends on the kind.
    #[serde(flatten)]
    pub data: Map<String, Value>,
}

impl EventReport {
    pub(crate) fn of(event: &Event) -> Self {
        let mut data = match serde_json::to_value(event) {
            Ok(Value::Object(data)) => data,
            _ => Map::new(),
        };
        for field in ["seq", "time", "run", "workflow", "kind"] {
            data.shift_remove(field);
        }
        let Event { seq, time, run, workflow, kind, .. } = event;
        let (run, workflow, kind) = (run.clone(), workflow.clone(), kind.name().to_owned());
        EventReport { seq: *seq, time: *time, run, workflow, kind, data }
    }

    /// A line for people.
    pub(crate) fn text(&self) -> String {
        let seq = self.seq.map_or_else(|| "live".to_owned(), |seq| seq.to_string());
        let style = match self.kind.as_str() {
            kind if kind.ends_with("_failed") || kind.ends_with("_expired") => WRONG,
            kind if kind.starts_with("pause_") => NEWS,
            "run_completed" | "step_completed" => GOOD,
            kind if kind.starts_with("run_") => BOLD,
            _ => anstyle::Style::new(),
        };
        let kind = self.kind.replace('_', " ");
        let mut told = Vec::new();
        for (name, value) in &self.data {
            told.push(match (name.as_str(), value) {
                ("path" | "session", _) => continue,
                ("ms", Value::Number(ms)) => in_words(ms.as_i64().unwrap_or(0)),
                ("attempt", Value::Number(attempt)) if attempt.as_u64() == Some(1) => continue,
                ("at" | "until" | "deadline", Value::Number(time)) => {
                    format!("{name} {}", at(time.as_i64().unwrap_or(0)))
                }
                ("step" | "pause" | "name" | "fork" | "child" | "choice" | "error" | "message", value) => {
                    crate::form::label(value)
                }
                (name, value) => format!("{name} {}", crate::form::label(value)),
            });
        }
        let path = self.data.get("path").and_then(Value::as_str).unwrap_or_default();
        let path = if path.is_empty() { String::new() } else { format!("  {}", paint(DIM, path)) };
        let told = if told.is_empty() { String::new() } else { format!("  {}", told.join("  ")) };
        format!("{} {seq:>5}  {}{told}{path}\n", paint(DIM, &clock(self.time)), paint(style, &kind))
    }
}
