//! What a workflow gets for a question: the answer alone, with who gave it, or that time ran out.

use serde::{Deserialize, Serialize};

use crate::{TimedOut, store::Answer};

/// An answer with who gave it and when: what a question asked with [`.answered()`](crate::Ask::answered) gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Answered<A> {
    /// The answer.
    pub answer: A,
    /// Who gave it, if they said so.
    #[serde(default)]
    pub by: Option<String>,
    /// When it was given, in milliseconds since the Unix epoch.
    pub at: i64,
    /// What they said with it.
    #[serde(default)]
    pub comment: Option<String>,
}

impl<A> Answered<A> {
    /// A stored answer, as this value.
    pub(crate) fn of(answer: A, stored: Answer) -> Self {
        let Answer { by, at, comment, .. } = stored;
        Answered { answer, by, at, comment }
    }
}

/// What `pause(…).await` gives for an answer of some type: the second parameter of [`Ask`](crate::Ask). It follows from
/// [`timeout`](crate::Ask::timeout) and [`answered`](crate::Ask::answered), in whichever order they are called.
pub trait Reply: sealed::Sealed + Send + Sync + 'static {
    /// What the workflow gets for an answer of type `A`.
    type Of<A: Send + 'static>: Send + 'static;
    /// The same, with a deadline.
    type InTime: Reply;
    /// The same, with who answered.
    type Told: Reply;

    /// The answer, or that time ran out, as this. `None` for a question that waits for ever.
    #[doc(hidden)]
    fn of<A: Send + 'static>(answer: Result<Answered<A>, TimedOut>) -> Option<Self::Of<A>>;
}

/// The answer alone.
#[derive(Debug, Clone, Copy)]
pub struct Plain;

/// The answer, or [`TimedOut`].
#[derive(Debug, Clone, Copy)]
pub struct InTime;

/// The answer and who gave it: [`Answered`].
#[derive(Debug, Clone, Copy)]
pub struct Told;

/// The answer and who gave it, or [`TimedOut`].
#[derive(Debug, Clone, Copy)]
pub struct ToldInTime;

impl Reply for Plain {
    type Of<A: Send + 'static> = A;
    type InTime = InTime;
    type Told = Told;

    fn of<A: Send + 'static>(answer: Result<Answered<A>, TimedOut>) -> Option<A> {
        answer.ok().map(|answered| answered.answer)
    }
}

impl Reply for InTime {
    type Of<A: Send + 'static> = Result<A, TimedOut>;
    type InTime = InTime;
    type Told = ToldInTime;

    fn of<A: Send + 'static>(answer: Result<Answered<A>, TimedOut>) -> Option<Result<A, TimedOut>> {
        Some(answer.map(|answered| answered.answer))
    }
}

impl Reply for Told {
    type Of<A: Send + 'static> = Answered<A>;
    type InTime = ToldInTime;
    type Told = Told;

    fn of<A: Send + 'static>(answer: Result<Answered<A>, TimedOut>) -> Option<Answered<A>> {
        answer.ok()
    }
}

impl Reply for ToldInTime {
    type Of<A: Send + 'static> = Result<Answered<A>, TimedOut>;
    type InTime = ToldInTime;
    type Told = ToldInTime;

    fn of<A: Send + 'static>(answer: Result<Answered<A>, TimedOut>) -> Option<Result<Answered<A>, TimedOut>> {
        Some(answer)
    }
}

mod sealed {
    pub trait Sealed {}

    impl Sealed for super::Plain {}
    impl Sealed for super::InTime {}
    impl Sealed for super::Told {}
    impl Sealed for super::ToldInTime {}
}
