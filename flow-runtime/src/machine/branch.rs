//! The branches of a fork: sub-machines with frames of their own.

use std::{
    borrow::Cow,
    future::Future,
    pin::{Pin, pin},
    task::{Context, Poll},
};

use futures::{
    future::{Either, join, select, try_join},
    stream::{FuturesUnordered, StreamExt},
};

use pin_project_lite::pin_project;

use super::{Block, Cx, Each, Frame, Halt, Saver, drive_frame};
use crate::{
    Workflow,
    error::Refusal,
    event::Tag,
    store::{Binding, Checkpoint},
};

/// Name of the point of a branch that has finished.
pub(crate) const DONE: &str = "=done";
/// Name of the binding that keeps a finished branch's result.
pub(super) const RESULT: &str = "=result";
/// Name of the point of a frame that has not got to any other.
pub(super) const START: &str = "=start";

/// Runs one branch from where it stands to its end. A branch that has finished before gives its stored result.
pub fn branch<'l, W, T>(
    cx: &'l Cx,
    result: Saver<T>,
    dispatch: impl FnMut(&'l Cx, Frame) -> Block<'l, T, W::Error> + Send,
) -> impl Future<Output = Result<T, W::Error>> + Send
where
    W: Workflow,
    T: Send,
{
    run_branch(cx, result, || Ok(Frame::start(())), dispatch)
}

/// As [`branch`], but an error is a result like any other.
pub fn settled<'l, T, E>(
    cx: &'l Cx,
    result: Saver<Result<T, E>>,
    dispatch: impl FnMut(&'l Cx, Frame) -> Block<'l, T, E> + Send,
) -> impl Future<Output = Result<T, E>> + Send
where
    T: Send,
    E: Send,
{
    settle_branch(cx, result, || Ok(Frame::start(())), dispatch)
}

async fn run_branch<'l, T, E>(
    cx: &'l Cx,
    saver: Saver<T>,
    start: impl FnMut() -> Result<Frame, Refusal> + Send,
    dispatch: impl FnMut(&'l Cx, Frame) -> Block<'l, T, E> + Send,
) -> Result<T, E>
where
    T: Send,
    E: Send,
{
    let frame = match before(cx, saver, start).await {
        Before::Done(result) => return Ok(result),
        Before::At(frame, start) => (frame, start),
    };
    let result = drive(cx, frame, dispatch).await?;
    keep(cx, done(cx, saver, &result)).await;
    Ok(result)
}

async fn settle_branch<'l, T, E>(
    cx: &'l Cx,
    saver: Saver<Result<T, E>>,
    start: impl FnMut() -> Result<Frame, Refusal> + Send,
    dispatch: impl FnMut(&'l Cx, Frame) -> Block<'l, T, E> + Send,
) -> Result<T, E>
where
    T: Send,
    E: Send,
{
    let frame = match before(cx, saver, start).await {
        Before::Done(result) => return result,
        Before::At(frame, start) => (frame, start),
    };
    let result = drive(cx, frame, dispatch).await;
    if result.is_err() {
        cx.state().forget_failure(cx.path());
    }
    keep(cx, done(cx, saver, &result)).await;
    result
}

/// Where a branch stands when it is taken up.
enum Before<T, S> {
    Done(T),
    At(Frame, S),
}

async fn before<T, S: FnMut() -> Result<Frame, Refusal> + Send>(
    cx: &Cx,
    saver: Saver<T>,
    mut start: S,
) -> Before<T, S> {
    if cx.is_out() {
        return std::future::pending().await;
    }
    match cx.take_stored() {
        Some(stored) if stored.at == DONE => match saver.get(&mut cx.reader(stored)) {
            Ok(result) => Before::Done(result),
            Err(refusal) => cx.halt(Halt::Refused(refusal)).await,
        },
        stored => match cx.begin(stored, &mut start) {
            Ok(frame) => Before::At(frame, start),
            Err(refusal) => cx.halt(Halt::Refused(refusal)).await,
        },
    }
}

