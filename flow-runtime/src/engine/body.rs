//! Drives one run until it is done, fails, or waits for answers only.

use std::{
    future::{Future, poll_fn},
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::Poll,
};

use futures::FutureExt as _;

use crate::{
    Failure, Workflow,
    error::Refusal,
    machine::{CallKind, Code, Cx, Frame, Halt, RunState, drive_frame},
};

/// What a driven run came to.
pub(crate) enum Event<T, E> {
    /// Its code returned.
    Returned(Result<T, E>),
    /// It has to stop.
    Halted(Halt),
    /// It waits for answers and for nothing else.
    Quiet,
}

/// A run's code, from its root frame.
pub(crate) type Body<'a, W> =
    Pin<Box<dyn Future<Output = Result<<W as Workflow>::Output, <W as Workflow>::Error>> + Send + 'a>>;

/// The run's code from its start, or from where its stored root frame stands.
pub(crate) fn run_body<'a, W: Workflow>(
    cx: &'a Cx,
    refs: W::Refs<'a>,
    // Boxed, so that the workflow's code is compiled once and not for every way to start it.
    mut start: Box<dyn FnMut() -> Result<W::Input, Refusal> + Send + 'a>,
) -> Result<Body<'a, W>, Refusal> {
    cx.check_points()?;
    let mut start = move || start().map(Frame::start);
    let frame = cx.begin(cx.take_stored(), &mut start)?;
    Ok(Box::pin(drive_frame(cx, frame, move |frame| W::MACHINE.dispatch.dispatch(cx, W::shorter(refs), frame), start)))
}

/// What is known of a workflow's code without its types.
pub(crate) fn code_of<W: Workflow>() -> Code {
    Code { points: W::MACHINE.points, calls: W::MACHINE.calls }
}

/// Whether a step of the workflow, or of one below it, may be tried again.
pub(crate) fn reloads<W: Workflow>() -> bool {
    let machine = W::MACHINE;
    machine.reloads.unwrap_or_else(|| machine.calls.any(|call| call.policy.reloads()))
}

/// Whether the workflow, or one below it, wants to know its run.
pub(crate) fn has_context<W: Workflow>() -> bool {
    W::HAS_CONTEXT
        || W::MACHINE.reloads.is_none()
            && W::MACHINE.calls.any(|call| matches!(call.kind, CallKind::Child(info) if info.has_context))
}

/// Polls a run's code until something happens.
pub(crate) async fn next_event<W: Workflow>(
    state: &Arc<RunState>,
    body: &mut Body<'_, W>,
) -> Event<W::Output, W::Error> {
    poll_fn(|task| {
        state.register_driver(task.waker());
        let polled = body.as_mut().poll(task);
        if let Some(halt) = state.take_halt() {
            return Poll::Ready(Event::Halted(halt));
        }
        match polled {
            Poll::Ready(result) => Poll::Ready(Event::Returned(result)),
            Poll::Pending if state.may_stop() => Poll::Ready(Event::Halted(Halt::Stopped)),
            Poll::Pending if state.is_quiet() => Poll::Ready(Event::Quiet),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// A future whose panics are failures of the run: those of steps and glue, and those of the user's serde code.
pub(crate) async fn caught<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    // After a panic the future is dropped and never polled again, so nobody sees it half-way.
    AssertUnwindSafe(future).catch_unwind().await.map_err(|panic| {
        let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let text = format!("the code panicked: {}", text.unwrap_or("with a value that is not text"));
        Failure::new(vec![text], "", None)
    })
}

/// The failure of a run whose code returned an error.
pub(crate) fn failure_of<W: Workflow>(state: &RunState, error: W::Error) -> Failure {
    let (path, after) = state.failed_at();
    Failure::new(W::describe_error(&error), &path, after.as_deref()).returned().with_error(Box::new(error))
}
