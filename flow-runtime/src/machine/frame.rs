//! Frames and slots: where a line of control stands, with its live bindings in memory or as they were stored.

use std::{
    any::Any,
    borrow::Cow,
    collections::HashMap,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
};

use super::{
    Block, Cx, Halt, Kind,
    current::{self, Current},
};
use crate::{
    JsonError, Never, Saved,
    error::Refusal,
    store::{Binding, Checkpoint, FrameRecord},
};

/// A point and the bindings that live there.
pub struct Frame {
    at: u32,
    live: Live,
    pause: Option<Box<str>>,
    /// When its timer is due, or its pause's deadline.
    wake: Option<i64>,
    /// Flags of bindings that have changed since they were stored, where only the frame knows.
    changed: u64,
}

enum Live {
    /// The tuple of bindings itself.
    Memory(Box<dyn Any + Send>),
    /// As read from the store, not decoded yet.
    Stored(Box<Reader>),
}

/// What a block ends with.
pub enum Next<T> {
    /// Go on at another point, which is not saved.
    Go(Frame),
    /// Save, then go on.
    Save(Frame, Box<Checkpoint>),
    /// The workflow or branch is done.
    Done(T),
}

impl Frame {
    /// The first point, with what it starts from.
    pub fn start<S: Send + 'static>(live: S) -> Self {
        Frame { at: 0, live: Live::Memory(Box::new(live)), pause: None, wake: None, changed: u64::MAX }
    }

    /// The bindings that have changed since they were stored.
    #[inline]
    pub fn changed(&self) -> u64 {
        self.changed
    }

    /// The point it stands at.
    #[inline]
    pub fn at(&self) -> u32 {
        self.at
    }

    /// What it waits for.
    #[inline]
    pub fn waits_for(&mut self) -> WaitsFor {
        WaitsFor { pause: self.pause.take(), wake: self.wake }
    }

    /// A stored frame, if the definition still has its point.
    pub(crate) fn stored(cx: &Cx, record: FrameRecord) -> Result<Self, Refusal> {
        let position = cx.points().position(|point| point.saved && point.name == record.at);
        let Some(at) = position.and_then(|at| u32::try_from(at).ok()) else {
            return Err(Refusal::unknown_point(cx.path(), &record.at));
        };
        let pause = record.pause.as_deref().map(Box::from);
        let wake = record.wake;
        Ok(Frame { at, live: Live::Stored(Box::new(cx.reader(record))), pause, wake, changed: 0 })
    }
}

/// What a frame waits for at its point: an answer, a time, or whichever comes first.
pub struct WaitsFor {
    /// Id of the pause.
    pub(super) pause: Option<Box<str>>,
    /// Milliseconds since the Unix epoch.
    pub(super) wake: Option<i64>,
}

/// Runs the blocks of one frame until it is done. `start` makes the frame anew, for a step that is tried again before the
/// frame has got anywhere.
pub(crate) async fn drive_frame<'l, T, E>(
    cx: &'l Cx,
    mut frame: Frame,
    mut dispatch: impl FnMut(Frame) -> Block<'l, T, E>,
    mut start: impl FnMut() -> Result<Frame, Refusal>,
) -> Result<T, E> {
    let mut at = None;
    // A frame that has just been taken up may have to wait for its next attempt.
    let mut taken_up = true;
    loop {
        if cx.is_halted() {
            return std::future::pending().await;
        }
        if std::mem::take(&mut taken_up)
            && let Some(time) = cx.next_attempt()
        {
            cx.until(time).await;
        }
        match (Attempt { cx, block: dispatch(frame), glue: cx.glue() }).await {
            Some(Ok(Next::Go(next))) => frame = next,
            Some(Ok(Next::Save(next, mut checkpoint))) => {
                cx.commit(&mut checkpoint).await;
                at = Some(checkpoint.at);
                frame = next;
            }
            Some(Ok(Next::Done(value))) => return Ok(value),
            Some(Err(error)) => {
                cx.note_failure(at.or_else(|| cx.taken_up_at().map(Cow::Owned)));
                return Err(error);
            }
            None => {
                frame = cx.reload(&mut start).await;
                taken_up = true;
            }
        }
    }
}