async fn drive<'l, T, E>(
    cx: &'l Cx,
    (frame, mut start): (Frame, impl FnMut() -> Result<Frame, Refusal> + Send),
    mut dispatch: impl FnMut(&'l Cx, Frame) -> Block<'l, T, E> + Send,
) -> Result<T, E> {
    drive_frame(cx, frame, |frame| dispatch(cx, frame), &mut start).await
}

/// The last checkpoint of a branch, with its result.
fn done<T>(cx: &Cx, saver: Saver<T>, result: &T) -> Option<Result<Checkpoint, Halt>> {
    if !cx.keeps() {
        return None;
    }
    let written = saver.to_json(result).map_err(|error| Halt::unwritable(cx.path(), DONE, RESULT, &error));
    Some(written.map(|value| Checkpoint {
        path: cx.path().clone(),
        at: Cow::Borrowed(DONE),
        bindings: vec![Binding { name: Cow::Borrowed(RESULT), value }],
        keep: Some(&[RESULT]),
        ..Checkpoint::default()
    }))
}

async fn keep(cx: &Cx, done: Option<Result<Checkpoint, Halt>>) {
    match done {
        Some(Ok(mut done)) => {
            // `parallel.1` is branch 1.
            let branch = cx.path().rsplit_once('.').map_or("0", |(_, branch)| branch);
            cx.tell(Tag::BranchCompleted, |text| text.number("branch", branch));
            cx.commit(&mut done).await;
        }
        Some(Err(halt)) => cx.halt(halt).await,
        None => {}
    }
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

/// As [`joined`], but waits for both.
pub fn all<A, B>(
    first: impl Future<Output = A> + Send,
    rest: impl Future<Output = B> + Send,
) -> impl Future<Output = (A, B)> + Send
where
    A: Send,
    B: Send,
{
    join(first, rest)
}

/// As [`joined`], but the first to finish is all that counts; the other is dropped.
pub async fn raced<T>(first: impl Future<Output = T> + Send, rest: impl Future<Output = T> + Send) -> T
where
    T: Send,
{
    match select(pin!(first), pin!(rest)).await {
        Either::Left((won, _)) | Either::Right((won, _)) => won,
    }
}

/// Says that the branches of a race have one type of result. Which one, the compiler infers from the first.
pub struct Kind<T>(std::marker::PhantomData<fn(T) -> T>);

impl<T> Clone for Kind<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Kind<T> {}

/// A kind of result yet to be inferred.
pub fn kind<T>() -> Kind<T> {
    Kind(std::marker::PhantomData)
}

/// A branch's result, which is of this kind.
pub fn same<T, E>(_kind: Kind<T>, result: Result<T, E>) -> Result<T, E> {
    result
}

impl Cx {
    /// The branches of a fork of this frame.
    pub fn branches<const N: usize>(&self, fork: &'static str) -> [Cx; N] {
        self.tell_fork(fork, N);
        std::array::from_fn(|branch| self.branch(fork, branch))
    }

    /// The branches of a race. One that has finished before a restart has won, and nobody else begins again.
    pub fn contenders<const N: usize>(&self, fork: &'static str) -> [Cx; N] {
        let mut branches = self.branches(fork);
        let won = branches.iter().position(|branch| self.state().is_done(branch.path()));
        // Even the step of a loser may have to be undone.
        if let (Some(won), None) = (won, self.state().undoing()) {
            let losers = branches.iter_mut().enumerate().filter(|(branch, _)| *branch != won);
            losers.for_each(|(_, loser)| loser.set_out());
        }
        branches
    }
}

/// Runs the body of a fan-out for each item, at most so many at once, and gives the results in the order of the items. The
/// first error drops all others. `frames` are the items' own.
pub async fn parallel_each<'l, W, T, R>(
    frames: &'l [Cx],
    (items, item): (Each<T>, Saver<Each<T>>),
    limit: Option<usize>,
    result: Saver<R>,
    dispatch: impl Fn(&'l Cx, Frame) -> Block<'l, R, W::Error> + Send + Sync,
) -> Result<Vec<R>, W::Error>
where
    W: Workflow,
    T: Send + 'static,
    R: Send,
{
    let dispatch = &dispatch;
    let run = |cx, one| run_branch(cx, result, item_start(cx, item, one), dispatch);
    let mut results = Results::new(frames.len());
    let mut running = Running::new(frames, items, limit, run).await;
    while let Some((position, result)) = running.next().await {
        results.set(position, result?);
    }
    Ok(results.list())
}

/// As [`parallel_each`], but an error is a result like any other.
pub async fn settle_each<'l, T, R, E>(
    frames: &'l [Cx],
    (items, item): (Each<T>, Saver<Each<T>>),
    limit: Option<usize>,
    result: Saver<Result<R, E>>,
    dispatch: impl Fn(&'l Cx, Frame) -> Block<'l, R, E> + Send + Sync,
) -> Vec<Result<R, E>>
where
    T: Send + 'static,
    R: Send,
    E: Send,
{
    let dispatch = &dispatch;
    let run = |cx, one| settle_branch(cx, result, item_start(cx, item, one), dispatch);
    let mut results = Results::new(frames.len());
    let mut running = Running::new(frames, items, limit, run).await;
    while let Some((position, result)) = running.next().await {
        results.set(position, result);
    }
    results.list()
}

/// How the frame of an item begins, and begins again when its first step is tried again.
fn item_start<T: Send + 'static>(
    cx: &Cx,
    saver: Saver<Each<T>>,
    item: T,
) -> impl FnMut() -> Result<Frame, Refusal> + Send + use<T> {
    let mut item = Each::new([item]);
    let again = cx.state().reloads.then(|| saver.to_json(&item)).and_then(Result::ok);
    move || {
        if item.count() == 0 {
            let again = saver.read_text(again.as_deref().unwrap_or_default());
            item = again.map_err(|error| Refusal::Input { error })?;
        }
        // One item was put in.
        item.advance(&mut 0).map(|item| Frame::start((item,))).ok_or_else(|| Refusal::no_pause("", "item"))
    }
}

