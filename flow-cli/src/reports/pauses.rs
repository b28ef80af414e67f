//! Questions, with the commands that answer them.

use flow_runtime::Allowed;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::output::{BOLD, DIM, GOOD, MARK, NEWS, ago, at, now_ms, paint, text};

/// A question, and how it is answered here.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PauseReport {
    /// The question, and what became of it.
    #[serde(flatten)]
    pub pause: flow_report::PauseReport,
    /// Ways to answer it, if it is open.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ways: Vec<Way>,
    /// What it is about, as the program shows it.
    #[serde(skip)]
    pub(crate) about: String,
}

/// A way to answer.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Way {
    /// What it means.
    pub doc: String,
    /// An answer of this kind.
    pub answer: Value,
    /// The command that gives it.
    pub command: String,
}

impl PauseReport {
    /// The question with the commands that answer it.
    pub(crate) fn question_text(&self) -> String {
        let mut out = format!("{}{}\n", paint(BOLD, &self.pause.id), paint(DIM, &self.when()));
        if !self.about.trim().is_empty() {
            out.push_str(&format!("\n{}", text::indent(&self.about, "    ")));
        }
        if !self.pause.question.is_empty() {
            out.push_str(&format!("\n{}\n", text::wrap(&self.pause.question)));
        }
        if !self.ways.is_empty() {
            out.push('\n');
        }
        for Way { doc, command, .. } in &self.ways {
            if !doc.is_empty() {
                out.push_str(&paint(DIM, text::indent(&text::wrap(doc), "  # ").trim_end()));
                out.push('\n');
            }
            out.push_str(&format!("  {}\n", paint(MARK, command)));
        }
        out
    }

    /// When it was asked, by when and by whom it has to be answered.
    pub(crate) fn when(&self) -> String {
        let branch = if self.pause.path.is_empty() { String::new() } else { format!("  in {}", self.pause.path) };
        let mut remarks = Vec::new();
        if now_ms() - self.pause.asked_at > 60_000 {
            remarks.push(format!("asked {}", ago(self.pause.asked_at)));
        }
        if let Some(deadline) = self.pause.deadline {
            remarks.push(format!("to be answered by {} ({})", at(deadline), ago(deadline)));
        }
        let allowed = Allowed::from(&self.pause.allowed);
        if !allowed.is_anyone() {
            remarks.push(format!("for {allowed}"));
        }
        match self.pause.asked_before {
            0 => {}
            1 => remarks.push("asked once before".to_owned()),
            times => remarks.push(format!("asked {times} times before")),
        }
        if remarks.is_empty() { branch } else { format!("{branch}  {}", remarks.join(", ")) }
    }

    /// What became of it, as a row of a table.
    pub(crate) fn line(&self) -> [(anstyle::Style, String); 3] {
        let style = match self.pause.state.as_str() {
            "open" => NEWS,
            "answered" => GOOD,
            _ => DIM,
        };
        let answer = self.pause.answer.as_ref().map(|answer| text::shorten(&answer.to_string(), 60));
        let by = self.pause.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        let when = self.pause.settled_at.map(|when| format!(", {}", ago(when))).unwrap_or_default();
        let comment = self.pause.comment.as_ref().map(|comment| format!(": {comment}")).unwrap_or_default();
        let state = format!("{}{by}{when}{comment}", self.pause.state.replace('_', " "));
        [(BOLD, self.pause.id.clone()), (style, state), (anstyle::Style::new(), answer.unwrap_or_default())]
    }
}
