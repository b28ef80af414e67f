//! The handle of generated code: the run, and the frame it runs for.

use std::{
    future::{Future, poll_fn},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::Poll,
};

use serde::{Deserialize, Serialize};

use super::{
    Frame, Halt, PointInfo, Reader, RunState, Unwritten, Writer,
    branch::{DONE, START},
    current::{self, Current},
    record::{Carried, Open},
    session::Change,
    working::Working,
};
use crate::{
    JsonError, Workflow,
    clock::millis,
    error::{Failure, Refusal},
    event::{self, Tag, Text},
    lock::lock,
    observe::{self, Checkpointing, Watched},
    pause::Asked,
    store::{Answer, Checkpoint, FrameRecord, NewPause, StoreError, StoreTx},
};

/// What a block knows of its run.
pub struct Cx {
    state: Arc<RunState>,
    path: Arc<str>,
    /// The path inside its machine, with `*` for the items of a fan-out.
    region: Arc<str>,
    points: &'static [PointInfo],
    /// How many workflows are around this frame.
    depth: u32,
    /// Which visit of the frames around this one it belongs to.
    visit: Arc<str>,
    /// How often the frame has moved.
    moves: AtomicU64,
    /// Whether the block that runs is to be given up and the frame taken up again.
    restart: AtomicBool,
    /// Whether frames below it may be stored.
    below: AtomicBool,
    /// Whether it does not take part: the race is won already, or another frame has to be undone.
    out: bool,
    progress: Mutex<Progress>,
}

/// What happens between two checkpoints.
#[derive(Default)]
struct Progress {
    /// The call the frame is trying to get done.
    trying: Trying,
    /// The point at which the frame was taken up.
    taken_up_at: Option<String>,
    /// What the frame waits for at its point, or has waited for.
    pause: Option<String>,
    wake: Option<i64>,
    /// Whether the store has been told since that it waits for that no more.
    marked: bool,
    /// Beginning of the paths of a child that has returned; the next checkpoint leaves its frames behind.
    child: Option<String>,
}

/// A call of a step that could not be done at once.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Trying {
    /// Name of the step.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) step: String,
    /// Attempts that have failed.
    #[serde(default)]
    pub(crate) attempts: u32,
    /// When the next one may begin, in milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<i64>,
    /// Whether a step that must not be repeated has begun.
    #[serde(default)]
    pub(crate) begun: bool,
    /// The pause whose answer says how to go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) asked: Option<String>,
    /// The error of the last attempt and its sources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<String>,
    /// What a step in a transaction has returned, as JSON: it is done, and only the frame has not moved on yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) done: Option<String>,
    /// What the frame had waited for at its point: its code gets there again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) at_pause: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) at_wake: Option<i64>,
}

impl Cx {
    /// The body of a run.
    pub(crate) fn root(state: Arc<RunState>) -> Self {
        let points = state.points;
        // A run that is not kept has no id, which is an empty text like the path of its body.
        let empty: Arc<str> = if state.run.is_empty() { state.run.clone() } else { Arc::from("") };
        Cx::new(state, empty.clone(), empty.clone(), points, 0, empty)
    }

    fn new(
        state: Arc<RunState>,
        path: Arc<str>,
        region: Arc<str>,
        points: &'static [PointInfo],
        depth: u32,
        visit: Arc<str>,
    ) -> Self {
        let (moves, restart) = (AtomicU64::new(0), AtomicBool::new(false));
        let out = state.skips(&path);
        let below = AtomicBool::new(false);
        Cx { state, path, region, points, depth, visit, moves, restart, below, out, progress: Mutex::default() }
    }

    /// Tells that a fork begins, if it does not go on.
    pub(super) fn tell_fork(&self, fork: &str, branches: usize) {
        if self.state.events().is_some() && !self.state.has_stored(&below(&self.path, fork, "")) {
            self.tell(Tag::ForkStarted, |text| text.text("fork", fork).number("branches", branches));
        }
    }

    /// A branch of a fork of this frame.
    pub(super) fn branch(&self, fork: &'static str, branch: usize) -> Cx {
        let (path, region) = (below(&self.path, fork, branch), below(&self.region, fork, branch));
        Cx::new(self.state.clone(), path, region, self.points, self.depth, self.next_visit())
    }