/// The items that run, and those that wait for a place.
struct Running<'l, T, F, Fut> {
    frames: &'l [Cx],
    waiting: std::iter::Enumerate<std::collections::vec_deque::IntoIter<T>>,
    limit: usize,
    run: F,
    running: FuturesUnordered<Numbered<Fut>>,
}

impl<'l, T, F, Fut> Running<'l, T, F, Fut>
where
    F: FnMut(&'l Cx, T) -> Fut,
    Fut: Future,
{
    async fn new(frames: &'l [Cx], items: Each<T>, limit: Option<usize>, run: F) -> Self {
        if let (Some(0), Some(first)) = (limit, frames.first()) {
            first.fail::<()>(vec!["with a limit of 0 no item of this fan-out would ever run".to_owned()]).await;
        }
        // Of the items only one has something to be undone, and the others must not keep it waiting.
        let undoing = frames.first().is_some_and(|cx| cx.state().undoing().is_some());
        let limit = limit.filter(|_| !undoing).unwrap_or(usize::MAX);
        let waiting = items.into_items().into_iter().enumerate();
        Running { frames, waiting, limit, run, running: FuturesUnordered::new() }
    }

    async fn next(&mut self) -> Option<(usize, Fut::Output)> {
        while self.running.len() < self.limit {
            let Some((position, item)) = self.waiting.next() else { break };
            let Some(cx) = self.frames.get(position) else { break };
            let future = (self.run)(cx, item);
            self.running.push(Numbered { position, future });
        }
        self.running.next().await
    }
}

pin_project! {
    /// The future of an item, which remembers its position.
    struct Numbered<F> {
        position: usize,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Numbered<F> {
    type Output = (usize, F::Output);

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.future.poll(task).map(|output| (*this.position, output))
    }
}

/// The results that are there.
struct Results<T>(Vec<Option<T>>);

impl<T> Results<T> {
    fn new(count: usize) -> Self {
        Results(std::iter::repeat_with(|| None).take(count).collect())
    }

    fn set(&mut self, position: usize, result: T) {
        if let Some(place) = self.0.get_mut(position) {
            *place = Some(result);
        }
    }

    /// All results, once every item has one.
    fn list(self) -> Vec<T> {
        self.0.into_iter().flatten().collect()
    }
}
