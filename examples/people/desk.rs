//! What the workflows of this program do apart from asking: they write letters and send them.

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use flow_runtime::prelude::*;

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Somebody has said no.
    #[error("{who} said no{}", .why.as_deref().map(|why| format!(": {why}")).unwrap_or_default())]
    Rejected {
        /// Who, if they gave their name.
        who: String,
        /// Why, if they said so.
        why: Option<String>,
    },
    /// Nobody has said anything.
    #[error(transparent)]
    TimedOut(#[from] TimedOut),
    /// A letter without an address.
    #[error("`{to}` is no address: it has no postcode")]
    NoAddress {
        /// What is on the envelope.
        to: String,
    },
    /// The list of what was done cannot be written.
    #[error("the outbox cannot be written")]
    Outbox(#[from] io::Error),
}

impl Error {
    /// Somebody has said no, and perhaps who and why.
    pub(crate) fn rejected<A>(given: Answered<A>) -> Self {
        Error::Rejected { who: given.by.unwrap_or_else(|| "somebody".to_owned()), why: given.comment }
    }
}

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// Writes down what was done: in a file, and for tests.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    outbox: Option<PathBuf>,
    done: Mutex<Vec<String>>,
}

impl Desk {
    /// A desk with an outbox, a line for each thing done.
    pub(crate) fn with_outbox(outbox: PathBuf) -> Self {
        Desk { outbox: Some(outbox), done: Mutex::default() }
    }

    /// What was done since the last look.
    #[cfg(test)]
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.done.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, line: String) -> Result<()> {
        if let Some(path) = &self.outbox {
            writeln!(OpenOptions::new().create(true).append(true).open(path)?, "{line}")?;
        }
        self.done.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        Ok(())
    }
}

/// Writes a letter.
#[step]
pub(crate) async fn write(desk: &Desk, topic: &str) -> Result<String> {
    desk.note(format!("write {topic}"))?;
    Ok(format!("About {topic}."))
}

/// Writes a letter again, as somebody wants it.
#[step]
pub(crate) async fn rewrite(desk: &Desk, letter: &str, wish: &str) -> Result<String> {
    desk.note(format!("rewrite {wish}"))?;
    Ok(format!("{letter} {wish}."))
}

/// Hands a letter to the post office.
#[step]
pub(crate) async fn send(desk: &Desk, to: &str, letter: &str) -> Result<()> {
    desk.note(format!("send {to}: {letter}"))
}

/// Hands a letter to the post office, which looks at the address.
#[step]
pub(crate) async fn register(desk: &Desk, to: &str) -> Result<String> {
    if !to.contains(|letter: char| letter.is_ascii_digit()) {
        return Err(Error::NoAddress { to: to.to_owned() });
    }
    desk.note(format!("register {to}"))?;
    Ok(format!("registered to {to}"))
}

/// Puts a letter into a folder.
#[step]
pub(crate) async fn keep(desk: &Desk, letter: &str) -> Result<()> {
    desk.note(format!("keep {letter}"))
}

/// Pays a bill.
#[step]
pub(crate) async fn pay(desk: &Desk, to: &str, euros: u32) -> Result<()> {
    desk.note(format!("pay {euros} to {to}"))
}
