//! What forks are outside of `workflow!`, and to editors: the types, no code.

use std::future::IntoFuture;

/// A tuple of branches.
#[diagnostic::on_unimplemented(
    message = "`parallel!` takes branches that are futures of `Result`s with one error type",
    note = "a branch is the call of a step, without `.await`, or an `async` block"
)]
pub trait Branches {
    /// The tuple of their results, or the first error.
    type Output;
}

/// A tuple of branches that all run to their end.
#[diagnostic::on_unimplemented(
    message = "`settle!` takes branches that are futures",
    note = "a branch is the call of a step, without `.await`, or an `async` block"
)]
pub trait Settled {
    /// The tuple of their results.
    type Output;
}

/// A tuple of branches of which one wins.
#[diagnostic::on_unimplemented(
    message = "`race!` takes branches that are futures of one type of result",
    note = "a branch is the call of a step, without `.await`, or an `async` block"
)]
pub trait Raced {
    /// Their result.
    type Output;
}

macro_rules! branches {
    ($($future:ident $ok:ident),+) => {
        impl<$($future),+> Settled for ($($future,)+)
        where
            $($future: IntoFuture),+
        {
            type Output = ($($future::Output,)+);
        }

        impl<Out, $($future),+> Raced for ($($future,)+)
        where
            $($future: IntoFuture<Output = Out>),+
        {
            type Output = Out;
        }

        impl<Error, $($future, $ok),+> Branches for ($($future,)+)
        where
            $($future: IntoFuture<Output = Result<$ok, Error>>),+
        {
            type Output = Result<($($ok,)+), Error>;
        }
    };
}

/// `(A, B, C)`, then `(B, C)`, then `(C,)`.
macro_rules! every_tuple {
    () => {};
    ($future:ident $ok:ident $(, $futures:ident $oks:ident)*) => {
        branches!($future $ok $(, $futures $oks)*);
        every_tuple!($($futures $oks),*);
    };
}

every_tuple!(
    A TA, B TB, C TC, D TD, E TE, F TF, G TG, H TH, I TI, J TJ, K TK, L TL, M TM, N TN, O TO, P TP, Q TQ, R TR, S TS, T TT,
    U TU, V TV, W TW, X TX
);

/// The result of branches that only `workflow!` can run.
///
/// # Panics
/// Always: outside of `workflow!` there is no frame to save a branch in.
pub fn parallel_face<B: Branches>(_branches: B) -> B::Output {
    panic!("`parallel!` runs inside `workflow!` only; elsewhere use `futures::try_join!`")
}

/// The results of branches that only `workflow!` can run.
///
/// # Panics
/// Always, as [`parallel_face`].
pub fn settle_face<B: Settled>(_branches: B) -> B::Output {
    panic!("`settle!` runs inside `workflow!` only; elsewhere use `futures::join!`")
}

/// The result of branches that only `workflow!` can run.
///
/// # Panics
/// Always, as [`parallel_face`].
pub fn race_face<B: Raced>(_branches: B) -> B::Output {
    panic!("`race!` runs inside `workflow!` only; elsewhere use `futures::select!`")
}

/// The results of items that only `workflow!` can run.
///
/// # Panics
/// Always, as [`parallel_face`].
pub fn parallel_each_face<I, F, T, E>(_items: I, _body: impl FnMut(I::Item) -> F) -> Result<Vec<T>, E>
where
    I: IntoIterator,
    F: IntoFuture<Output = Result<T, E>>,
{
    panic!("`parallel!` runs inside `workflow!` only; elsewhere use `futures::future::try_join_all`")
}

/// The results of items that only `workflow!` can run.
///
/// # Panics
/// Always, as [`parallel_face`].
pub fn settle_each_face<I, F>(_items: I, _body: impl FnMut(I::Item) -> F) -> Vec<F::Output>
where
    I: IntoIterator,
    F: IntoFuture,
{
    panic!("`settle!` runs inside `workflow!` only; elsewhere use `futures::future::join_all`")
}
