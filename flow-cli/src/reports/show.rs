//! `show`.

use flow_runtime::Failure;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::Report;
use crate::output::{BOLD, DIM, GOOD, MARK, NEWS, Table, WRONG, ago, at, in_words, now_ms, paint, short, status, text};

/// `show`: one run.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ShowReport {
    /// Its id.
    pub run: String,
    /// Id of its workflow.
    pub workflow: String,
    /// How it stands: `running`, `paused`, `undoing`, `completed`, `failed`, `cancelled`.
    pub status: String,
    /// Its session.
    pub session: Option<String>,
    /// On whose behalf it runs.
    pub user: Option<String>,
    /// The name of its start.
    pub key: Option<String>,
    /// Which of several goes first.
    pub priority: i32,
    /// What else was said at its start.
    pub metadata: Option<Value>,
    /// When it was started.
    pub created_at: i64,
    /// When it last changed its status.
    pub updated_at: i64,
    /// When it has to be done.
    pub deadline: Option<i64>,
    /// When it goes on by itself.
    pub wake: Option<i64>,
    /// Its input.
    pub input: Value,
    /// The attempts at its steps, in the order in which they began, as far as events of them are kept.
    pub attempts: Vec<AttemptReport>,
    /// What it has asked, in this order.
    pub pauses: Vec<PauseReport>,
    /// Where it stands, and what lives there.
    pub frames: Vec<FrameReport>,
    /// What it has returned.
    pub output: Option<Value>,
    /// Why it has failed.
    pub failure: Option<FailureReport>,
    #[serde(skip)]
    pub(crate) shown: String,
}

/// An attempt at a step.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AttemptReport {
    /// The step.
    pub step: String,
    /// Where: empty for the workflow's body, `parallel.1` for the second branch of its fork.
    pub path: String,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// When it began; not known if only its end was told.
    pub started_at: Option<i64>,
    /// How long it took, in milliseconds; not known of one that has not ended.
    pub ms: Option<u64>,
    /// What became of it: `running`, `completed`, `failed`, `undone`.
    pub state: String,
    /// Why it has failed.
    pub error: Option<String>,
}

/// A question.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PauseReport {
    /// Unique in its run: `approve-2`.
    pub id: String,
    /// What kind of question it is: `approve`.
    pub name: String,
    /// Where it was asked.
    pub path: String,
    /// How it stands: `open`, `answered`, `timed_out`, `withdrawn`.
    pub state: String,
    /// The question in words.
    pub question: String,
    /// What it is about.
    pub prompt: Value,
    /// JSON Schema of the answer.
    pub schema: Value,
    /// When it was asked.
    pub asked_at: i64,
    /// By when it has to be answered.
    pub deadline: Option<i64>,
    /// Who may answer.
    pub allowed: AllowedReport,
    /// How often the same was asked before.
    pub asked_before: u32,
    /// How often somebody was reminded of it.
    pub reminded: u32,
    /// The answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Value>,
    /// Who gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What they said with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// When it was answered, timed out or was withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<i64>,
    /// Ways to answer it, if it is open.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ways: Vec<Way>,
    #[serde(skip)]
    pub(crate) about: String,
}

/// Who may answer: these users and everybody with one of these roles, or anyone if neither is named; but none of `except`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AllowedReport {
    /// These users.
    pub users: Vec<String>,
    /// Everybody with one of these roles.
    pub roles: Vec<String>,
    /// None of these.
    pub except: Vec<String>,
    #[serde(skip)]
    pub(crate) words: String,
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

/// Where a line of control stands.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FrameReport {
    /// Empty for the workflow's body, `parallel.1` for the second branch of its fork.
    pub path: String,
    /// The point it has reached.
    pub at: String,
    /// The question it waits at.
    pub pause: Option<String>,
    /// When it wants to go on.
    pub wake: Option<i64>,
    /// What is saved there.
    pub bindings: Vec<BindingReport>,
}

