//! The future of something other than an answer.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::{
    Cx, Look,
    current::{self, Current},
    state::Counted,
};

/// What an attempt at a step can learn of its run, and how to tell whether it has failed.
type Attempt<T> = (Box<Current>, Option<Look<T>>);

pin_project! {
    /// A step that runs, or anything else a frame waits for that is not an answer.
    ///
    /// A type with a name, because there is one per step and an `impl Future` costs the compiler more.
    #[project = Project]
    pub enum Working<'c, F: Future> {
        /// Counts as busy from the first time it has to wait.
        Plain {
            #[pin]
            future: F,
            cx: &'c Cx,
            step: Option<Attempt<F::Output>>,
            busy: Option<Counted<'c>>,
        },
        /// Counts for itself: a step with a policy, a workflow.
        Boxed {
            future: Pin<Box<dyn Future<Output = F::Output> + Send + 'c>>,
        },
    }
}

impl<'c, F: Future> Working<'c, F> {
    /// A future that counts as busy.
    pub(super) fn counted(cx: &'c Cx, future: F) -> Self {
        Working::step(cx, future, None)
    }

    /// A step that can learn which run it is part of. Tells how it has ended if it is told how to look at that.
    pub(super) fn step(cx: &'c Cx, future: F, step: Option<Attempt<F::Output>>) -> Self {
        Working::Plain { future, cx, step, busy: None }
    }
}

impl<F: Future> Future for Working<'_, F> {
    type Output = F::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<F::Output> {
        match self.project() {
            Project::Plain { future, cx, step, busy } => {
                let entered = step.as_mut().map(|(current, _)| current::enter(current));
                let polled = future.poll(task);
                drop(entered);
                match (&polled, step) {
                    (Poll::Pending, _) => {
                        busy.get_or_insert_with(|| cx.state().busy());
                    }
                    (Poll::Ready(output), Some((current, Some(look)))) => ended(cx, current, look(output)),
                    (Poll::Ready(_), _) => {}
                }
                polled
            }
            Project::Boxed { future } => future.as_mut().poll(task),
        }
    }
}

#[inline(never)]
fn ended(cx: &Cx, current: &mut Current, errors: Option<Vec<String>>) {
    // What an attempt that fails has changed is not kept.
    if errors.is_none() {
        current::add_changes(std::mem::take(&mut current.changes));
    }
    cx.end_step(current.step, current.attempt, &current.watched, errors.as_deref());
}
