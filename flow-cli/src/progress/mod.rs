//! What a run does, while it does it: lines that move on a terminal, lines that stay elsewhere.

mod live;
mod words;

use std::io::IsTerminal as _;

use flow_runtime::Event;

use self::{live::Live, words::Words};
use crate::{
    context::Kit,
    output::{self, DIM, paint},
};

/// What a run does, on stderr.
pub(crate) enum Progress {
    /// Nobody wants to know.
    Silent,
    /// A line for everything that has happened.
    Lines(Words),
    /// The same, with what is at work now below.
    Live(Words, Box<Live>),
}

impl Progress {
    pub(crate) fn new(kit: &Kit) -> Self {
        if kit.options.json || kit.options.quiet {
            return Progress::Silent;
        }
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        match std::io::stderr().is_terminal() && !is_dumb {
            true => Progress::Live(Words::default(), Box::new(Live::new())),
            false => Progress::Lines(Words::default()),
        }
    }

    /// Whether events are of use.
    pub(crate) fn wants_events(&self) -> bool {
        !matches!(self, Progress::Silent)
    }

    /// Something has happened.
    pub(crate) fn see(&mut self, event: &Event) {
        match self {
            Progress::Silent => {}
            Progress::Lines(words) => {
                if let Some(line) = words.line(event) {
                    output::err(&format!("{line}\n"));
                }
            }
            Progress::Live(words, live) => {
                if let Some(line) = words.line(event) {
                    live.print(&line);
                }
                live.see(event, words);
            }
        }
    }

    /// Says something that is no event.
    pub(crate) fn note(&mut self, text: &str) {
        match self {
            Progress::Silent | Progress::Lines(_) => output::err(&format!("{}\n", paint(DIM, text))),
            Progress::Live(_, live) => live.print(&paint(DIM, text)),
        }
    }

    /// Leaves the terminal to others.
    pub(crate) fn rest(&mut self) {
        if let Progress::Live(_, live) = self {
            live.clear();
        }
    }
}
