//! Drives one run until it is done, fails, or waits for answers only.

use std::{
    any::Any,
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::Poll,
};

use crate::{
    Failure, Workflow,
    error::Refusal,
    machine::{Cx, Frame, Halt, RunState, drive_frame},
};

/// What a driven run came to.
pub(crate) enum Event<T, E> {
    /// Its code returned.
    Returned(Result<T, E>),
    /// Its code panicked.
    Panicked(String),
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
    deps: &'a W::Deps,
    input: Result<W::Input, Refusal>,
) -> Result<Body<'a, W>, Refusal> {
    let frame = match cx.take_stored() {
        Some(stored) => Frame::stored(cx, stored)?,
        None => Frame::start(input?),
    };
    let refs = W::refs(deps);
    Ok(Box::pin(drive_frame(cx, frame, move |frame| W::MACHINE.dispatch.dispatch(cx, refs, frame))))
}

/// Polls a run's code until something happens.
pub(crate) async fn next_event<W: Workflow>(
    state: &Arc<RunState>,
    body: &mut Body<'_, W>,
) -> Event<W::Output, W::Error> {
    poll_fn(|task| {
        state.register_driver(task.waker());
        // After a panic the body is dropped and never polled again, so nobody sees it half-way.
        let polled = catch_unwind(AssertUnwindSafe(|| body.as_mut().poll(task)));
        if let Some(halt) = state.take_halt() {
            return Poll::Ready(Event::Halted(halt));
        }
        match polled {
            Err(panic) => Poll::Ready(Event::Panicked(panic_text(&*panic))),
            Ok(Poll::Ready(result)) => Poll::Ready(Event::Returned(result)),
            Ok(Poll::Pending) if state.is_quiet() => Poll::Ready(Event::Quiet),
            Ok(Poll::Pending) => Poll::Pending,
        }
    })
    .await
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("the code panicked: {}", text.unwrap_or("with a value that is not text"))
}

/// The failure of a run whose code returned an error.
pub(crate) fn failure_of<W: Workflow>(state: &RunState, error: W::Error) -> Failure {
    let (path, after) = state.failed_at();
    Failure::new(W::describe_error(&error), &path, after.as_deref()).with_error(Box::new(error))
}

/// The failure of a run whose code panicked.
pub(crate) fn panic_failure(text: String) -> Failure {
    Failure::new(vec![text], "", None)
}
