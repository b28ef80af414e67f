//! The handle of generated code: the run, and the path of the frame it runs for.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::{Halt, PointInfo, Reader, RunState, Writer, state::Counted};
use crate::{
    clock::now_ms,
    error::{Failure, Refusal},
    pause::{Ask, Pause, answer_schema},
    store::{Checkpoint, FrameRecord, NewPause},
};

/// What a block knows of its run.
pub struct Cx {
    state: Arc<RunState>,
    path: Arc<str>,
}

pin_project! {
    /// A future for something other than an answer.
    ///
    /// A type with a name, because there is one per step and an `impl Future` costs the compiler more.
    pub struct Working<'c, F> {
        #[pin]
        future: F,
        cx: &'c Cx,
        busy: Option<Counted<'c>>,
    }
}

impl<F: Future> Future for Working<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let polled = this.future.poll(task);
        if polled.is_pending() {
            this.busy.get_or_insert_with(|| this.cx.state.busy());
        }
        polled
    }
}

impl Cx {
    /// The body of a run.
    pub(crate) fn root(state: Arc<RunState>) -> Self {
        Cx { state, path: Arc::from("") }
    }

    /// A branch of a fork of this frame.
    pub fn branch(&self, fork: &'static str, branch: usize) -> Cx {
        let path = match &*self.path {
            "" => format!("{fork}.{branch}"),
            path => format!("{path}/{fork}.{branch}"),
        };
        Cx { state: self.state.clone(), path: path.into() }
    }

    pub(crate) fn path(&self) -> &Arc<str> {
        &self.path
    }

    /// Whether this program still has the points at which the run's stored frames stand.
    pub(crate) fn check_points(&self) -> Result<(), Refusal> {
        self.state.check_points()
    }

    pub(crate) fn points(&self) -> &'static [PointInfo] {
        self.state.points
    }

    /// The bindings that live at a point of this frame.
    pub(crate) fn live_at(&self, point: u32) -> Option<&'static [&'static str]> {
        let mut region = self.state.points.iter().filter(|info| info.region == &*self.path);
        region.nth(point as usize).map(|info| info.live)
    }

    /// Whether checkpoints of this run are kept.
    pub(crate) fn keeps(&self) -> bool {
        self.state.store.is_some()
    }

    pub(crate) fn take_stored(&self) -> Option<FrameRecord> {
        self.state.take_stored(&self.path)
    }

    pub(crate) fn reader(&self, record: FrameRecord) -> Reader {
        Reader::new(record)
    }

    pub(crate) fn is_halted(&self) -> bool {
        self.state.is_halted()
    }

    pub(crate) fn request_halt(&self, halt: Halt) {
        self.state.request_halt(halt);
    }

    /// Asks the driver to stop, and waits for it.
    pub(crate) async fn halt<T: Send>(&self, halt: Halt) -> T {
        self.state.request_halt(halt);
        std::future::pending().await
    }

    pub(crate) fn note_failure(&self, at: Option<std::borrow::Cow<'static, str>>) {
        self.state.note_failure(&self.path, at.as_deref());
    }

    /// Starts a checkpoint of this frame.
    pub fn writer(&self) -> Writer {
        let checkpoint = self.keeps().then(|| {
            let path = self.path.clone();
            Box::new(Checkpoint { path, ..Checkpoint::default() })
        });
        Writer { checkpoint, pause: None, error: None }
    }

    /// Writes a checkpoint. Does not return if that fails: the driver stops then.
    pub(crate) async fn commit(&self, checkpoint: &Checkpoint) {
        let Some((store, fence)) = &self.state.store else { return };
        if let Err(error) = self.counted(store.checkpoint(&self.state.id, *fence, checkpoint)).await {
            self.halt(Halt::Store(error)).await
        }
    }

    /// Counts as busy from the first time the future has to wait: what is ready at once costs nothing.
    pub(crate) fn counted<F: Future>(&self, future: F) -> Working<'_, F> {
        Working { future, cx: self, busy: None }
    }

    /// Puts a question into a checkpoint.
    pub(crate) fn ask<P: Pause>(&self, writer: &mut Writer, ask: Ask<P>) {
        let prompt = match ask.into_prompt() {
            Ok(prompt) => prompt,
            Err(error) => {
                let message = format!("the question of pause `{}` cannot be written as JSON", P::META.name);
                let failure = Failure::new(vec![message, error.to_string()], &self.path, None);
                return self.request_halt(Halt::Failed(failure));
            }
        };
        let asked = self.state.ask(|number| NewPause {
            id: format!("{}-{number}", P::META.name),
            number,
            name: P::META.name.to_owned(),
            path: self.path.to_string(),
            question: P::META.doc.to_owned(),
            prompt,
            schema: answer_schema::<P>().to_string(),
            asked_at: now_ms(),
            deadline: None,
        });
        writer.pause = Some(asked.id.as_str().into());
        if let Some(checkpoint) = &mut writer.checkpoint {
            checkpoint.asked = Some(asked);
        }
    }

    /// Waits for an answer.
    pub(crate) async fn answer<P: Pause>(&self, pause: Option<Box<str>>) -> P::Answer {
        let Some(pause) = pause else {
            return self.halt(Halt::Refused(Refusal::no_pause(&self.path, P::META.name))).await;
        };
        let mut waiting = None;
        let text = poll_fn(|task| match self.state.poll_answer(&pause, task.waker()) {
            Some(answer) => Poll::Ready(answer),
            None => {
                waiting.get_or_insert_with(|| self.state.waiting());
                Poll::Pending
            }
        })
        .await;
        drop(waiting);
        match crate::json::decode(&text) {
            Ok(answer) => answer,
            Err(error) => self.halt(Halt::Refused(Refusal::answer(&pause, error))).await,
        }
    }

    /// Counts one more round of a loop with `#[max(n)]`. Does not return when there have been too many.
    pub async fn count_round(&self, rounds: &mut u64, max: u64, name: &'static str) {
        if *rounds < max {
            *rounds += 1;
            return;
        }
        let times = if max == 1 { "once" } else { "times" };
        let message = if max == 1 {
            format!("{name} has run {times}, which is all that its `#[max(1)]` allows")
        } else {
            format!("{name} has run {max} {times}, which is all that its `#[max({max})]` allows")
        };
        let (path, at) = (self.path.clone(), None);
        self.halt(Halt::Failed(Failure::new(vec![message], &path, at))).await
    }
}