    /// The frames of a fan-out over so many items.
    pub fn items(&self, fork: &'static str, count: usize) -> Vec<Cx> {
        self.tell_fork(fork, count);
        let (region, visit) = (below(&self.region, fork, '*'), self.next_visit());
        let frame = |item| {
            let (path, region) = (below(&self.path, fork, item), region.clone());
            Cx::new(self.state.clone(), path, region, self.points, self.depth, visit.clone())
        };
        (0..count).map(frame).collect()
    }

    /// The body of a workflow this frame awaits.
    pub(super) fn child<W: Workflow>(&self) -> Cx {
        let path = match &*self.path {
            "" => format!("{}()", W::NAME),
            path => format!("{path}/{}()", W::NAME),
        };
        lock(&self.progress).child = Some(path.clone());
        let (state, points) = (self.state.clone(), W::MACHINE.points);
        Cx::new(state, path.into(), Arc::from(""), points, self.depth + 1, self.next_visit())
    }

    /// What tells this visit of the frame's point from others, for the frames below.
    fn next_visit(&self) -> Arc<str> {
        self.below.store(true, Ordering::Relaxed);
        let moves = self.moves.load(Ordering::Relaxed);
        if self.visit.is_empty() { moves.to_string().into() } else { format!("{}.{moves}", self.visit).into() }
    }

    #[inline]
    pub(crate) fn state(&self) -> &RunState {
        &self.state
    }

    pub(crate) fn path(&self) -> &Arc<str> {
        &self.path
    }

    /// Whether the frame does not take part.
    pub(super) fn is_out(&self) -> bool {
        self.out
    }

    pub(super) fn set_out(&mut self) {
        self.out = true;
    }

    pub(super) fn depth(&self) -> u32 {
        self.depth
    }

    /// Whether this program still has the points at which the run's stored frames stand.
    pub(crate) fn check_points(&self) -> Result<(), Refusal> {
        self.state.check_points()
    }

