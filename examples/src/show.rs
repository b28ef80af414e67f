//! Runs and questions as text.

use std::{
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use flow_runtime::{
    OpenPause,
    store::{FrameRecord, PauseRecord, RunRecord},
};
use serde_json::{Value, json};

use crate::{sample::Choice, text};

/// The end of a run's id: the part that differs between runs started at the same time.
pub(crate) fn short(id: &str) -> &str {
    // Ids are ASCII, and 12 digits are the last group of one.
    id.rsplit('-').next().unwrap_or(id)
}

/// JSON for scripts, indented for the people who write them.
pub(crate) fn json(value: &Value) -> String {
    format!("{value:#}\n")
}

/// How this program is called.
pub(crate) struct Shell {
    program: String,
    db: Option<String>,
}

impl Shell {
    pub(crate) fn new(name: &str, db: Option<&Path>) -> Self {
        let program = match std::env::var_os("CARGO") {
            // Cargo sets this for what it runs.
            Some(_) => format!("cargo run -q --example {name} --"),
            None => quote(&std::env::args().next().unwrap_or_else(|| name.to_owned())),
        };
        Shell { program, db: db.map(|db| quote(&db.to_string_lossy())) }
    }

    /// A command line of this program, to be pasted.
    pub(crate) fn command(&self, words: &[&str]) -> String {
        let mut line = self.program.clone();
        for word in words {
            line.push(' ');
            line.push_str(&quote(word));
        }
        if let Some(db) = &self.db {
            line.push_str(" --db ");
            line.push_str(db);
        }
        line
    }
}

fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// A question with the commands that answer it.
pub(crate) fn question(run: &str, pause: &OpenPause, about: &str, choices: &[Choice], commands: &[String]) -> String {
    let mut out = format!("Run {run} waits for an answer.\n\n{}\n", text::indent(about, "    "));
    if !pause.question().is_empty() {
        out.push_str(&format!("{}\n\n", text::wrap(pause.question())));
    }
    for (choice, command) in choices.iter().zip(commands) {
        if !choice.doc.is_empty() {
            out.push_str(&text::indent(&text::wrap(&choice.doc), "  # "));
        }
        out.push_str(&format!("  {command}\n"));
    }
    out
}

/// What is known of a run.
pub(crate) fn run(record: &RunRecord, frames: &[FrameRecord], pauses: &[PauseRecord]) -> Value {
    let parse = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| json!(text));
    let mut shown = json!({
        "run": record.run.id,
        "status": record.status.as_str(),
        "started": time(record.run.created_at),
        "changed": time(record.updated_at),
        "input": parse(&record.run.input),
    });
    let frame = |frame: &FrameRecord| match frame.path.as_str() {
        "" => json!(frame.at),
        path => json!(format!("{} in {path}", frame.at)),
    };
    let pause = |pause: &PauseRecord| {
        let answer = pause.answer.as_ref();
        json!({
            "pause": pause.pause.id,
            "asked": time(pause.pause.asked_at),
            "answer": answer.map(|answer| parse(&answer.value)),
            "by": answer.and_then(|answer| answer.by.as_deref()),
        })
    };
    if !frames.is_empty() {
        shown["stands_at"] = frames.iter().map(frame).collect();
    }
    if !pauses.is_empty() {
        shown["asked"] = pauses.iter().map(pause).collect();
    }
    if let Some(output) = &record.output {
        shown["output"] = parse(output);
    }
    if let Some(failure) = &record.failure {
        shown["failure"] = parse(failure);
    }
    shown
}

/// Runs as a table.
pub(crate) fn list(runs: &[RunRecord], title: impl Fn(&str) -> String, db: &Path) -> String {
    if runs.is_empty() {
        return format!("No runs in {} yet.\n", db.display());
    }
    let row = |record: &RunRecord| {
        let (id, status) = (short(&record.run.id).to_owned(), record.status.to_string());
        vec![id, status, ago(record.run.created_at), text::shorten(&title(&record.run.input), 60)]
    };
    text::columns(&runs.iter().map(row).collect::<Vec<_>>())
}

/// A time as people in all countries read it, in UTC.
fn time(ms: i64) -> String {
    // Days to a date, after Howard Hinnant's `civil_from_days`.
    let (days, seconds) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000) / 1000);
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn ago(ms: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let seconds = now.as_secs().saturating_sub(u64::try_from(ms / 1000).unwrap_or(0));
    match seconds {
        0..60 => format!("{seconds} s ago"),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..86_400 => format!("{} h ago", seconds / 3600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(time(0), "1970-01-01T00:00:00Z");
        assert_eq!(time(951_782_400_000), "2000-02-29T00:00:00Z");
        assert_eq!(time(1_767_225_599_999), "2025-12-31T23:59:59Z");
    }

    #[test]
    fn commands_can_be_pasted() {
        assert_eq!(quote("approve-1"), "approve-1");
        assert_eq!(quote(r#"{"why":"it's late"}"#), r#"'{"why":"it'\''s late"}'"#);
    }
}
