//! What the machine has to know of a step's result to apply the step's rules to it.
//!
//! The machine knows no types, the generated code does: so the rules come as plain functions, made where the types are known.

use std::{convert::Infallible, future::Future, marker::PhantomData};

use super::{
    Step,
    input::{DeserializeOwned, JsonSchema, SerdeError, Serialize},
};
use crate::{JsonError, TimedOut, Unknown, policy::CheckedAnswer};

/// The texts of an error and of its sources; `None` if the step has succeeded.
pub type Look<O> = fn(&O) -> Option<Vec<String>>;

/// What a step returns whose value is a JSON text.
type Read<O> = fn(&str) -> Result<O, JsonError>;

/// Looks at what a step has returned.
pub struct Judge<O> {
    /// Tells success from failure.
    pub(crate) error: Look<O>,
    /// Whether an error is worth another attempt.
    pub(crate) again: fn(&O) -> bool,
    /// What a step returns that takes too long, if it may.
    pub(crate) timed_out: Option<fn(TimedOut) -> O>,
    /// The value of a step that has succeeded, as JSON. Of steps that are undone, run once or in a transaction, or ask somebody.
    pub(crate) output: fn(&O) -> Option<Result<String, SerdeError>>,
    /// What a step returns whose value is this JSON text. Of steps that run once or in a transaction, or ask somebody.
    pub(crate) from_json: Option<Read<O>>,
}

impl<O> Clone for Judge<O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<O> Copy for Judge<O> {}

impl<O> Judge<O> {
    /// One that only tells success from failure.
    pub(super) fn new(error: Look<O>) -> Self {
        Judge { error, again: |_| true, timed_out: None, output: |_| None, from_json: None }
    }

    /// Of a step whose value may come from a person, because it runs once or asks when it has failed.
    pub(super) fn given<S>(self) -> Self
    where
        S: Shape<Output = O, Ok: Serialize + DeserializeOwned>,
    {
        Judge { output: write::<S>, from_json: Some(read::<S>), ..self }
    }
}

/// The value of a step that can be undone, as JSON.
pub fn written<S: UndoneShape>(_: S, output: &S::Output) -> Option<Result<String, SerdeError>> {
    S::written(output)
}

fn write<S: Shape<Ok: Serialize>>(output: &S::Output) -> Option<Result<String, SerdeError>> {
    S::split(output).ok().map(serde_json::to_string)
}

fn read<S: Shape<Ok: DeserializeOwned>>(text: &str) -> Result<S::Output, JsonError> {
    crate::json::decode(text).map(S::wrap)
}

/// The rules of a step, as `#[step]` gives them. The first tells success from failure.
impl<M, F: Future> Step<M, F> {
    /// The same step with something that looks at its result.
    pub fn judged(self, error: Look<F::Output>) -> Self {
        Step { judge: Some(Judge::new(error)), ..self }
    }

    /// The same step, tried again if this says so.
    pub fn again(self, again: fn(&F::Output) -> bool) -> Self {
        self.changed(|judge| Judge { again, ..judge })
    }

    /// The same step, which returns this when an attempt takes too long.
    pub fn timed(self, timed_out: fn(TimedOut) -> F::Output) -> Self {
        self.changed(|judge| Judge { timed_out: Some(timed_out), ..judge })
    }

    /// The same step, whose value is kept beside the state because it may be undone.
    pub fn undone(self, output: fn(&F::Output) -> Option<Result<String, SerdeError>>) -> Self {
        self.changed(|judge| Judge { output, ..judge })
    }

    /// The same step, whose value is committed with what it writes.
    pub fn transacted<S>(self, shape: fn(Outcome<F::Output>) -> S) -> Self
    where
        S: TxShape<Output = F::Output>,
    {
        let _ = shape;
        self.changed(|judge| Judge { output: S::written, from_json: Some(S::read), ..judge })
    }

    /// The same step, never repeated on its own after a crash in the middle.
    pub fn once<S>(self, shape: fn(Outcome<F::Output>) -> S) -> Step<S::Once<M>, F>
    where
        S: OnceShape<Output = F::Output>,
    {
        let _ = shape;
        self.changed(|judge| Judge { output: S::written, from_json: Some(S::read), ..judge })
    }

    /// The same for a method, which has to write down its marker.
    pub fn once_method(self) -> Step<super::OnceReturning<M, F::Output>, F>
    where
        F::Output: OnceMethod,
    {
        self.changed(OnceMethod::given)
    }

