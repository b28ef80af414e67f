//! The steps that programs of this test call. Each is a pure function of its arguments and writes itself into the trace.

use std::{
    fmt::Debug,
    future::{Future, poll_fn},
    task::Poll,
};

use flow_runtime::step;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    trace::note,
    values::{Error, Fault, Record, Result, Shape},
};

/// Keeps numbers small.
const MODULUS: u64 = 1009;

fn failure(name: &str, x: u64) -> Error {
    Error(format!("{name} {x}"))
}

/// Adds.
#[step]
pub async fn add(x: u64, y: u64) -> Result<u64> {
    note(format!("add {x} {y}"));
    Ok((x % MODULUS + y % MODULUS) % MODULUS)
}

/// Counts up to a number.
#[step]
pub async fn list(n: u64) -> Result<Vec<u64>> {
    note(format!("list {n}"));
    Ok((0..n).collect())
}

/// A text about a number.
#[step]
pub async fn describe(x: &u64) -> Result<String> {
    note(format!("describe {x}"));
    Ok(format!("<{x}>"))
}

/// Nothing for the multiples of three.
#[step]
pub async fn opt(x: u64) -> Result<Option<u64>> {
    note(format!("opt {x}"));
    Ok((!x.is_multiple_of(3)).then_some(x))
}

/// `x` as long as it is below `end`.
#[step]
pub async fn below(x: u64, end: u64) -> Result<Option<u64>> {
    note(format!("below {x} {end}"));
    Ok((x < end).then_some(x))
}

/// Whether a number is a multiple of another.
#[step]
pub async fn is(x: u64, of: u64) -> Result<bool> {
    note(format!("is {x} {of}"));
    Ok(x.is_multiple_of(of))
}

/// One of the shapes.
#[step]
pub async fn shape(x: u64) -> Result<Shape> {
    note(format!("shape {x}"));
    Ok(match x % 4 {
        0 => Shape::Dot,
        1 => Shape::Line(x / 4),
        2 => Shape::Area { w: x % 7, h: x % 5 },
        _ => Shape::Named(format!("n{x}")),
    })
}

/// Two texts as one.
#[step]
pub async fn join(a: &str, b: &str) -> Result<String> {
    note(format!("join {a} {b}"));
    let joined = format!("{a}{b}");
    // Programs put texts together in loops.
    Ok(if joined.len() > 40 { format!("{}~{}", &joined[..8], joined.len()) } else { joined })
}

/// Takes a text and gives its length.
#[step]
pub async fn consume(text: String) -> Result<u64> {
    note(format!("consume {text}"));
    Ok(text.len() as u64)
}

/// A tuple.
#[step]
pub async fn pair(x: u64) -> Result<(u64, String)> {
    note(format!("pair {x}"));
    Ok((x + 1, format!("p{x}")))
}

/// A struct.
#[step]
pub async fn record(x: u64) -> Result<Record> {
    note(format!("record {x}"));
    Ok(Record { count: x, label: format!("r{x}"), tags: vec![x % 3, x % 5] })
}

/// Sums a list up.
#[step]
pub async fn total(of: &[u64]) -> Result<u64> {
    note(format!("total {of:?}"));
    Ok(of.iter().sum::<u64>() % MODULUS)
}

/// Fails for the multiples of `of`.
#[step]
pub async fn fail_on(x: u64, of: u64) -> Result<u64> {
    note(format!("fail_on {x} {of}"));
    if x.is_multiple_of(of) { Err(failure("fail_on", x)) } else { Ok(x) }
}

/// Fails with another error.
#[step]
pub async fn checked(x: u64, end: u64) -> Result<u64, Fault> {
    note(format!("checked {x} {end}"));
    if x > end { Err(Fault(x)) } else { Ok(x) }
}

/// Returns something that is no `Result`.
#[step]
pub async fn plain(x: u64) -> u64 {
    note(format!("plain {x}"));
    x + 2
}

/// Returns nothing.
#[step]
pub async fn tell(text: &str) {
    note(format!("tell {text}"));
}

/// Returns nothing, or fails.
#[step]
pub async fn ensure(holds: bool) -> Result<()> {
    note(format!("ensure {holds}"));
    if holds { Ok(()) } else { Err(failure("ensure", 0)) }
}

/// Returns something `?` has to be written twice for.
#[step]
pub async fn twice(x: u64, of: u64) -> Result<Result<u64>> {
    note(format!("twice {x} {of}"));
    Ok(if x.is_multiple_of(of) { Err(failure("twice", x)) } else { Ok(x) })
}

/// Waits once, so that other branches run meanwhile.
#[step]
pub async fn slow(x: u64) -> Result<u64> {
    let mut waited = false;
    poll_fn(|task| {
        if waited {
            return Poll::Ready(());
        }
        waited = true;
        task.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
    note(format!("slow {x}"));
    Ok(x + 1)
}

/// A generic step.
#[step]
pub async fn same<T: Debug + Send>(value: T) -> Result<T> {
    note(format!("same {value:?}"));
    Ok(value)
}

/// A generic step with a bound that a program can save.
#[step]
pub async fn first<T: Clone + Debug + Send + Sync + Serialize + DeserializeOwned>(of: &[T]) -> Result<Option<T>> {
    note(format!("first {of:?}"));
    Ok(of.first().cloned())
}

/// Something a program depends on.
#[derive(Debug)]
pub struct Offset(pub u64);

/// Takes a dependency.
#[step]
pub async fn shifted(offset: &Offset, x: u64) -> Result<u64> {
    note(format!("shifted {x}"));
    Ok(x + offset.0)
}

/// What a generic program depends on.
pub trait Model: Send + Sync + 'static {
    /// Says something about a number.
    fn say(&self, x: u64) -> impl Future<Output = String> + Send;
}

/// A model.
#[derive(Debug)]
pub struct Loud;

impl Model for Loud {
    async fn say(&self, x: u64) -> String {
        format!("{x}!")
    }
}

/// Asks a model.
#[step]
pub async fn say<M: Model>(model: &M, x: u64) -> Result<String> {
    note(format!("say {x}"));
    Ok(model.say(x).await)
}
