//! The future of something other than an answer.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::{
    Cx,
    current::{self, Current},
    state::Counted,
};

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
            current: Option<Box<Current>>,
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

    /// A step that can learn which run it is part of.
    pub(super) fn step(cx: &'c Cx, future: F, current: Option<Box<Current>>) -> Self {
        Working::Plain { future, cx, current, busy: None }
    }
}

impl<F: Future> Future for Working<'_, F> {
    type Output = F::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<F::Output> {
        match self.project() {
            Project::Plain { future, cx, current, busy } => {
                let entered = current.as_deref_mut().map(current::enter);
                let polled = future.poll(task);
                drop(entered);
                if polled.is_pending() {
                    busy.get_or_insert_with(|| cx.state().busy());
                }
                polled
            }
            Project::Boxed { future } => future.as_mut().poll(task),
        }
    }
}