/// A saved binding.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BindingReport {
    /// Its name in the workflow.
    pub name: String,
    /// Its value.
    pub value: Value,
}

/// Why a run has failed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FailureReport {
    /// The error and its sources, the outermost first.
    pub chain: Vec<String>,
    /// The branch that failed; empty for the workflow's body.
    pub path: String,
    /// The last point it had reached.
    pub after: Option<String>,
    /// What could not be undone, and why.
    pub not_undone: Vec<String>,
}

impl FailureReport {
    pub(crate) fn of(failure: &Failure) -> Self {
        FailureReport {
            chain: failure.chain().to_vec(),
            path: failure.path().to_owned(),
            after: failure.after().map(str::to_owned),
            not_undone: failure.not_undone().to_vec(),
        }
    }

    /// As the end of a sentence: " after `draft done`: …".
    pub(crate) fn text(&self) -> String {
        let branch = if self.path.is_empty() { String::new() } else { format!(" in branch `{}`", self.path) };
        let after = self.after.as_ref().map(|after| format!(" after `{after}`")).unwrap_or_default();
        let mut out = format!("{branch}{after}: {}", self.chain.join("\n  because "));
        self.not_undone.iter().for_each(|what| out.push_str(&format!("\n  and {what}")));
        out
    }
}

impl PauseReport {
    /// The question with the commands that answer it.
    pub(crate) fn question_text(&self) -> String {
        let mut out = format!("{}{}\n", paint(BOLD, &self.id), paint(DIM, &self.when()));
        if !self.about.trim().is_empty() {
            out.push_str(&format!("\n{}", text::indent(&self.about, "    ")));
        }
        if !self.question.is_empty() {
            out.push_str(&format!("\n{}\n", text::wrap(&self.question)));
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
        let branch = if self.path.is_empty() { String::new() } else { format!("  in {}", self.path) };
        let mut remarks = Vec::new();
        if now_ms() - self.asked_at > 60_000 {
            remarks.push(format!("asked {}", ago(self.asked_at)));
        }
        if let Some(deadline) = self.deadline {
            remarks.push(format!("to be answered by {} ({})", at(deadline), ago(deadline)));
        }
        if !self.allowed.words.is_empty() {
            remarks.push(format!("for {}", self.allowed.words));
        }
        match self.asked_before {
            0 => {}
            1 => remarks.push("asked once before".to_owned()),
            times => remarks.push(format!("asked {times} times before")),
        }
        if remarks.is_empty() { branch } else { format!("{branch}  {}", remarks.join(", ")) }
    }

    fn line(&self) -> [(anstyle::Style, String); 3] {
        let style = match self.state.as_str() {
            "open" => NEWS,
            "answered" => GOOD,
            _ => DIM,
        };
        let answer = self.answer.as_ref().map(|answer| text::shorten(&answer.to_string(), 60));
        let by = self.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        let when = self.settled_at.map(|when| format!(", {}", ago(when))).unwrap_or_default();
        let comment = self.comment.as_ref().map(|comment| format!(": {comment}")).unwrap_or_default();
        let state = format!("{}{by}{when}{comment}", self.state.replace('_', " "));
        [(BOLD, self.id.clone()), (style, state), (anstyle::Style::new(), answer.unwrap_or_default())]
    }
}

impl Report for ShowReport {
    fn text(&self) -> String {
        let mut out = format!("{} {}  {}\n", paint(BOLD, short(&self.run)), self.workflow, self.status_text());
        out.push_str(&text::columns(&self.facts()));
        out.push_str(&section("Input", &text::render(&self.input)));
        if !self.attempts.is_empty() {
            out.push_str(&section("Steps", &self.attempts_text()));
        }
        let asked: Vec<&PauseReport> = self.pauses.iter().filter(|pause| pause.state != "open").collect();
        if !asked.is_empty() {
            let mut table = Table::new(&["QUESTION", "", "ANSWER"]);
            asked.iter().for_each(|pause| table.row(pause.line()));
            out.push_str(&section("Asked", &table.to_string()));
        }
        for frame in self.frames.iter().filter(|frame| !frame.bindings.is_empty()) {
            let branch = if frame.path.is_empty() { String::new() } else { format!(" in {}", frame.path) };
            let row = |binding: &BindingReport| {
                vec![binding.name.clone(), text::shorten(&crate::form::label(&binding.value).replace('\n', " "), 80)]
            };
            let rows: Vec<Vec<String>> = frame.bindings.iter().map(row).collect();
            out.push_str(&section(&format!("Saved at `{}`{branch}", frame.at), &text::columns(&rows)));
        }
        if !self.shown.is_empty() {
            out.push_str(&section("Output", &self.shown));
        }
        if let Some(failure) = &self.failure {
            out.push_str(&format!("\n{} it failed{}\n", paint(WRONG, "error:"), failure.text()));
        }
        for pause in self.pauses.iter().filter(|pause| pause.state == "open") {
            out.push_str(&format!("\n{} {}", paint(NEWS, "?"), pause.question_text()));
        }
        out
    }
}

impl ShowReport {
    fn status_text(&self) -> String {
        let took = in_words(self.updated_at - self.created_at);
        let how = match self.status.as_str() {
            "completed" | "failed" | "cancelled" => format!(" after {took}"),
            _ => format!(", {}", ago(self.updated_at)),
        };
        format!("{}{}", paint(status(&self.status), &self.status), paint(DIM, &how))
    }