/// A block that can be given up, to be run again: `None` then.
struct Attempt<'l, T, E> {
    cx: &'l Cx,
    block: Block<'l, T, E>,
    /// What its code between steps can learn of the run.
    glue: Option<Box<Current>>,
}

impl<T, E> Future for Attempt<'_, T, E> {
    type Output = Option<Result<Next<T>, E>>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let Attempt { cx, block, glue } = &mut *self;
        let entered = glue.as_deref_mut().map(current::enter);
        let polled = block.as_mut().poll(task);
        drop(entered);
        match polled {
            Poll::Ready(next) => {
                if let (Ok(_), Some(glue)) = (&next, glue) {
                    cx.keep_changes(glue);
                }
                Poll::Ready(Some(next))
            }
            Poll::Pending if cx.take_restart() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// One point of a machine. Which bindings live there, the compiler infers from the blocks that lead to it and from it.
pub struct Slot<S> {
    at: u32,
    name: &'static str,
    live: PhantomData<fn(S) -> S>,
}

impl<S> Clone for Slot<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Slot<S> {}

impl<S> Slot<S> {
    /// Never called: its type is what the bindings of a point turn out to be.
    pub fn example(self) -> S {
        unreachable!("point `{}` is looked at by the compiler only", self.name)
    }
}

/// The slot of a point.
pub const fn slot<S>(at: u32, name: &'static str) -> Slot<S> {
    Slot { at, name, live: PhantomData }
}

/// The slot where the items of a fan-out begin.
pub const fn slot_of<S>(_item: Kind<S>, at: u32, name: &'static str) -> Slot<S> {
    slot(at, name)
}

impl<S: Send + 'static> Slot<S> {
    /// Goes on here without saving.
    pub fn jump<T, E>(self, changed: u64, live: S) -> Result<Next<T>, E> {
        Ok(Next::Go(Frame { at: self.at, live: Live::Memory(Box::new(live)), pause: None, wake: None, changed }))
    }

    /// Saves and goes on here.
    pub fn save<T, E>(self, cx: &Cx, writer: Writer, live: S) -> Result<Next<T>, E> {
        let Writer { checkpoint, pause, wake, joined, error } = writer;
        let withdrawn = joined.map(|fork| cx.leave_fork(fork)).unwrap_or_default();
        let frame = Frame { at: self.at, live: Live::Memory(Box::new(live)), pause, wake, changed: 0 };
        if let Some((binding, error)) = error {
            cx.request_halt(Halt::unwritable(cx.path(), self.name, binding, &error));
            return Ok(Next::Go(frame));
        }
        match checkpoint {
            None => Ok(Next::Go(frame)),
            Some(mut checkpoint) => {
                checkpoint.at = Cow::Borrowed(self.name);
                checkpoint.wake = wake;
                checkpoint.withdrawn = withdrawn;
                if let Some(asked) = &mut checkpoint.asked {
                    self.name.clone_into(&mut asked.point);
                }
                if checkpoint.asked.is_some() || wake.is_some() {
                    // The run may rest here for a year.
                    checkpoint.keep = cx.live_at(self.at);
                }
                Ok(Next::Save(frame, checkpoint))
            }
        }
    }
}

impl<S: 'static> Slot<S> {
    /// The bindings of a frame that stands at a point which is never stored.
    pub fn take(self, frame: Frame) -> S {
        match frame.live {
            Live::Memory(live) => self.own(live),
            // A stored frame is built only for points with `saved`, and those are entered through `open`.
            Live::Stored(_) => unreachable!("point `{}` is never stored", self.name),
        }
    }

    /// The bindings of a frame, read if it is a stored one. `None` if they do not fit; the run has been asked to stop then.
    pub fn open<R: Reads<Live = S>>(self, cx: &Cx, frame: Frame, savers: R) -> Option<S> {
        match frame.live {
            Live::Memory(live) => Some(self.own(live)),
            Live::Stored(mut reader) => match savers.read(&mut reader) {
                Ok(live) => Some(live),
                Err(refusal) => {
                    cx.request_halt(Halt::Refused(refusal));
                    None
                }
            },
        }
    }

    fn own(self, live: Box<dyn Any + Send>) -> S {
        match live.downcast::<S>() {
            Ok(live) => *live,
            // Only this point's own slot makes frames with this number.
            Err(_) => unreachable!("point `{}` was entered with the bindings of another point", self.name),
        }
    }
}

