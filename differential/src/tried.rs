//! Steps with rules: they fail so often, take too long, can be undone, must not be repeated. All of it is decided by their
//! arguments and the attempt; `plain.rs` has the plain counterpart of each.

use std::{cell::Cell, time::Duration};

use flow_runtime::step;

use crate::{
    trace::{effect, effect_once, note, times_called, undone},
    values::{Error, Result},
};

thread_local! {
    /// The attempt of a plain program.
    static PLAIN: Cell<u32> = const { Cell::new(0) };
}

/// Polls a step of a plain program as its attempt of this number.
pub(crate) fn as_attempt<R>(attempt: u32, poll: impl FnOnce() -> R) -> R {
    let before = PLAIN.replace(attempt);
    let polled = poll();
    PLAIN.set(before);
    polled
}

fn attempt() -> u32 {
    match PLAIN.get() {
        0 => flow_runtime::attempt(),
        attempt => attempt,
    }
}

/// Fails in its first attempts.
#[step(retries = 3, backoff = "10ms..40ms")]
pub async fn flaky(x: u64, fails: u32) -> Result<u64> {
    trying("flaky", x, fails)
}

/// The same without rules.
#[step]
pub async fn bare(x: u64, fails: u32) -> Result<u64> {
    trying("bare", x, fails)
}

fn trying(name: &str, x: u64, fails: u32) -> Result<u64> {
    let attempt = attempt();
    note(format!("{name} {x} {fails} #{attempt}"));
    if attempt <= fails { Err(Error(format!("{name} {x} {attempt}"))) } else { Ok(x + 1) }
}

/// Whether another attempt may help.
pub fn is_transient(error: &Error) -> bool {
    error.0.starts_with("transient")
}

/// Fails in its first attempts, for the multiples of three in a way that will not pass.
#[step(retries = 3, backoff = "10ms", retry_if = is_transient)]
pub async fn picky(x: u64, fails: u32) -> Result<u64> {
    let attempt = attempt();
    note(format!("picky {x} {fails} #{attempt}"));
    match attempt <= fails {
        true if x.is_multiple_of(3) => Err(Error(format!("final {x}"))),
        true => Err(Error(format!("transient {x} {attempt}"))),
        false => Ok(x + 2),
    }
}

/// Takes too long in its first attempts.
#[step(retries = 2, backoff = "10ms", timeout = "1s")]
pub async fn tardy(x: u64, fails: u32) -> Result<u64> {
    let attempt = attempt();
    note(format!("tardy {x} {fails} #{attempt}"));
    if attempt <= fails {
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    Ok(x + 3)
}

/// Takes its time.
#[step]
pub async fn drag(x: u64, seconds: u64) -> Result<u64> {
    note(format!("drag {x} {seconds}"));
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    Ok(x + 4)
}

/// Can be undone.
#[step(undo = release)]
pub async fn reserve(what: &str, x: u64) -> Result<u64> {
    note(format!("reserve {what} {x}"));
    let ticket = x % 1009 + 100;
    effect(format!("reserve {ticket}"));
    Ok(ticket)
}

/// Undoes [`reserve`].
#[step]
pub async fn release(what: &str, x: u64, ticket: u64) -> Result<()> {
    note(format!("release {what} {x} {ticket}"));
    undone(format!("reserve {ticket}"));
    Ok(())
}

/// Can be undone, once it has worked.
#[step(retries = 2, backoff = "10ms", undo = unbook)]
pub async fn book(x: u64, fails: u32) -> Result<u64> {
    let x = trying("book", x, fails)?;
    effect(format!("book {x}"));
    Ok(x)
}

/// Undoes [`book`], when it has failed twice.
#[step(retries = 3, backoff = "10ms")]
pub async fn unbook(x: u64, fails: u32, booked: u64) -> Result<()> {
    if flow_runtime::idempotency_key().is_some() && times_called() <= 2 {
        return Err(Error("not now".to_owned()));
    }
    note(format!("unbook {x} {fails} {booked}"));
    undone(format!("book {booked}"));
    Ok(())
}

/// Must not be repeated.
#[step(once)]
pub async fn charge(x: u64) -> Result<u64> {
    note(format!("charge {x}"));
    effect_once(format!("charge {}", x + 7));
    Ok(x + 7)
}
