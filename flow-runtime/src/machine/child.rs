//! Workflows awaited in workflows.

use std::{
    future::{Future, IntoFuture, Pending},
    marker::PhantomData,
    pin::Pin,
};

use super::{Awaited, CallKind, CallMeta, ChildInfo, Cx, Frame, HasMeta, StepCall, drive_frame, working::Working};
use crate::{Policy, RunError, Workflow, error::Refusal, event::Tag};

/// How deep workflows may nest: a recursion without end fails politely, and not with the stack.
const MAX_DEPTH: u32 = 64;

/// A workflow about to run as a part of something else: what the function of its name returns.
///
/// Awaited in another workflow it is a child: its frames, pauses and steps are saved with that run. Awaited anywhere else it
/// runs in place, in memory, and a pause in it waits for ever.
#[must_use = "a workflow does nothing until it is awaited"]
pub struct Child<'d, W: Workflow> {
    refs: W::Refs<'d>,
    input: W::Input,
}

impl<'d, W: Workflow> Child<'d, W> {
    /// A call of the workflow. Made by `workflow!`.
    #[doc(hidden)]
    pub fn new(refs: W::Refs<'d>, input: W::Input) -> Self {
        Child { refs, input }
    }
}

/// Marks the calls of a workflow.
pub struct ChildOf<W>(PhantomData<fn() -> W>);

impl<W: Workflow> HasMeta for ChildOf<W> {
    const META: CallMeta = CallMeta {
        name: W::NAME,
        doc: W::DOC,
        kind: CallKind::Child(ChildInfo {
            calls: || W::MACHINE.calls,
            points: || W::MACHINE.points,
            graph: || W::GRAPH,
            has_context: W::HAS_CONTEXT,
        }),
        policy: Policy::PLAIN,
    };
}

impl<'d, W: Workflow> StepCall<Child<'d, W>> for Awaited<Child<'d, W>> {
    type Meta = ChildOf<W>;
    type Future = Pending<Result<W::Output, W::Error>>;

    fn drive<'c>(self, cx: &'c Cx) -> Working<'c, Self::Future>
    where
        Self: 'c,
    {
        Working::Boxed { future: Box::pin(run_child(cx, self.0)) }
    }
}

async fn run_child<W: Workflow>(around: &Cx, child: Child<'_, W>) -> Result<W::Output, W::Error> {
    if around.depth() >= MAX_DEPTH {
        let message = format!("workflow `{}` would be the {}th inside of each other", W::NAME, MAX_DEPTH + 1);
        return around.fail(vec![message, "a recursion has to end sooner".to_owned()]).await;
    }
    let cx = around.child::<W>();
    if cx.is_out() {
        return std::future::pending().await;
    }
    around.leave_wait().await;
    let Child { refs, input } = child;
    // A step that is tried again in the child's first block needs the input again.
    let again = cx.state().reloads.then(|| W::input_to_json(&input)).and_then(Result::ok);
    let stored = cx.take_stored();
    if stored.is_none() && !cx.state().has_below(cx.path()) {
        cx.tell(Tag::ChildStarted, |text| text.text("child", W::NAME));
    }
    let frame = match cx.begin(stored, || Ok(Frame::start(input))) {
        Ok(frame) => frame,
        Err(refusal) => return cx.halt(super::Halt::Refused(refusal)).await,
    };
    let start = || {
        let text = again.as_deref().unwrap_or_default();
        W::input_from_json(text).map(Frame::start).map_err(|error| Refusal::Input { error })
    };
    let result =
        drive_frame(&cx, frame, |frame| W::MACHINE.dispatch.dispatch(&cx, W::shorter(refs), frame), start).await;
    if result.is_ok() {
        cx.tell(Tag::ChildCompleted, |text| text.text("child", W::NAME));
    }
    result
}

impl<'d, W: Workflow> IntoFuture for Child<'d, W> {
    type Output = Result<W::Output, W::Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'd>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            match crate::engine::run_refs_here::<W>(self.refs, self.input).await {
                Ok(output) => Ok(output),
                Err(RunError::Failed(failure)) => match failure.into_error::<W::Error>() {
                    Ok(error) => Err(error),
                    // A panic stays a panic, as in any other async function.
                    Err(failure) => std::panic::resume_unwind(Box::new(failure.chain().join(": "))),
                },
                Err(RunError::Paused(_)) => std::future::pending().await,
                Err(other) => std::panic::resume_unwind(Box::new(other.to_string())),
            }
        })
    }
}