    /// The points of the region this frame belongs to.
    pub(crate) fn points(&self) -> impl Iterator<Item = &'static PointInfo> {
        self.points.iter().filter(|info| info.region == &*self.region)
    }

    /// The bindings that live at a point of this frame.
    pub(crate) fn live_at(&self, point: u32) -> Option<&'static [&'static str]> {
        self.points().nth(point as usize).map(|info| info.live)
    }

    /// Whether checkpoints of this run are kept.
    #[inline]
    pub(crate) fn keeps(&self) -> bool {
        self.state.store.is_some()
    }

    pub(crate) fn take_stored(&self) -> Option<FrameRecord> {
        self.state.take_stored(&self.path)
    }

    /// The frame where it stands in the store, or at its start.
    pub(crate) fn begin(
        &self,
        stored: Option<FrameRecord>,
        start: impl FnOnce() -> Result<Frame, Refusal>,
    ) -> Result<Frame, Refusal> {
        self.below.store(self.state.has_below(&self.path), Ordering::Relaxed);
        let Some(mut record) = stored else {
            // It may have got as far as a child all the same.
            lock(&self.progress).child = self.state.stored_child(&self.path);
            return start();
        };
        self.moves.store(record.moves, Ordering::Relaxed);
        // Written by this crate. One that cannot be read any more is an attempt that was never made.
        let trying: Option<Trying> = record.trying.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let mut progress = lock(&self.progress);
        progress.marked = trying.is_some();
        if let Some(trying) = trying {
            (record.pause, record.wake) = (trying.at_pause.clone(), trying.at_wake);
            progress.trying = trying;
        }
        (progress.pause, progress.wake) = (record.pause.clone(), record.wake);
        // The frame may get elsewhere now, if its code looks at a clock for instance.
        progress.child = self.state.stored_child(&self.path);
        if record.at == START {
            drop(progress);
            return start();
        }
        progress.taken_up_at = Some(record.at.clone());
        drop(progress);
        Frame::stored(self, record)
    }

    /// The point at which the frame was taken up, if it had got to any.
    pub(super) fn taken_up_at(&self) -> Option<String> {
        lock(&self.progress).taken_up_at.clone()
    }

    /// The frame as it was when its present block began.
    pub(crate) async fn reload(&self, start: impl FnOnce() -> Result<Frame, Refusal>) -> Frame {
        let stored = match &self.state.store {
            None => None,
            Some((store, fence)) => {
                let loaded = async {
                    let stored = store.frame(&self.state.id, &self.path).await?;
                    // Of a run that somebody has cancelled no frame is left, and that does not mean to start anew.
                    match store.holds(&self.state.id, *fence).await? {
                        true => Ok(stored),
                        false => Err(StoreError::Fenced { run: self.state.id.clone() }),
                    }
                };
                match self.counted(loaded).await {
                    Ok(stored) => stored,
                    Err(error) => return self.halt(Halt::Store(error)).await,
                }
            }
        };
        match self.begin(stored, start) {
            Ok(frame) => frame,
            Err(refusal) => self.halt(Halt::Refused(refusal)).await,
        }
    }

    pub(crate) fn reader(&self, record: FrameRecord) -> Reader {
        Reader::new(record)
    }

    #[inline]
    pub(crate) fn is_halted(&self) -> bool {
        self.state.is_halted()
    }

    pub(crate) fn request_halt(&self, halt: Halt) {
        self.state.request_halt(halt);
    }

    /// Asks the driver to stop, and waits for it.
    pub(crate) async fn halt<T>(&self, halt: Halt) -> T {
        self.state.request_halt(halt);
        std::future::pending().await
    }

    /// Gives up the block that runs; its frame is taken up again from where it stands.
    pub(super) async fn restart<T>(&self) -> T {
        self.restart.store(true, Ordering::Relaxed);
        std::future::pending().await
    }

    /// Whether the block that runs has been given up.
    #[inline]
    pub(super) fn take_restart(&self) -> bool {
        self.restart.load(Ordering::Relaxed) && self.restart.swap(false, Ordering::Relaxed)
    }

    pub(crate) fn note_failure(&self, at: Option<std::borrow::Cow<'static, str>>) {
        self.state.note_failure(&self.path, at.as_deref());
    }

    /// Starts a checkpoint of this frame.
    #[inline]
    pub fn writer(&self) -> Writer {
        Writer::new(self.keeps().then(|| self.checkpoint()))
    }

    /// Leaves what the branches of a joined fork had asked. Returns the pauses that nobody needs to answer any more.
    pub(super) fn leave_fork(&self, fork: &str) -> Vec<String> {
        let withdrawn = self.state.forget(&below(&self.path, fork, ""));
        self.tell(Tag::ForkJoined, |text| text.text("fork", fork));
        withdrawn
    }

    #[inline(never)]
    fn checkpoint(&self) -> Box<Checkpoint> {
        Box::new(Checkpoint { path: self.path.clone(), ..Checkpoint::default() })
    }

    /// Writes a checkpoint. Does not return if that fails: the driver stops then.
    pub(crate) async fn commit(&self, checkpoint: &mut Checkpoint) {
        let changes = if checkpoint.mark { Vec::new() } else { self.state.about.take(&self.path) };
        self.commit_in(None, checkpoint, changes).await;
    }

    /// Writes a checkpoint, alone or as the end of a step's transaction.
    async fn commit_in(&self, mut tx: Option<Box<dyn StoreTx>>, checkpoint: &mut Checkpoint, mut changes: Vec<Change>) {
        let Some((store, fence)) = &self.state.store else { return };
        if self.state.undoing().is_some() {
            return self.fail(vec![format!("the workflow gets to `{}` instead", checkpoint.at)]).await;
        }
        if !checkpoint.mark {
            let mut progress = lock(&self.progress);
            progress.trying = Trying::default();
            progress.pause = checkpoint.asked.as_ref().map(|pause| pause.id.clone());
            (progress.wake, progress.marked) = (checkpoint.wake, false);
            checkpoint.undo = self.state.take_undos(&self.path);
            let child = progress.child.take();
            let below = self.below.swap(false, Ordering::Relaxed);
            if below || child.is_some() {
                // The frame goes on, so what has failed below it does not fail the run.
                self.state.forget_failure(&self.path);
            }
            if checkpoint.forget.is_none() {
                // A branch that has failed may not have got to the joins of its own forks.
                let all = (checkpoint.at == DONE && below).then(|| format!("{}/", self.path));
                checkpoint.forget = all.or(child);
            }
            if let Some(prefix) = &checkpoint.forget {
                checkpoint.withdrawn.extend(self.state.forget(prefix));
            }
        }
        let carried = match self.state.events() {
            None => None,
            Some(events) => {
                self.tell_waits(checkpoint);
                let (carried, texts) = match tx {
                    Some(_) => events.carry_now(&self.path),
                    // Busy meanwhile: a run that is left here would run the step again.
                    None => self.counted(events.carry(&self.path)).await,
                };
                checkpoint.effects.events = texts;
                Some(carried)
            }
        };
        let watch = Checkpointing::begin(self.state.outside.is_some());
        loop {
            checkpoint.effects.session = match self.counted(self.state.session_write(&mut changes)).await {
                Ok(write) => write,
                Err(Unwritten::Store(error)) => return self.halt(Halt::Store(error)).await,
                Err(Unwritten::Misfit(error)) => {
                    self.untold(carried, checkpoint, tx.is_some());
                    return self.misfit(&error).await;
                }
            };
            let in_tx = tx.is_some();
            let written = match tx.take() {
                None => store.checkpoint(&self.state.id, *fence, checkpoint),
                Some(tx) => tx.commit(&self.state.id, *fence, checkpoint),
            };
            match self.counted(written).await {
                Ok(()) => break,
                // What the step has written is undone, so it has to run again.
                Err(StoreError::SessionChanged { .. }) if in_tx => {
                    self.untold(carried, checkpoint, true);
                    return self.restart().await;
                }
                Err(StoreError::SessionChanged { .. }) => {}
                Err(error) => return self.halt(Halt::Store(error)).await,
            }
        }
        watch.done();
        if let (Some(asked), Some(_)) = (&checkpoint.asked, &self.state.outside) {
            observe::asked(asked);
        }
        drop(carried);
        if !checkpoint.effects.events.is_empty() {
            self.state.events_stored();
        }
        if !checkpoint.mark {
            self.moves.fetch_add(1, Ordering::Relaxed);
            self.stay().await;
        }
    }

    /// Another write takes along what this one would have. What has ended with a transaction that is undone has not ended.
    fn untold(&self, carried: Option<Carried<'_>>, checkpoint: &mut Checkpoint, in_tx: bool) {
        drop(carried);
        let mut events = std::mem::take(&mut checkpoint.effects.events);
        if in_tx {
            events.pop_if(|event| event::is(event, Tag::StepCompleted));
        }
        if let Some(recorder) = self.state.events() {
            recorder.put_back(events);
        }
    }

    /// Tells what the frame waits for from this checkpoint on.
    fn tell_waits(&self, checkpoint: &Checkpoint) {
        match (&checkpoint.asked, checkpoint.wake) {
            (Some(asked), _) => self.state.tell(Tag::PauseAsked, &self.path, |text| asked.told(text)),
            (None, Some(until)) if !checkpoint.mark => {
                self.state.tell(Tag::TimerSet, &self.path, |text| text.number("until", until));
            }
            _ => {}
        }
    }

    /// Tells an event of this frame.
    pub(super) fn tell(&self, tag: Tag, write: impl FnOnce(Text) -> Text) {
        self.state.tell(tag, &self.path, write);
    }

    /// What an attempt at a step can learn of its run. The attempt begins now.
    pub(super) fn begin_step(&self, step: &'static str, attempt: u32) -> Current {
        let mut current = Current { step, ..self.current(attempt) };
        if self.state.outside.is_some() {
            current.watched = Watched::step(step, attempt, &self.path);
        }
        if let Some(events) = self.state.events() {
            current.watched.began = self.state.clock.now_ms();
            events.tell(Tag::StepStarted, current.watched.began, &self.path, |text| {
                text.text("step", step).number("attempt", attempt)
            });
        }
        current
    }

    /// An attempt at a step is over.
    pub(super) fn end_step(&self, step: &str, attempt: u32, watched: &Watched, errors: Option<&[String]>) {
        if let Some(outside) = &self.state.outside {
            observe::step_ended(step, &outside.workflow, watched, errors);
        }
        let tag = if errors.is_none() { Tag::StepCompleted } else { Tag::StepFailed };
        let Some(events) = self.state.events().filter(|events| events.wants(tag)) else { return };
        let now = self.state.clock.now_ms();
        let about = |text: Text| text.text("step", step).number("attempt", attempt);
        match errors {
            None => events
                .tell(tag, now, &self.path, |text| about(text).number("ms", now.saturating_sub(watched.began).max(0))),
            Some(errors) => events.tell(tag, now, &self.path, |text| about(text).text("error", &errors.join(": "))),
        }
    }

    /// Fails the run because what it has changed of its session cannot be written.
    async fn misfit<T>(&self, error: &JsonError) -> T {
        self.fail(self.state.misfit(error)).await
    }

    /// How far the frame has got with a call of this step.
    pub(super) fn trying(&self, step: &str) -> Trying {
        let trying = lock(&self.progress).trying.clone();
        // After a restart its code may have got to another step.
        if trying.step == step { trying } else { Trying::default() }
    }

    /// Tells the store that the frame has got what it waited for, before it waits for something else without moving.
    pub(super) async fn leave_wait(&self) {
        let waits = {
            let progress = lock(&self.progress);
            !progress.marked && (progress.pause.is_some() || progress.wake.is_some())
        };
        if waits && self.state.undoing().is_none() {
            self.mark(Trying::default(), None).await;
        }
    }

    /// Writes down how far the call has got. The frame stays where it is.
    pub(super) async fn mark(&self, trying: Trying, asked: Option<NewPause>) {
        self.mark_in(None, trying, asked, Vec::new()).await;
    }

    /// Writes down that a step is done, together with what it has written itself.
    pub(super) async fn mark_done(&self, tx: Box<dyn StoreTx>, trying: Trying) {
        let changes = current::take_changes_of_step();
        self.mark_in(Some(tx), trying, None, changes).await;
    }

    /// Begins a transaction of the store for a step.
    pub(super) async fn begin_tx(&self, step: &str) -> (Box<dyn StoreTx>, Option<Open<'_>>) {
        let open = match self.state.events() {
            Some(events) => Some(self.counted(events.open(&self.path)).await),
            None => None,
        };
        let begun = match &self.state.store {
            Some((store, _)) => self.counted(store.begin()).await,
            None => Err(StoreError::NoTransactions),
        };
        match begun {
            Ok(tx) => (tx, open),
            Err(error @ StoreError::NoTransactions) => {
                self.fail(vec![format!("step `{step}` takes part in a transaction"), error.to_string()]).await
            }
            Err(error) => self.halt(Halt::Store(error)).await,
        }
    }

    async fn mark_in(
        &self,
        tx: Option<Box<dyn StoreTx>>,
        mut trying: Trying,
        asked: Option<NewPause>,
        changes: Vec<Change>,
    ) {
        if self.keeps() {
            {
                let mut progress = lock(&self.progress);
                (trying.at_pause, trying.at_wake) = (progress.pause.clone(), progress.wake);
                progress.marked = true;
            }
            let mut checkpoint = Checkpoint {
                path: self.path.clone(),
                at: START.into(),
                asked,
                wake: trying.next,
                // A struct of texts and numbers always has a JSON form.
                trying: serde_json::to_string(&trying).ok().filter(|_| trying != Trying::default()),
                mark: true,
                ..Checkpoint::default()
            };
            if tx.is_some() {
                // What is written is to be undone from here on.
                checkpoint.undo = self.state.take_undos(&self.path);
            }
            self.commit_in(tx, &mut checkpoint, changes).await;
        }
        lock(&self.progress).trying = trying;
    }

    /// When the next attempt of the call that failed may begin.
    pub(crate) fn next_attempt(&self) -> Option<i64> {
        lock(&self.progress).trying.next
    }

    /// What the step about to run can learn of its run.
    pub(super) fn current(&self, attempt: u32) -> Current {
        Current {
            run: self.state.run.clone(),
            path: self.path.clone(),
            visit: self.visit.clone(),
            moves: self.moves.load(Ordering::Relaxed),
            attempt,
            undoing: None,
            transaction: None,
            step: "",
            watched: Watched::default(),
            state: Some(self.state.clone()),
            changes: Vec::new(),
            last_step: 0,
        }
    }

    /// What the code between steps can learn of its run, if that is kept.
    #[inline]
    pub(super) fn glue(&self) -> Option<Box<Current>> {
        self.keeps().then(|| Box::new(self.current(0)))
    }

    /// A block has come to its end: what it has changed of the session goes with the frame's next checkpoint.
    pub(super) fn keep_changes(&self, glue: &mut Current) {
        self.state.about.keep(&self.path, std::mem::take(&mut glue.changes));
    }

    /// Counts as busy from the first time the future has to wait: what is ready at once costs nothing.
    pub(crate) fn counted<F: Future>(&self, future: F) -> Working<'_, F> {
        Working::counted(self, future)
    }

    /// Waits for a time. A run that waits for nothing nearer leaves memory.
    pub(crate) async fn until(&self, time: i64) {
        if self.state.clock.now_ms() < time {
            let _timer = self.state.timer(time);
            self.state.clock.sleep_until(time).await;
        }
    }

    /// The question of a pause, numbered and among the open ones.
    pub(super) fn new_pause(&self, asked: Asked) -> NewPause {
        let Asked { name, question, prompt, schema, allowed, remind, within } = asked;
        // One look at the clock, so that the time there was to answer is told exactly.
        let asked_at = self.state.clock.now_ms();
        self.state.ask(|number| NewPause {
            id: format!("{name}-{number}"),
            number,
            name,
            path: self.path.to_string(),
            point: String::new(),
            question,
            prompt,
            schema,
            asked_at,
            deadline: within.map(|within| asked_at.saturating_add(millis(within))),
            allowed,
            // Of a run that is not kept nobody can be reminded.
            remind_ms: remind.filter(|_| self.keeps()).map(millis),
            asked_before: 0,
        })
    }

    /// Waits for an answer. `None`: the deadline came first. `wake` is the deadline or the next reminder, whichever comes first.
    pub(super) async fn answer_to(&self, pause: &str, wake: Option<i64>) -> Option<Answer> {
        let answered = poll_fn(|task| match self.state.poll_answer(pause, task.waker()) {
            Some(answer) => Poll::Ready(answer),
            None => Poll::Pending,
        });
        let mut answered = std::pin::pin!(answered);
        // Most answers are asked for when they are there.
        if let Some(answer) = futures::FutureExt::now_or_never(&mut answered) {
            return answer;
        }
        let _waiting = self.state.waiting();
        let Some(wake) = wake else { return answered.await };
        let times = std::pin::pin!(self.keep_times(pause, wake));
        match futures::future::select(answered, times).await {
            futures::future::Either::Left((answer, _)) => answer,
            futures::future::Either::Right(((), _)) => None,
        }
    }

    /// Reminds of an open pause, each time it is due, until its deadline has passed.
    async fn keep_times(&self, pause: &str, mut wake: i64) {
        loop {
            self.until(wake).await;
            let next = self.counted(self.state.remind_or_expire(pause)).await;
            wake = match next {
                Ok(Some(next)) => next,
                // The answer, or that there is none, has been handed in.
                Ok(None) => return std::future::pending().await,
                Err(error) => return self.halt(Halt::Store(error)).await,
            };
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
        self.fail(vec![message]).await
    }

    /// Tells that a loop with steps in it begins another round.
    #[inline]
    pub fn looped(&self, node: u32, round: Option<u64>) {
        if self.state.events().is_some() {
            self.tell_round(node, round);
        }
    }

    #[inline(never)]
    fn tell_round(&self, node: u32, round: Option<u64>) {
        self.tell(Tag::LoopIterated, |text| {
            text.number("node", node).maybe(round, |text, round| text.number("round", round))
        });
    }

    /// Tells which way an `if` or a `match` goes.
    #[inline]
    pub fn chose(&self, node: u32, choice: &'static str) {
        if self.state.events().is_some() {
            self.tell_choice(node, choice);
        }
    }

    #[inline(never)]
    fn tell_choice(&self, node: u32, choice: &'static str) {
        self.tell(Tag::ChoiceTaken, |text| text.number("node", node).text("choice", choice));
    }

    /// Fails the run without an error of the user's.
    pub(super) async fn fail<T>(&self, chain: Vec<String>) -> T {
        self.halt(Halt::Failed(Failure::new(chain, &self.path, None))).await
    }
}

/// `parallel.1` below a path.
fn below(path: &str, fork: &str, part: impl std::fmt::Display) -> Arc<str> {
    if path.is_empty() { format!("{fork}.{part}") } else { format!("{path}/{fork}.{part}") }.into()
}
