//! `show`.

use flow_report::{BindingReport, FailureReport};
use serde_json::Value;

use super::PauseReport;
use crate::output::{BOLD, DIM, GOOD, MARK, NEWS, Table, WRONG, ago, at, in_words, paint, short, status, text};

/// `show`: one run, with the commands that answer what it asks.
pub type ShowReport = flow_report::ShowReport<PauseReport>;

/// A run for people. `output` is what it has returned, as the program shows it.
pub(crate) fn show_text(run: &ShowReport, output: &str) -> String {
    let mut out = format!("{} {}  {}\n", paint(BOLD, short(&run.run)), run.workflow, status_text(run));
    out.push_str(&text::columns(&facts(run)));
    out.push_str(&section("Input", &text::render(&run.input)));
    if !run.attempts.is_empty() {
        out.push_str(&section("Steps", &attempts_text(run)));
    }
    let asked: Vec<&PauseReport> = run.pauses.iter().filter(|asked| asked.pause.state != "open").collect();
    if !asked.is_empty() {
        let mut table = Table::new(&["QUESTION", "", "ANSWER"]);
        asked.iter().for_each(|pause| table.row(pause.line()));
        out.push_str(&section("Asked", &table.to_string()));
    }
    for frame in run.frames.iter().filter(|frame| !frame.bindings.is_empty()) {
        let branch = if frame.path.is_empty() { String::new() } else { format!(" in {}", frame.path) };
        let row = |binding: &BindingReport| {
            vec![binding.name.clone(), text::shorten(&crate::form::label(&binding.value).replace('\n', " "), 80)]
        };
        let rows: Vec<Vec<String>> = frame.bindings.iter().map(row).collect();
        out.push_str(&section(&format!("Saved at `{}`{branch}", frame.at), &text::columns(&rows)));
    }
    if !output.is_empty() {
        out.push_str(&section("Output", output));
    }
    if let Some(failure) = &run.failure {
        out.push_str(&format!("\n{} it failed{}\n", paint(WRONG, "error:"), failure_text(failure)));
    }
    for asked in run.pauses.iter().filter(|asked| asked.pause.state == "open") {
        out.push_str(&format!("\n{} {}", paint(NEWS, "?"), asked.question_text()));
    }
    out
}

fn status_text(run: &ShowReport) -> String {
    let took = in_words(run.updated_at - run.created_at);
    let how = match run.status.as_str() {
        "completed" | "failed" | "cancelled" => format!(" after {took}"),
        _ => format!(", {}", ago(run.updated_at)),
    };
    format!("{}{}", paint(status(&run.status), &run.status), paint(DIM, &how))
}

fn facts(run: &ShowReport) -> Vec<Vec<String>> {
    let moment = |time: i64| format!("{} ({})", at(time), ago(time));
    let facts = [
        ("id", Some(run.run.clone())),
        ("started", Some(moment(run.created_at))),
        ("deadline", run.deadline.map(moment)),
        ("goes on", run.wake.filter(|_| run.status == "paused").map(moment)),
        ("session", run.session.clone()),
        ("user", run.user.clone()),
        ("key", run.key.clone()),
        ("priority", (run.priority != 0).then(|| run.priority.to_string())),
        ("metadata", run.metadata.as_ref().map(Value::to_string)),
    ];
    let some = facts.into_iter().filter_map(|(name, value)| Some((name, value?)));
    some.map(|(name, value)| vec![format!("  {name}"), value]).collect()
}

fn attempts_text(run: &ShowReport) -> String {
    let mut table = Table::new(&["STEP", "", "TOOK", "BEGAN"]);
    for attempt in &run.attempts {
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
        let began = attempt.started_at.map(|began| format!("+{}", in_words(began - run.created_at)));
        let step = format!("{}{}{branch}", "  ".repeat(depth), attempt.step);
        let plain = anstyle::Style::new();
        table.row([(plain, step), (style, state), (plain, took), (DIM, began.unwrap_or_default())]);
    }
    table.to_string()
}

fn section(name: &str, body: &str) -> String {
    format!("\n{}\n{}", paint(BOLD, name), text::indent(body, "  "))
}

/// A failure as the end of a sentence: " after `draft done`: …".
pub(crate) fn failure_text(failure: &FailureReport) -> String {
    let FailureReport { chain, path, after, not_undone } = failure;
    let branch = if path.is_empty() { String::new() } else { format!(" in branch `{path}`") };
    let after = after.as_ref().map(|after| format!(" after `{after}`")).unwrap_or_default();
    let mut out = format!("{branch}{after}: {}", chain.join("\n  because "));
    not_undone.iter().for_each(|what| out.push_str(&format!("\n  and {what}")));
    out
}
