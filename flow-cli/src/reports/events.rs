//! `events`.

use flow_report::EventReport;
use serde_json::Value;

use super::Report;
use crate::output::{BOLD, DIM, GOOD, NEWS, WRONG, at, clock, in_words, paint};

impl Report for EventReport {
    /// A line.
    fn text(&self) -> String {
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
