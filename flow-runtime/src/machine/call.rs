//! Steps and pauses as values, and the inferred witnesses that bring their metadata into the graph.

use std::{
    future::{Future, IntoFuture},
    marker::PhantomData,
};

use serde_json::Value;

use super::{cx::Working, judge::Judge};
use crate::{
    JsonError, Policy,
    pause::{Ask, Pause},
};

/// What is known of a step or pause at compile time.
#[derive(Debug, Clone, Copy)]
pub struct CallMeta {
    /// The function's name.
    pub name: &'static str,
    /// The function's doc comment.
    pub doc: &'static str,
    /// Whether it is a step or a pause.
    pub kind: CallKind,
    /// What is done when it fails or takes too long.
    pub policy: Policy,
}

/// The kinds of calls a workflow makes.
#[derive(Debug, Clone, Copy)]
pub enum CallKind {
    /// A `#[step]`.
    Step,
    /// A `#[pause]`.
    Pause {
        /// JSON Schema of the answer.
        schema: fn() -> Value,
        /// Whether a JSON text is an answer.
        check: fn(&str) -> Result<(), JsonError>,
    },
}

impl CallKind {
    /// The kind of pause `P`.
    pub const fn pause<P: Pause>() -> Self {
        CallKind::Pause {
            schema: super::schema::<P::Answer>,
            check: |text| crate::json::decode::<P::Answer>(text).map(drop),
        }
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
    /// Looks at the result, if the step has rules.
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
    /// The step itself.
    fn future(self) -> Self::Future;
}

impl<M: HasMeta, F: Future + Send> StepCall<Step<M, F>> for Awaited<Step<M, F>> {
    type Meta = M;
    type Future = F;

    fn future(self) -> F {
        self.0.future
    }
}

impl<C> Awaited<C>
where
    Self: StepCall<C>,
{
    /// Runs a step.
    pub fn drive_step(
        self,
        cx: &super::Cx,
        _call: Call<<Self as StepCall<C>>::Meta>,
    ) -> Working<'_, <Self as StepCall<C>>::Future> {
        cx.counted(self.future())
    }
}

impl<P: Pause> Call<P> {
    /// Asks a pause: the question goes into the checkpoint that is being written.
    pub fn ask(self, cx: &super::Cx, writer: &mut super::Writer, ask: Ask<P>) {
        cx.ask(writer, ask);
    }

    /// Waits for the answer of the pause the frame stands at.
    pub fn answer<'c>(self, cx: &'c super::Cx, pause: Option<Box<str>>) -> impl Future<Output = P::Answer> + Send + 'c {
        cx.answer::<P>(pause)
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
