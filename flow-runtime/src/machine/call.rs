//! Steps and pauses as values, and the inferred witnesses that bring their metadata into the graph.

use std::{
    future::{Future, IntoFuture},
    marker::PhantomData,
};

use super::{Cx, PointInfo, judge::Judge, tried::tried, working::Working};
use crate::{CheckedAnswer, Graph, Policy, pause::Pause};

/// What is known of a step or pause at compile time.
#[derive(Debug, Clone, Copy)]
pub struct CallMeta {
    /// The function's name.
    pub name: &'static str,
    /// The function's doc comment.
    pub doc: &'static str,
    /// What it waits for.
    pub kind: CallKind,
    /// What is done when it fails or takes too long.
    pub policy: Policy,
}

/// The kinds of calls a workflow makes.
#[derive(Debug, Clone, Copy)]
pub enum CallKind {
    /// A `#[step]`.
    Step,
    /// Another workflow.
    Child(ChildInfo),
    /// `sleep` or `sleep_until`.
    Timer,
    /// A `#[pause]`, and what its answer has to look like.
    Pause(CheckedAnswer),
}

/// What is known of a child workflow without its types. Functions, because workflows may call each other in circles.
#[derive(Debug, Clone, Copy)]
pub struct ChildInfo {
    /// Its calls.
    pub calls: fn() -> &'static CallTree,
    /// Its points.
    pub points: fn() -> &'static [PointInfo],
    /// What it does.
    pub graph: fn() -> Graph,
    /// Whether it has a [`Context`](crate::Context).
    pub has_context: bool,
}

impl CallKind {
    /// The kind of pause `P`.
    pub const fn pause<P: Pause>() -> Self {
        CallKind::Pause(CheckedAnswer::pause::<P>())
    }
}

/// A marker type with metadata: one per `#[step]`, one per `#[pause]`.
pub trait HasMeta: 'static {
    /// The metadata.
    const META: CallMeta;
}

/// A call of a `#[step]` that has not run yet.
///
/// It is a future like any other: `research(&topic).await` works in any async code, a unit test for instance. Inside
/// `workflow!` the machine runs it and keeps its result.
#[must_use = "a step does nothing until it is awaited"]
pub struct Step<M, F: Future> {
    pub(super) future: F,
    /// Looks at the result.
    pub(super) judge: Option<Judge<F::Output>>,
    pub(super) meta: PhantomData<fn() -> M>,
}

impl<M, F: Future> Step<M, F> {
    /// Wraps the future of a step. Called by `#[step]`.
    #[doc(hidden)]
    pub fn tagged(future: F) -> Self {
        Step { future, judge: None, meta: PhantomData }
    }
}

impl<M, F: Future> IntoFuture for Step<M, F> {
    type Output = F::Output;
    type IntoFuture = F;

    fn into_future(self) -> F {
        self.future
    }
}

/// Stands for one call in the workflow's code. Which step or pause it is, the compiler infers from that code.
pub struct Call<M>(PhantomData<fn(M) -> M>);

impl<M> Clone for Call<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Call<M> {}

/// What stands before `.await`.
///
/// For something that is not a step the method does not exist, which the compiler says once; the bound of a function's
/// argument it would repeat at every use. The bound is on this type and not on `C`, because only then is its message shown.
pub struct Awaited<C>(pub C);

/// What `.await` accepts inside `workflow!`.
#[diagnostic::on_unimplemented(
    message = "a workflow cannot wait for `{C}`: it is not a step",
    label = "only steps and pauses can be awaited in a workflow",
    note = "mark the `async fn` that is called with `#[step]`; call plain code without `.await`; ask a `#[pause]` by `pause(…).await`"
)]
pub trait StepCall<C> {
    /// The step's marker.
    type Meta: HasMeta;
    /// The step itself.
    type Future: Future + Send;
    /// Runs it.
    fn drive<'c>(self, cx: &'c Cx) -> Working<'c, Self::Future>
    where
        Self: 'c;
}

impl<M: HasMeta, F: Future + Send> StepCall<Step<M, F>> for Awaited<Step<M, F>> {
    type Meta = M;
    type Future = F;

    #[inline(always)]
    fn drive<'c>(self, cx: &'c Cx) -> Working<'c, F>
    where
        Self: 'c,
    {
        // The first is known when this is compiled.
        if M::META.policy.is_plain() && cx.state().undoing().is_none() && !cx.state().is_limited(M::META.name) {
            let Step { future, judge, .. } = self.0;
            let step = || (Box::new(cx.begin_step(M::META.name, 1)), judge.map(|judge| judge.error));
            Working::step(cx, future, cx.keeps().then(step))
        } else {
            Working::Boxed { future: Box::pin(tried(cx, self.0)) }
        }
    }
}