/// The block of a frame that was refused: it never runs.
pub fn refused<'a, T: Send + 'a, E: Send + 'a>() -> Block<'a, T, E> {
    Box::pin(std::future::pending())
}

/// How one binding is written and read.
///
/// There is one per binding, and what it demands of the binding's type is checked there and nowhere else.
pub struct Saver<T> {
    name: &'static str,
    write: fn(&T) -> Result<String, serde_json::Error>,
    read: fn(&str) -> Result<T, JsonError>,
}

impl<T> Clone for Saver<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Saver<T> {}

impl<T> Saver<T> {
    /// The saver of a binding.
    pub const fn new(name: &'static str) -> Self
    where
        T: Saved,
    {
        Saver { name, write: serde_json::to_string::<T>, read: crate::json::decode::<T> }
    }

    /// The value as JSON.
    pub(super) fn to_json(self, value: &T) -> Result<String, serde_json::Error> {
        (self.write)(value)
    }

    /// The value of a JSON text.
    pub(super) fn read_text(self, text: &str) -> Result<T, JsonError> {
        (self.read)(text)
    }

    /// The value in a stored frame.
    pub(super) fn get(self, reader: &mut Reader) -> Result<T, Refusal> {
        reader.get(self.name, self.read)
    }

    /// Writes the binding, if the run is kept.
    pub fn put(self, value: &T, writer: &mut Writer) {
        if writer.checkpoint.is_some() {
            writer.put(self.name, (self.write)(value));
        }
    }
}

/// How all bindings of a point are read: a tuple of [`Saver`]s.
pub trait Reads {
    /// The bindings.
    type Live;
    /// Reads them.
    ///
    /// # Errors
    /// When one is not stored or does not fit its type any more.
    fn read(self, reader: &mut Reader) -> Result<Self::Live, Refusal>;
}

/// Two tuples, where one would be longer than the tuples that have traits.
pub struct Both<A, B>(pub A, pub B);

impl<A: Reads, B: Reads> Reads for Both<A, B> {
    type Live = Both<A::Live, B::Live>;

    fn read(self, reader: &mut Reader) -> Result<Self::Live, Refusal> {
        Ok(Both(self.0.read(reader)?, self.1.read(reader)?))
    }
}

macro_rules! reads {
    ($($read:ident)*) => {
        impl<$($read),*> Reads for ($(Saver<$read>,)*) {
            type Live = ($($read,)*);

            #[allow(non_snake_case, unused_variables, clippy::unused_unit)]
            fn read(self, reader: &mut Reader) -> Result<Self::Live, Refusal> {
                let ($($read,)*) = self;
                Ok(($($read.get(reader)?,)*))
            }
        }
    };
}

reads!();
reads!(A);
reads!(A B);
reads!(A B C);
reads!(A B C D);
reads!(A B C D E);
reads!(A B C D E F);
reads!(A B C D E F G);
reads!(A B C D E F G H);
reads!(A B C D E F G H I);
reads!(A B C D E F G H I J);
reads!(A B C D E F G H I J K);
reads!(A B C D E F G H I J K L);
reads!(A B C D E F G H I J K L M);
reads!(A B C D E F G H I J K L M N);
reads!(A B C D E F G H I J K L M N O);
reads!(A B C D E F G H I J K L M N O P);

/// Collects what a checkpoint writes. Does nothing for a run that is not kept.
pub struct Writer {
    pub(crate) checkpoint: Option<Box<Checkpoint>>,
    pub(crate) pause: Option<Box<str>>,
    pub(crate) wake: Option<i64>,
    /// The fork that has been joined.
    joined: Option<&'static str>,
    /// The first binding that could not be written, and why.
    pub(crate) error: Option<(&'static str, serde_json::Error)>,
}

impl Writer {
    /// One for this checkpoint, or for none.
    #[inline]
    pub(super) fn new(checkpoint: Option<Box<Checkpoint>>) -> Self {
        Writer { checkpoint, pause: None, wake: None, joined: None, error: None }
    }

