//! Colours: few, and never the only sign.

use anstyle::{AnsiColor, Style};

/// Names and ids.
pub(crate) const BOLD: Style = Style::new().bold();
/// What is there for completeness.
pub(crate) const DIM: Style = Style::new().dimmed();
/// What went well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// What went wrong.
pub(crate) const WRONG: Style = AnsiColor::Red.on_default();
/// What waits for somebody.
pub(crate) const NEWS: Style = AnsiColor::Yellow.on_default();
/// What can be typed.
pub(crate) const MARK: Style = AnsiColor::Cyan.on_default();

/// A text in a style. It goes through a stream that takes the style out where it is not wanted.
pub(crate) fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// The style of a run's status.
pub(crate) fn status(status: &str) -> Style {
    match status {
        "completed" => GOOD,
        "failed" => WRONG,
        "paused" | "undoing" => NEWS,
        "running" => MARK,
        _ => DIM,
    }
}