impl<C> Awaited<C>
where
    Self: StepCall<C>,
{
    /// Runs a step.
    #[inline(always)]
    pub fn drive_step<'c>(
        self,
        cx: &'c Cx,
        _call: Call<<Self as StepCall<C>>::Meta>,
    ) -> Working<'c, <Self as StepCall<C>>::Future>
    where
        Self: 'c,
    {
        self.drive(cx)
    }
}

/// What a frame can wait for that is not work: a question about to be asked, a timer about to be set.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is nothing a workflow can wait for here",
    label = "a timer of workflows is `flow_runtime::sleep(…)` or `sleep_until(…)`, a question is `pause(…)`",
    note = "a step of your own needs another name than these"
)]
pub trait Asks {
    /// Its marker.
    type Meta: Suspends;
    /// Puts it into the checkpoint that is being written.
    fn ask(self, cx: &super::Cx, writer: &mut super::Writer);
}

/// The marker of what a frame can wait for.
pub trait Suspends: HasMeta {
    /// What the workflow gets.
    type Answer;
    /// Waits for it.
    fn answer(cx: &super::Cx, waits_for: super::WaitsFor) -> impl Future<Output = Self::Answer> + Send;
}

impl<M: Suspends> Call<M> {
    /// Asks: the question, or the time, goes into the checkpoint that is being written.
    pub fn ask<A: Asks<Meta = M>>(self, cx: &super::Cx, writer: &mut super::Writer, ask: A) {
        ask.ask(cx, writer);
    }

    /// Waits at the point the frame stands at.
    pub fn answer<'c>(
        self,
        cx: &'c super::Cx,
        waits_for: super::WaitsFor,
    ) -> impl Future<Output = M::Answer> + Send + 'c
    where
        M: 'c,
    {
        M::answer(cx, waits_for)
    }
}

/// The metadata of many calls, as a tree that can be built in a constant.
#[derive(Debug)]
pub enum CallTree {
    /// No call.
    Empty,
    /// One call.
    Leaf(&'static CallMeta),
    /// All calls of the left, then all of the right.
    Node(&'static CallTree, &'static CallTree),
}

impl CallTree {
    /// All calls, in program order.
    pub fn list(&self) -> Vec<&'static CallMeta> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    /// The child workflows of this name.
    pub(crate) fn children(&self, name: &str) -> Vec<ChildInfo> {
        let calls = self.list().into_iter().filter(|call| call.name == name);
        calls.filter_map(|call| if let CallKind::Child(info) = call.kind { Some(info) } else { None }).collect()
    }

    /// Whether a call may be tried again; `None` if none may, but there are workflows among them.
    pub(super) const fn reloads(&self) -> Option<bool> {
        match self {
            CallTree::Empty => Some(false),
            CallTree::Leaf(CallMeta { kind: CallKind::Child(_), .. }) => None,
            CallTree::Leaf(meta) => Some(meta.policy.reloads()),
            CallTree::Node(left, right) => match (left.reloads(), right.reloads()) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (None, _) | (_, None) => None,
                (Some(false), Some(false)) => Some(false),
            },
        }
    }

    /// Whether this is true of a call of this workflow or of one below it.
    pub(crate) fn any(&'static self, of: fn(&CallMeta) -> bool) -> bool {
        self.with_children().into_iter().any(of)
    }

    /// The calls of this workflow and of all below it, each workflow once.
    pub(crate) fn with_children(&'static self) -> Vec<&'static CallMeta> {
        let (mut found, mut trees) = (Vec::new(), vec![self]);
        let mut next = 0;
        while let Some(tree) = trees.get(next) {
            next += 1;
            for call in tree.list() {
                if let CallKind::Child(info) = call.kind {
                    let below = (info.calls)();
                    if !trees.iter().any(|known| std::ptr::eq(*known, below)) {
                        trees.push(below);
                    }
                }
                found.push(call);
            }
        }
        found
    }

    fn collect(&self, found: &mut Vec<&'static CallMeta>) {
        match self {
            CallTree::Empty => {}
            CallTree::Leaf(meta) => found.push(meta),
            CallTree::Node(left, right) => {
                left.collect(found);
                right.collect(found);
            }
        }
    }
}

/// A nest of pairs of [`Call`]s.
pub trait Calls: Copy {
    /// The witnesses.
    const NEW: Self;
    /// Their metadata.
    const TREE: CallTree;
}

impl Calls for () {
    const NEW: Self = ();
    const TREE: CallTree = CallTree::Empty;
}

impl<M: HasMeta> Calls for Call<M> {
    const NEW: Self = Call(PhantomData);
    const TREE: CallTree = CallTree::Leaf(&M::META);
}

impl<A: Calls, B: Calls> Calls for (A, B) {
    const NEW: Self = (A::NEW, B::NEW);
    const TREE: CallTree = CallTree::Node(&A::TREE, &B::TREE);
}
