//! The branches of `parallel!`: sub-machines with frames of their own.

use std::{borrow::Cow, future::Future};

use futures::future::try_join;

use super::{Block, Cx, Frame, Halt, drive_frame};
use crate::{
    Saved, Workflow,
    store::{Binding, Checkpoint},
};

/// Name of the point of a branch that has finished.
pub(super) const DONE: &str = "=done";
/// Name of the binding that keeps a finished branch's result.
pub(super) const RESULT: &str = "=result";

/// Runs one branch from where it stands to its end. A branch that has finished before gives its stored result.
pub async fn branch<'l, W, T>(
    cx: &'l Cx,
    mut dispatch: impl FnMut(&'l Cx, Frame) -> Block<'l, T, W::Error>,
) -> Result<T, W::Error>
where
    W: Workflow,
    T: Saved,
{
    let frame = match cx.take_stored() {
        None => Frame::start(()),
        Some(stored) if stored.at == DONE => match cx.reader(stored).get::<T>(RESULT) {
            Ok(result) => return Ok(result),
            Err(refusal) => return cx.halt(Halt::Refused(refusal)).await,
        },
        Some(stored) => match Frame::stored(cx, stored) {
            Ok(frame) => frame,
            Err(refusal) => return cx.halt(Halt::Refused(refusal)).await,
        },
    };
    let result = drive_frame(cx, frame, |frame| dispatch(cx, frame)).await?;
    if cx.keeps() {
        match serde_json::to_string(&result) {
            Ok(value) => {
                let bindings = vec![Binding { name: Cow::Borrowed(RESULT), value }];
                let at = Cow::Borrowed(DONE);
                // Forks inside the branch have been joined, so there is nothing to forget.
                let keep: Option<&[&str]> = Some(&[RESULT]);
                let done = Checkpoint { path: cx.path().clone(), at, bindings, keep, ..Checkpoint::default() };
                cx.commit(&done).await;
            }
            Err(error) => return cx.halt(Halt::unwritable(cx.path(), DONE, RESULT, &error)).await,
        }
    }
    Ok(result)
}

/// Runs two branches, or a branch and the join of the branches after it, side by side. The first error drops the rest.
/// Branches are polled in the order in which they are written.
pub fn joined<A, B, E>(
    first: impl Future<Output = Result<A, E>> + Send,
    rest: impl Future<Output = Result<B, E>> + Send,
) -> impl Future<Output = Result<(A, B), E>> + Send
where
    A: Send,
    B: Send,
    E: Send,
{
    try_join(first, rest)
}
