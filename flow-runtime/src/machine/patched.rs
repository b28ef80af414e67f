//! Rules at the call of a step. They change the step's marker, so that they are known at compile time like all others.

use std::{future::Future, marker::PhantomData};

use super::{
    Awaited, CallMeta, HasMeta, Step,
    judge::{Judge, Look, OfResult, OnceMethod, OnceOutput, Outcome},
};
use crate::{
    Recovery, TimedOut, Unknown,
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

/// A step that takes part in a transaction of the store.
pub struct Transacted<M>(PhantomData<fn() -> M>);

impl<M: HasMeta> HasMeta for Transacted<M> {
    const META: CallMeta = M::META.with(Policy { tx: true, ..M::META.policy });
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

/// A step that asks somebody when it has failed for good, who can give its value, `G`.
pub struct Recovered<M, G>(PhantomData<fn() -> (M, G)>);

impl<M: HasMeta, T: OnceOutput> HasMeta for Recovered<M, Given<T>> {
    const META: CallMeta = M::META.with(Policy { recover: Some(CheckedAnswer::of::<Recovery<T>>()), ..M::META.policy });
}

impl<M: HasMeta> HasMeta for Recovered<M, NotGiven> {
    const META: CallMeta = M::META;
}

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

/// The rules. What a result has to be is asked by functions that are passed in: an error then stands where they are named.
impl<M, F: Future> Awaited<Step<M, F>> {
    /// `#[retry(5)]`
    pub fn retry<const RETRIES: u32>(self, _failed: fn(&F::Output) -> bool) -> Awaited<Step<Retried<M, RETRIES>, F>> {
        Awaited(self.0.changed(|judge| judge))
    }

    /// `#[retry(5, backoff = "1s..1m")]`
    pub fn backoff<const FIRST_MS: u64, const MAX_MS: u64>(self) -> Awaited<Step<BackedOff<M, FIRST_MS, MAX_MS>, F>> {
        Awaited(self.0.changed(|judge| judge))
    }

    /// `#[timeout("30s")]`
    pub fn timeout<const TIMEOUT_MS: u64>(
        self,
        timed_out: fn(TimedOut) -> F::Output,
    ) -> Awaited<Step<Timed<M, TIMEOUT_MS>, F>> {
        Awaited(self.0.changed(|judge| Judge { timed_out: Some(timed_out), ..judge }))
    }

    /// `#[on_error(pause)]`
    pub fn recover<G>(
        self,
        _given: fn(Outcome<F::Output>) -> G,
        recovered: fn(Judge<F::Output>) -> Judge<F::Output>,
    ) -> Awaited<Step<Recovered<M, G>, F>> {
        Awaited(self.0.changed(recovered))
    }
}

/// What a step returns that asks somebody when it has failed.
#[diagnostic::on_unimplemented(
    message = "only a step that returns a `Result` can fail and ask what to do, but this one returns `{Self}`",
    label = "there is no error to ask about"
)]
pub trait Recovers: Sized {
    #[doc(hidden)]
    fn recovered(judge: Judge<Self>) -> Judge<Self>;
}

impl<T: RecoveredValue, E> Recovers for Result<T, E> {
    fn recovered(judge: Judge<Self>) -> Judge<Self> {
        judge.given::<OfResult<T, E>>()
    }
}

/// The value of a step that asks somebody when it has failed.
#[diagnostic::on_unimplemented(
    message = "if this step fails, somebody may be asked what it should have returned, but `{Self}` cannot be read from an answer",
    label = "derive `serde::Serialize`, `serde::Deserialize` and `schemars::JsonSchema` for `{Self}`"
)]
pub trait RecoveredValue: OnceOutput {}

#[diagnostic::do_not_recommend]
impl<T: OnceOutput> RecoveredValue for T {}

/// A value that somebody can give.
pub struct Given<T>(PhantomData<fn() -> T>);

/// A value that nobody can give, which is an error that stands elsewhere.
pub struct NotGiven;

/// For `Result`s whose value can be read from an answer. Chosen by autoref, like the [shape](super::Shape).
pub trait GivenResult<T, E> {
    /// The value.
    fn given(&self) -> Given<T>;
}

impl<T: OnceOutput, E> GivenResult<T, E> for Outcome<Result<T, E>> {
    fn given(&self) -> Given<T> {
        Given(PhantomData)
    }
}

/// For everything else.
pub trait GivenNothing {
    /// No value.
    fn given(&self) -> NotGiven;
}

impl<O> GivenNothing for &Outcome<O> {
    fn given(&self) -> NotGiven {
        NotGiven
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{
        machine::{Describe, DescribeDisplay as _, Fallible, ShapeOfResult as _, TimesOut, outcome, split},
        step,
    };

    #[step]
    async fn count(text: &str) -> Result<usize, String> {
        Ok(text.len())
    }

    /// Has rules of its own.
    #[step(retries = 2, backoff = "2s..8s", retry_if = is_short, once)]
    async fn careful(text: &str) -> Result<usize, String> {
        Err(text.to_owned())
    }

    fn is_short(error: &str) -> bool {
        error.len() < 3
    }

    fn meta<M: HasMeta, F: Future>(_: &Awaited<Step<M, F>>) -> CallMeta {
        M::META
    }

    /// What `workflow!` writes.
    macro_rules! ruled {
        ($step:expr) => {
            Awaited($step).ruled(|output| match split((&outcome(output)).shape(), output) {
                Ok(_) => None,
                Err(error) => Some((&&&&Describe(error)).describe()),
            })
        };
    }

    #[test]
    fn rules_at_a_call_are_known_at_compile_time() {
        let call = ruled!(count("a"))
            .retry::<5>(Fallible::failed)
            .backoff::<10, 20>()
            .timeout::<30>(TimesOut::timed_out)
            .recover(|outcome| outcome.given(), Recovers::recovered);
        let CallMeta { name, policy, .. } = meta(&call);
        assert_eq!((name, policy.retries, policy.first_delay_ms, policy.max_delay_ms), ("count", 5, 10, 20));
        assert_eq!((policy.timeout_ms, policy.once), (30, false));
        assert!((policy.recover.unwrap().check)(r#"{"Use":7}"#).is_ok());
        assert!((policy.recover.unwrap().check)(r#"{"Use":"7"}"#).is_err());
        let judge = call.0.judge.unwrap();
        assert_eq!((judge.error)(&Err("no".to_owned())), Some(vec!["no".to_owned()]));
        assert_eq!((judge.from_json.unwrap())("7").unwrap(), Ok(7));
        assert_eq!((judge.output)(&Ok(7)).unwrap().unwrap(), "7");
        let late = TimedOut::step("count", std::time::Duration::from_millis(30));
        let late = (judge.timed_out.unwrap())(late);
        assert_eq!(late.unwrap_err(), "step `count` did not finish within 30ms");
    }

    #[test]
    fn what_is_not_said_at_the_call_is_as_the_step_says() {
        let call = ruled!(careful("a")).retry::<5>(Fallible::failed);
        let CallMeta { doc, policy, .. } = meta(&call);
        assert_eq!((doc, policy.retries, policy.first_delay_ms), ("Has rules of its own.", 5, 2_000));
        assert!(policy.once && policy.unknown.is_some() && policy.recover.is_none());
        let judge = call.0.judge.unwrap();
        assert!((judge.again)(&Err("no".to_owned())));
        assert!(!(judge.again)(&Err("never".to_owned())));
        assert_eq!((judge.from_json.unwrap())("7").unwrap(), Ok(7));
    }
}
