//! Runs nested constructs as data, without the macros and the runtime: what the generated workflows have to do.

use crate::{
    trace::{effect, note, undone},
    values::{Error, Result, is_answered, number_answer},
};

/// The constructs of the language. Each takes a number and gives one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A step between two others.
    Sequence,
    /// `if … { … } else { … }`
    If,
    /// `match … { … }`
    Match,
    /// `for`
    Loop,
    /// `parallel!` of two branches.
    Parallel,
    /// `parallel!(for …)`
    FanOut,
    /// `settle!` of two branches and one that may fail.
    Settle,
    /// `race!` with a timer and a question nobody answers.
    Race,
    /// A question that is answered, and one that may not be.
    Pause,
    /// `sleep`
    Timer,
    /// A workflow of its own.
    Child,
    /// A step that fails twice.
    Retry,
    /// Two steps that are undone if the run fails.
    Undo,
}

/// A construct with what stands inside.
#[derive(Debug)]
pub enum Tree {
    /// One step.
    Leaf,
    /// A construct; of those with one place inside only the first counts.
    Node(Kind, &'static Tree, &'static Tree),
}

const MODULUS: u64 = 1009;

/// What the generated program of a tree returns for a seed. Its steps, effects and undos are in the trace.
///
/// # Errors
/// Those of the program.
pub fn run(tree: &Tree, seed: u64) -> Result<String> {
    let mut undos = Vec::new();
    let result = program(tree, seed, &mut undos);
    if result.is_err() {
        while let Some((name, effect)) = undos.pop() {
            note(name);
            undone(effect);
        }
    }
    result
}

/// The steps that undo, and what they take back.
type Undos = Vec<(String, String)>;

fn program(tree: &Tree, seed: u64, undos: &mut Undos) -> Result<String> {
    let out = eval(tree, seed, undos)?;
    let end = fail_on(out, 3)?;
    Ok(format!("{out} {end}"))
}

fn add(x: u64, y: u64) -> u64 {
    note(format!("add {x} {y}"));
    (x % MODULUS + y % MODULUS) % MODULUS
}

fn fail_on(x: u64, of: u64) -> Result<u64> {
    note(format!("fail_on {x} {of}"));
    if x.is_multiple_of(of) { Err(Error(format!("fail_on {x}"))) } else { Ok(x) }
}

fn total(of: &[u64]) -> u64 {
    note(format!("total {of:?}"));
    of.iter().sum::<u64>() % MODULUS
}

fn eval(tree: &Tree, x: u64, undos: &mut Undos) -> Result<u64> {
    let Tree::Node(kind, first, second) = tree else { return Ok(add(x, 7)) };
    Ok(match kind {
        Kind::Sequence => {
            let before = eval(first, x, undos)?;
            let between = add(before, 2);
            eval(second, between, undos)?
        }
        Kind::If => {
            note(format!("is {x} 2"));
            eval(if x.is_multiple_of(2) { first } else { second }, x, undos)?
        }
        Kind::Match => {
            note(format!("opt {x}"));
            match x {
                x if x.is_multiple_of(3) => eval(second, x, undos)?,
                x if x.is_multiple_of(2) => eval(first, x, undos)?,
                x => add(x, 5),
            }
        }
        Kind::Loop => {
            let mut sum = x;
            for round in 0..2 {
                let out = eval(first, sum + round, undos)?;
                sum = (sum + out) % MODULUS;
            }
            sum
        }
        Kind::Parallel => {
            let (p, q) = (eval(first, x, undos)?, eval(second, x, undos)?);
            (p + q) % MODULUS
        }
        Kind::FanOut => {
            let mut list = Vec::new();
            for item in x..x + 3 {
                list.push(eval(first, item, undos)?);
            }
            total(&list)
        }
        Kind::Settle => {
            let (p, q, r) = (eval(first, x, undos), eval(second, x, undos), fail_on(x, 2));
            (p.unwrap_or(1) + q.unwrap_or(2) + r.unwrap_or(3)) % MODULUS
        }
        Kind::Race => eval(first, x, undos)?,
        Kind::Pause => {
            let a = number_answer(x);
            let b = if is_answered(a) { number_answer(a) } else { 6 };
            eval(first, a + b, undos)?
        }
        Kind::Timer | Kind::Child => eval(first, x, undos)?,
        Kind::Retry => {
            (1..=3).for_each(|attempt| note(format!("flaky {x} 2 #{attempt}")));
            eval(first, x + 1, undos)?
        }
        Kind::Undo => {
            note(format!("reserve n {x}"));
            let ticket = x % MODULUS + 100;
            effect(format!("reserve {ticket}"));
            undos.push((format!("release n {x} {ticket}"), format!("reserve {ticket}")));
            (1..=2).for_each(|attempt| note(format!("book {ticket} 1 #{attempt}")));
            let booked = ticket + 1;
            effect(format!("book {booked}"));
            undos.push((format!("unbook {ticket} 1 {booked}"), format!("book {booked}")));
            eval(first, booked, undos)?
        }
    })
}
