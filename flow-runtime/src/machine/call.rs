//! Steps and pauses as values, and the inferred witnesses that bring their metadata into the graph.

use std::{
    future::{Future, IntoFuture},
    marker::PhantomData,
};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    JsonError,
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
    /// A pause with answers of type `A`.
    pub const fn pause<A: DeserializeOwned + JsonSchema>() -> Self {
        CallKind::Pause { schema: super::schema::<A>, check: |text| crate::json::decode::<A>(text).map(drop) }
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
pub struct Step<M, F> {
    future: F,
    meta: PhantomData<fn() -> M>,
}

impl<M, F: Future> Step<M, F> {
    /// Wraps the future of a step. Called by `#[step]`.
    #[doc(hidden)]
    pub fn tagged(future: F) -> Self {
        Step { future, meta: PhantomData }
    }
}

impl<M, F: Future> IntoFuture for Step<M, F> {
    type Output = F::Output;
    type IntoFuture = F;

    fn into_future(self) -> F {
        self.future
    }
}

/// What `.await` accepts inside `workflow!`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a step",
    label = "this cannot be awaited in a workflow",
    note = "a step is an `async fn` marked `#[step]`; plain code is called without `.await`"
)]
pub trait StepCall {
    /// The step's marker.
    type Meta: HasMeta;
    /// What the step returns.
    type Output;
    /// Starts the step.
    fn start(self) -> impl Future<Output = Self::Output> + Send;
}

impl<M: HasMeta, F: Future + Send> StepCall for Step<M, F> {
    type Meta = M;
    type Output = F::Output;

    fn start(self) -> impl Future<Output = F::Output> + Send {
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

impl<M: HasMeta> Call<M> {
    /// Runs a step.
    pub fn step<'c, C: StepCall<Meta = M> + 'c>(
        self,
        cx: &'c super::Cx,
        call: C,
    ) -> impl Future<Output = C::Output> + Send + 'c {
        cx.run_step(call.start())
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
