//! How things are written: texts, tables, times, colours, and commands to paste.

mod shell;
mod style;
mod table;
pub mod text;
mod time;

use std::io::Write as _;

pub(crate) use shell::{Shell, short};
pub(crate) use style::{BOLD, DIM, GOOD, MARK, NEWS, WRONG, paint, status};
pub(crate) use table::Table;
pub(crate) use time::{ago, at, clock, in_words, now_ms, parse_duration};

/// Writes to stdout. Colours go where they are wanted only: to terminals, and not with `NO_COLOR`.
pub(crate) fn out(text: &str) {
    // A reader that has seen enough, `head` for instance, is no error.
    let _ = anstream::stdout().lock().write_all(text.as_bytes());
}

/// As [`out`], but says whether somebody still reads.
pub(crate) fn out_while_read(text: &str) -> bool {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).is_ok()
}

/// Writes to stderr, as [`out`].
pub(crate) fn err(text: &str) {
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}