    fn facts(&self) -> Vec<Vec<String>> {
        let moment = |time: i64| format!("{} ({})", at(time), ago(time));
        let facts = [
            ("id", Some(self.run.clone())),
            ("started", Some(moment(self.created_at))),
            ("deadline", self.deadline.map(moment)),
            ("goes on", self.wake.filter(|_| self.status == "paused").map(moment)),
            ("session", self.session.clone()),
            ("user", self.user.clone()),
            ("key", self.key.clone()),
            ("priority", (self.priority != 0).then(|| self.priority.to_string())),
            ("metadata", self.metadata.as_ref().map(Value::to_string)),
        ];
        let some = facts.into_iter().filter_map(|(name, value)| Some((name, value?)));
        some.map(|(name, value)| vec![format!("  {name}"), value]).collect()
    }

    fn attempts_text(&self) -> String {
        let mut table = Table::new(&["STEP", "", "TOOK", "BEGAN"]);
        for attempt in &self.attempts {
            let depth = if attempt.path.is_empty() { 0 } else { attempt.path.split('/').count() };
            let branch = if depth == 0 { String::new() } else { format!("  ({})", attempt.path) };
            let again = if attempt.attempt > 1 { format!("  attempt {}", attempt.attempt) } else { String::new() };
            let (style, sign) = match attempt.state.as_str() {
                "completed" => (GOOD, "✓"),
                "failed" => (WRONG, "✗"),
                "undone" => (DIM, "↩"),
                _ => (MARK, "…"),
            };
            let error = attempt.error.as_ref().map(|error| format!(": {}", text::shorten(error, 70)));
            let state = format!("{sign} {}{again}{}", attempt.state, error.unwrap_or_default());
            let took = attempt.ms.map(|ms| in_words(i64::try_from(ms).unwrap_or(i64::MAX))).unwrap_or_default();
            let began = attempt.started_at.map(|began| format!("+{}", in_words(began - self.created_at)));
            let step = format!("{}{}{branch}", "  ".repeat(depth), attempt.step);
            let plain = anstyle::Style::new();
            table.row([(plain, step), (style, state), (plain, took), (DIM, began.unwrap_or_default())]);
        }
        table.to_string()
    }
}

fn section(name: &str, body: &str) -> String {
    format!("\n{}\n{}", paint(BOLD, name), text::indent(body, "  "))
}