    /// The same step by another marker, with its judge changed.
    pub(super) fn changed<N>(self, change: impl FnOnce(Judge<F::Output>) -> Judge<F::Output>) -> Step<N, F> {
        Step { future: self.future, judge: self.judge.map(change), meta: PhantomData }
    }
}

/// The type of what a step returns.
pub struct Outcome<O>(PhantomData<fn() -> O>);

impl<O> Outcome<O> {
    /// The type itself.
    pub const NEW: Self = Outcome(PhantomData);
}

/// The type of a value.
pub fn outcome<O>(_: &O) -> Outcome<O> {
    Outcome::NEW
}

/// What a step's result consists of: a value and an error, or a value alone.
///
/// Chosen by autoref, as the text of an error is: generated code calls `(&Outcome::<O>::NEW).shape()`.
pub trait Shape {
    /// What the step returns.
    type Output;
    /// The value of success.
    type Ok;
    /// The error.
    type Err;
    /// Looks inside.
    ///
    /// # Errors
    /// The step's own.
    fn split(output: &Self::Output) -> Result<&Self::Ok, &Self::Err>;
    /// Success with this value.
    fn wrap(value: Self::Ok) -> Self::Output;
}

/// A `Result`.
pub struct OfResult<T, E>(PhantomData<fn() -> (T, E)>);

impl<T, E> Shape for OfResult<T, E> {
    type Output = Result<T, E>;
    type Ok = T;
    type Err = E;

    fn split(output: &Result<T, E>) -> Result<&T, &E> {
        output.as_ref()
    }

    fn wrap(value: T) -> Result<T, E> {
        Ok(value)
    }
}

/// Any other value: a step that cannot fail.
pub struct OfValue<T>(PhantomData<fn() -> T>);

impl<T> Shape for OfValue<T> {
    type Output = T;
    type Ok = T;
    type Err = Infallible;

    fn split(output: &T) -> Result<&T, &Infallible> {
        Ok(output)
    }

    fn wrap(value: T) -> T {
        value
    }
}

/// What the result of a step that runs once consists of.
pub trait OnceShape: Shape {
    /// The marker of the step.
    type Once<M>;
    #[doc(hidden)]
    fn written(output: &Self::Output) -> Option<Result<String, SerdeError>>;
    #[doc(hidden)]
    #[allow(clippy::missing_errors_doc)]
    fn read(text: &str) -> Result<Self::Output, JsonError>;
}

impl<S: Shape<Ok: OnceOutput>> OnceShape for S {
    type Once<M> = super::Once<M, S::Ok>;

    fn written(output: &S::Output) -> Option<Result<String, SerdeError>> {
        write::<S>(output)
    }

    fn read(text: &str) -> Result<S::Output, JsonError> {
        read::<S>(text)
    }
}

/// What the result of a step that takes part in a transaction consists of.
pub trait TxShape: Shape {
    #[doc(hidden)]
    fn written(output: &Self::Output) -> Option<Result<String, SerdeError>>;
    #[doc(hidden)]
    #[allow(clippy::missing_errors_doc)]
    fn read(text: &str) -> Result<Self::Output, JsonError>;
}

impl<S: Shape<Ok: TxOutput>> TxShape for S {
    fn written(output: &S::Output) -> Option<Result<String, SerdeError>> {
        write::<S>(output)
    }

    fn read(text: &str) -> Result<S::Output, JsonError> {
        read::<S>(text)
    }
}

/// What the result of a step that can be undone consists of.
pub trait UndoneShape: Shape {
    #[doc(hidden)]
    fn written(output: &Self::Output) -> Option<Result<String, SerdeError>>;
    #[doc(hidden)]
    #[allow(clippy::missing_errors_doc)]
    fn read(text: &str) -> Result<Self::Ok, JsonError>;
}

impl<S: Shape<Ok: Undoable>> UndoneShape for S {
    fn written(output: &S::Output) -> Option<Result<String, SerdeError>> {
        write::<S>(output)
    }

    fn read(text: &str) -> Result<S::Ok, JsonError> {
        crate::json::decode(text)
    }
}

/// For `Result`s.
pub trait ShapeOfResult<T, E> {
    /// Its shape.
    fn shape(&self) -> OfResult<T, E>;
}

impl<T, E> ShapeOfResult<T, E> for Outcome<Result<T, E>> {
    fn shape(&self) -> OfResult<T, E> {
        OfResult(PhantomData)
    }
}