    /// Writes one binding.
    fn put(&mut self, name: &'static str, written: Result<String, serde_json::Error>) {
        let Some(checkpoint) = &mut self.checkpoint else { return };
        match written {
            Ok(value) => checkpoint.bindings.push(Binding { name: Cow::Borrowed(name), value }),
            Err(error) if self.error.is_none() => self.error = Some((name, error)),
            Err(_) => {}
        }
    }

    /// Leaves the frames of a joined fork behind: all whose path begins with this below the current frame.
    pub fn forget(&mut self, fork: &'static str) {
        self.joined = Some(fork);
        if let Some(checkpoint) = &mut self.checkpoint {
            let path = &checkpoint.path;
            checkpoint.forget = Some(if path.is_empty() { format!("{fork}.") } else { format!("{path}/{fork}.") });
        }
    }
}

/// Reads the bindings of a stored frame.
pub struct Reader {
    path: Box<str>,
    at: String,
    bindings: HashMap<Cow<'static, str>, String>,
}

impl Reader {
    pub(crate) fn new(record: FrameRecord) -> Self {
        let bindings = record.bindings.into_iter().map(|binding| (binding.name, binding.value)).collect();
        Reader { path: record.path.into(), at: record.at, bindings }
    }

    /// Reads one binding.
    ///
    /// # Errors
    /// When the binding is not stored or does not fit its type any more.
    fn get<T>(&mut self, name: &'static str, read: fn(&str) -> Result<T, JsonError>) -> Result<T, Refusal> {
        let Some(text) = self.bindings.remove(name) else {
            return Err(Refusal::missing_binding(&self.path, &self.at, name));
        };
        read(&text).map_err(|error| Refusal::binding(&self.path, &self.at, name, error))
    }
}

/// The `Result` a workflow returns.
#[diagnostic::on_unimplemented(
    message = "a workflow returns `Result<Output, Error>`, not `{Self}`",
    label = "write `Result<…>` here"
)]
pub trait ResultLike {
    /// The output.
    type Ok;
    /// The error.
    type Err;
    /// As the end of a block.
    fn done(self) -> Result<Next<Self::Ok>, Self::Err>;
}

#[diagnostic::do_not_recommend]
impl<T, E> ResultLike for Result<T, E> {
    type Ok = T;
    type Err = E;

    fn done(self) -> Result<Next<T>, E> {
        self.map(Next::Done)
    }
}

/// The value of the last step of a branch, on its way to be the branch's result.
pub struct Finish<R>(pub R);

impl<T, F> Finish<Result<T, F>> {
    /// The result, its error made the workflow's.
    ///
    /// # Errors
    /// The step's own.
    pub fn converted<E>(self) -> Result<T, E>
    where
        F: BranchError<E>,
    {
        self.0.map_err(BranchError::into_error)
    }

    /// The result as it is.
    ///
    /// # Errors
    /// The step's own.
    pub fn kept(self) -> Result<T, F> {
        self.0
    }
}

/// For steps that cannot fail; found after the methods of [`Finish`] itself.
pub trait FinishPlain<T> {
    /// The value as a result.
    ///
    /// # Errors
    /// None.
    fn converted<E>(self) -> Result<T, E>;

    /// The value as a result.
    ///
    /// # Errors
    /// None.
    fn kept(self) -> Result<T, Never>;
}

impl<T> FinishPlain<T> for Finish<T> {
    fn converted<E>(self) -> Result<T, E> {
        Ok(self.0)
    }

    fn kept(self) -> Result<T, Never> {
        Ok(self.0)
    }
}

/// An error that can become the workflow's.
#[diagnostic::on_unimplemented(
    message = "this branch fails with `{Self}`, which cannot become the workflow's error `{E}`",
    label = "implement `From<{Self}>` for `{E}`, or convert the error in the branch"
)]
pub trait BranchError<E> {
    /// The workflow's error.
    fn into_error(self) -> E;
}

#[diagnostic::do_not_recommend]
impl<E, F: Into<E>> BranchError<E> for F {
    fn into_error(self) -> E {
        self.into()
    }
}
