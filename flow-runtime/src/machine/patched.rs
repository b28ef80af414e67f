//! Rules at the call of a step. They change the step's marker, so that they are known at compile time like all others.

use std::{future::Future, marker::PhantomData};

use super::{
    Awaited, CallMeta, HasMeta, Step,
    input::{DeserializeOwned, JsonSchema, Serialize},
    judge::{Fallible, Judge, Look, OfResult, OnceMethod, OnceOutput, TimesOut},
};
use crate::{
    Recovery, Unknown,
    policy::{CheckedAnswer, Policy},
};

/// A step that is tried so many times more.
pub struct Retried<M, const RETRIES: u32>(PhantomData<fn() -> M>);

impl<M: HasMeta, const RETRIES: u32> HasMeta for Retried<M, RETRIES> {
    const META: CallMeta = M::META.with(Policy { retries: RETRIES, ..M::META.policy });
}

/// A step whose retries wait so long.
pub struct BackedOff<M, const FIRST_MS: u64, const MAX_MS: u64>(PhantomData<fn() -> M>);

impl<M: HasMeta, const FIRST_MS: u64, const MAX_MS: u64> HasMeta for BackedOff<M, FIRST_MS, MAX_MS> {
    const META: CallMeta = M::META.with(Policy { first_delay_ms: FIRST_MS, max_delay_ms: MAX_MS, ..M::META.policy });
}

/// A step whose attempts may take so long.
pub struct Timed<M, const TIMEOUT_MS: u64>(PhantomData<fn() -> M>);

impl<M: HasMeta, const TIMEOUT_MS: u64> HasMeta for Timed<M, TIMEOUT_MS> {
    const META: CallMeta = M::META.with(Policy { timeout_ms: TIMEOUT_MS, ..M::META.policy });
}

/// A step that can be undone.
pub struct Undone<M>(PhantomData<fn() -> M>);

impl<M: HasMeta> HasMeta for Undone<M> {
    const META: CallMeta = M::META.with(Policy { undo: true, ..M::META.policy });
}

/// A step of value `T` that is never repeated on its own after a crash in the middle.
pub struct Once<M, T>(PhantomData<fn() -> (M, T)>);

impl<M: HasMeta, T: OnceOutput> HasMeta for Once<M, T> {
    const META: CallMeta =
        M::META.with(Policy { once: true, unknown: Some(CheckedAnswer::of::<Unknown<T>>()), ..M::META.policy });
}

/// The same of a method that returns `O`.
pub struct OnceReturning<M, O>(PhantomData<fn() -> (M, O)>);

impl<M: HasMeta, O: OnceMethod> HasMeta for OnceReturning<M, O> {
    const META: CallMeta = M::META.with(Policy { once: true, unknown: Some(O::UNKNOWN), ..M::META.policy });
}

/// A step of value `T` that asks somebody when it has failed for good.
pub struct Recovered<M, T>(PhantomData<fn() -> (M, T)>);

impl<M: HasMeta, T: RecoveredValue> HasMeta for Recovered<M, T> {
    const META: CallMeta = M::META.with(Policy { recover: Some(CheckedAnswer::of::<Recovery<T>>()), ..M::META.policy });
}

/// A step whose value is that of the step `F`.
type RecoveredStep<M, F> = Step<Recovered<M, <<F as Future>::Output as Recovers>::Ok>, F>;

impl CallMeta {
    const fn with(self, policy: Policy) -> Self {
        CallMeta { policy, ..self }
    }
}

/// A call to which rules can be given.
#[diagnostic::on_unimplemented(
    message = "rules like `#[retry]` and `#[timeout]` are for steps, but `{C}` is none",
    label = "only a step can be tried again",
    note = "mark the `async fn` that is called with `#[step]`; the steps of a workflow have rules of their own"
)]
pub trait RuledCall<C> {
    /// The step's marker.
    type Meta: HasMeta;
    /// The step itself.
    type Future: Future;
    #[doc(hidden)]
    fn step(self) -> Step<Self::Meta, Self::Future>;
}

impl<M: HasMeta, F: Future> RuledCall<Step<M, F>> for Awaited<Step<M, F>> {
    type Meta = M;
    type Future = F;

    fn step(self) -> Step<M, F> {
        self.0
    }
}

impl<C> Awaited<C>
where
    Self: RuledCall<C>,
{
    /// A call that is about to be given rules. `error` looks at its result if it has no rules of its own.
    pub fn ruled(
        self,
        error: Look<<<Self as RuledCall<C>>::Future as Future>::Output>,
    ) -> Awaited<Step<<Self as RuledCall<C>>::Meta, <Self as RuledCall<C>>::Future>> {
        let step = self.step();
        Awaited(Step { judge: Some(step.judge.unwrap_or(Judge::new(error))), ..step })
    }
}

impl<M, F: Future> Awaited<Step<M, F>> {
    /// `#[retry(5)]`
    pub fn retry<const RETRIES: u32>(self) -> Awaited<Step<Retried<M, RETRIES>, F>>
    where
        F::Output: Fallible,
    {
        Awaited(self.0.changed(|judge| judge))
    }

    /// `#[retry(5, backoff = "1s..1m")]`
    pub fn backoff<const FIRST_MS: u64, const MAX_MS: u64>(self) -> Awaited<Step<BackedOff<M, FIRST_MS, MAX_MS>, F>> {
        Awaited(self.0.changed(|judge| judge))
    }

    /// `#[timeout("30s")]`
    pub fn timeout<const TIMEOUT_MS: u64>(self) -> Awaited<Step<Timed<M, TIMEOUT_MS>, F>>
    where
        F::Output: TimesOut,
    {
        Awaited(self.0.changed(Judge::timed))
    }

    /// `#[on_error(pause)]`
    pub fn recover(self) -> Awaited<RecoveredStep<M, F>>
    where
        F::Output: Recovers,
    {
        Awaited(self.0.changed(Recovers::judge))
    }
}

/// What a step returns that asks somebody when it has failed.
#[diagnostic::on_unimplemented(
    message = "only a step that returns a `Result` can fail and ask what to do, but this one returns `{Self}`",
    label = "there is no error to ask about"
)]
pub trait Recovers: Sized {
    /// The value of success.
    type Ok: RecoveredValue;
    #[doc(hidden)]
    fn judge(judge: Judge<Self>) -> Judge<Self>;
}

#[diagnostic::do_not_recommend]
impl<T: RecoveredValue, E> Recovers for Result<T, E> {
    type Ok = T;

    fn judge(judge: Judge<Self>) -> Judge<Self> {
        judge.given::<OfResult<T, E>>()
    }
}

/// The value of a step that asks somebody when it has failed.
#[diagnostic::on_unimplemented(
    message = "if this step fails, somebody may be asked for its value, but `{Self}` cannot be read from an answer",
    label = "derive `serde::Serialize`, `serde::Deserialize` and `schemars::JsonSchema` for `{Self}`"
)]
pub trait RecoveredValue: Serialize + DeserializeOwned + JsonSchema + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + JsonSchema + 'static> RecoveredValue for T {}
