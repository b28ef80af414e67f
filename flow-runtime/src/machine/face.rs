//! What `parallel!` is outside of `workflow!`, and to editors: the types, no code.

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

macro_rules! branches {
    ($($future:ident $ok:ident),+) => {
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