/// For everything else.
pub trait ShapeOfValue<T> {
    /// Its shape.
    fn shape(&self) -> OfValue<T>;
}

impl<T> ShapeOfValue<T> for &Outcome<T> {
    fn shape(&self) -> OfValue<T> {
        OfValue(PhantomData)
    }
}

/// What the result of a step tells, by its shape.
///
/// # Errors
/// The step's own.
pub fn split<S: Shape>(_: S, output: &S::Output) -> Result<&S::Ok, &S::Err> {
    S::split(output)
}

/// What a step that may be tried again returns.
#[diagnostic::on_unimplemented(
    message = "only a step that returns a `Result` can fail and be tried again, but this one returns `{Self}`",
    label = "there is no error to act upon"
)]
pub trait Fallible {
    /// The error.
    type Err;
    /// The error, if it is one.
    fn failure(&self) -> Option<&Self::Err>;

    /// Whether it is one.
    fn failed(&self) -> bool {
        self.failure().is_some()
    }
}

#[diagnostic::do_not_recommend]
impl<T, E> Fallible for Result<T, E> {
    type Err = E;

    fn failure(&self) -> Option<&E> {
        self.as_ref().err()
    }
}

/// What a step with a timeout returns.
#[diagnostic::on_unimplemented(
    message = "only a step that returns a `Result` can have a timeout, but this one returns `{Self}`",
    label = "there is no error to return in time"
)]
pub trait TimesOut {
    /// The error.
    fn timed_out(error: TimedOut) -> Self;
}

impl<T, E: FromTimedOut> TimesOut for Result<T, E> {
    fn timed_out(error: TimedOut) -> Self {
        Err(E::from_timed_out(error))
    }
}

/// The error of a step with a timeout.
#[diagnostic::on_unimplemented(
    message = "a step with a timeout has to be able to fail with it, but `{Self}` cannot be made from a `TimedOut`",
    label = "this timeout needs `impl From<flow_runtime::TimedOut> for {Self}`",
    note = "with `thiserror` that is one variant: `#[error(transparent)] TimedOut(#[from] flow_runtime::TimedOut)`"
)]
pub trait FromTimedOut {
    /// The error.
    fn from_timed_out(error: TimedOut) -> Self;
}

#[diagnostic::do_not_recommend]
impl<E: From<TimedOut>> FromTimedOut for E {
    fn from_timed_out(error: TimedOut) -> Self {
        error.into()
    }
}

/// What a method returns that is a step and runs once.
#[diagnostic::on_unimplemented(
    message = "a `once` step that is a method returns a `Result`, but this one returns `{Self}`",
    label = "let it return a `Result`"
)]
pub trait OnceMethod: Sized + 'static {
    #[doc(hidden)]
    const UNKNOWN: CheckedAnswer;
    #[doc(hidden)]
    fn given(judge: Judge<Self>) -> Judge<Self>;
}

impl<T: OnceOutput, E: 'static> OnceMethod for Result<T, E> {
    const UNKNOWN: CheckedAnswer = CheckedAnswer::of::<Unknown<T>>();

    fn given(judge: Judge<Self>) -> Judge<Self> {
        judge.given::<OfResult<T, E>>()
    }
}

/// The value of a step that can be undone.
#[diagnostic::on_unimplemented(
    message = "what a step with an `undo` returns is kept until the run has ended, but `{Self}` cannot be saved",
    label = "derive `serde::Serialize` and `serde::Deserialize` for `{Self}`"
)]
pub trait Undoable: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Undoable for T {}

/// The value of a step that runs once.
#[diagnostic::on_unimplemented(
    message = "if a `once` step is interrupted, somebody is asked what it has returned, but `{Self}` cannot be read from an answer",
    label = "derive `serde::Serialize`, `serde::Deserialize` and `schemars::JsonSchema` for `{Self}`"
)]
pub trait OnceOutput: Serialize + DeserializeOwned + JsonSchema + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + JsonSchema + 'static> OnceOutput for T {}

/// The value of a step that takes part in a transaction.
#[diagnostic::on_unimplemented(
    message = "what a `tx` step returns is committed with what it has written, but `{Self}` cannot be saved",
    label = "derive `serde::Serialize` and `serde::Deserialize` for `{Self}`"
)]
pub trait TxOutput: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> TxOutput for T {}
