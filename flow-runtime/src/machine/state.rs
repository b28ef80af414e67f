//! What the frames of one run share while it is driven.

use crate::lock::lock;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::Waker,
    time::Duration,
};

use futures::task::AtomicWaker;

use super::{
    About, CallTree, Now, Outside, PointInfo, Recorder, UndoResult,
    branch::{DONE, RESULT, START},
};
use crate::{
    clock::{Clock, millis},
    error::{Failure, Refusal},
    event::{Tag, Text},
    store::{self, Answer, FrameRecord, NewPause, NewRun, NewUndo, PauseRecord, Store, StoreError, UndoRecord},
};

/// Why a run stops before its code has returned.
#[derive(Debug)]
pub(crate) enum Halt {
    /// The store failed, or somebody else drives the run now. What is stored stays as it is.
    Store(StoreError),
    /// What is stored does not fit this program. It stays as it is.
    Refused(Refusal),
    /// The run fails without an error of the user's.
    Failed(Failure),
    /// It was cancelled, which the store knows already.
    Cancelled,
    /// Somebody else is to go on with it.
    Stopped,
    /// One attempt to undo a step is over.
    Undone(UndoResult),
}

impl Halt {
    pub(crate) fn unwritable(path: &str, at: &str, binding: &str, error: &serde_json::Error) -> Self {
        let message = match binding {
            "=result" => "the result of the branch cannot be written as JSON".to_owned(),
            name => format!("binding `{name}` cannot be written as JSON"),
        };
        Halt::Failed(Failure::new(vec![message, error.to_string()], path, Some(at)))
    }
}

/// The state of a driven run.
pub(crate) struct RunState {
    pub(crate) id: String,
    /// The id again, for those who keep it.
    pub(crate) run: Arc<str>,
    pub(crate) points: &'static [PointInfo],
    calls: &'static CallTree,
    pub(crate) clock: Clock,
    /// Whether a step may be tried again, for which what a frame starts from is needed once more.
    pub(crate) reloads: bool,
    /// How near a timer has to be for the run to stay in memory. `None`: it stays for every timer.
    patience: Option<Duration>,
    /// The step that is being undone. Nothing else runs then.
    undoing: Option<UndoRecord>,
    /// Which attempt to undo it this is.
    pub(crate) undo_attempt: u32,
    /// Where checkpoints go, with the fence they carry. `None` for a run that is not kept.
    pub(crate) store: Option<(Arc<dyn Store>, u64)>,
    /// Its session, its user, its metadata.
    pub(crate) about: About,
    /// Where the run's events are collected. `None` for a run of which nobody can read any.
    events: Option<Recorder>,
    /// What the run shares with the App that drives it.
    pub(crate) outside: Option<Box<Outside>>,
    /// What stands in for steps.
    #[cfg(feature = "testing")]
    pub(crate) replaced: crate::testing::Replaced,
    /// Stored frames that have not been taken up yet.
    stored: Mutex<BTreeMap<String, FrameRecord>>,
    pauses: Mutex<Pauses>,
    /// Futures that wait for something other than an answer.
    busy: AtomicUsize,
    /// Pauses that wait for their answers, and timers.
    waiting: AtomicUsize,
    /// The timers that are set, by when they are due.
    timers: Mutex<BTreeMap<i64, usize>>,
    halted: AtomicBool,
    halt: Mutex<Option<Halt>>,
    failed_at: Mutex<Option<(String, Option<String>)>>,
    /// Steps that are done and can be undone, of which no checkpoint has told the store.
    undos: Mutex<Vec<NewUndo>>,
    /// Whether an answer came in since the driver last looked.
    news: AtomicBool,
    waker: AtomicWaker,
}

#[derive(Default)]
struct Pauses {
    asked: u64,
    open: Vec<NewPause>,
    /// `None` for a pause whose deadline has passed.
    answers: HashMap<String, Option<Answer>>,
    /// How often somebody was reminded of those that are open.
    reminded: HashMap<String, u32>,
    /// How long those with a deadline may take.
    spans: HashMap<String, Duration>,
    wakers: HashMap<String, Waker>,
}

/// Counts up, and down again when dropped.
pub(crate) struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(counter: &'a AtomicUsize) -> Self {
        counter.fetch_add(1, Ordering::Relaxed);
        Counted(counter)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A timer that is set.
pub(crate) struct Timer<'s> {
    state: &'s RunState,
    time: i64,
    _waiting: Counted<'s>,
}

impl Drop for Timer<'_> {
    fn drop(&mut self) {
        let mut timers = lock(&self.state.timers);
        if let Some(count) = timers.get_mut(&self.time) {
            *count -= 1;
            if *count == 0 {
                timers.remove(&self.time);
            }
        }
    }
}

/// The code a run is driven by: what of it is known without its types.
#[derive(Clone, Copy)]
pub(crate) struct Code {
    pub(crate) points: &'static [PointInfo],
    pub(crate) calls: &'static CallTree,
}

impl RunState {
    /// The state of a run that is not kept.
    pub(crate) fn volatile(code: Code) -> Self {
        Self::new(String::new(), code, None, Vec::new(), Vec::new())
    }

    /// The state of a run with what is stored of it.
    pub(crate) fn new(
        id: String,
        code: Code,
        store: Option<(Arc<dyn Store>, u64)>,
        frames: Vec<FrameRecord>,
        pauses: Vec<PauseRecord>,
    ) -> Self {
        let asked = pauses.iter().map(|pause| pause.pause.number).max().unwrap_or(0);
        let mut answers = HashMap::new();
        let mut open = Vec::new();
        let mut spans = HashMap::new();
        let mut reminders = HashMap::new();
        // Of what was asked last, the number is all that counts where nobody stands at it any more.
        let stands = |pause: &NewPause| frames.iter().any(|frame| frame.pause.as_ref() == Some(&pause.id));
        for PauseRecord { pause, answer, expired_at, reminded, .. } in pauses {
            spans.extend(span_of(&pause));
            match answer {
                None if expired_at.is_none() => {
                    if stands(&pause) {
                        reminders.insert(pause.id.clone(), reminded);
                        open.push(pause);
                    }
                }
                answer => {
                    answers.insert(pause.id, answer);
                }
            }
        }
        RunState {
            run: id.as_str().into(),
            id,
            points: code.points,
            calls: code.calls,
            clock: Clock::new(),
            reloads: false,
            patience: None,
            undoing: None,
            undo_attempt: 0,
            store,
            about: About::of(&NewRun::default()),
            events: None,
            outside: None,
            #[cfg(feature = "testing")]
            replaced: crate::testing::Replaced::default(),
            stored: Mutex::new(frames.into_iter().map(|frame| (frame.path.clone(), frame)).collect()),
            pauses: Mutex::new(Pauses { asked, open, answers, reminded: reminders, spans, wakers: HashMap::new() }),
            busy: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            timers: Mutex::default(),
            halted: AtomicBool::new(false),
            halt: Mutex::new(None),
            failed_at: Mutex::new(None),
            undos: Mutex::default(),
            news: AtomicBool::new(false),
            waker: AtomicWaker::new(),
        }
    }

    /// Goes by this clock.
    pub(crate) fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Leaves memory when the next timer is further off than this.
    pub(crate) fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Keeps what frames start from, because steps may be tried again.
    pub(crate) fn with_reloads(mut self, reloads: bool) -> Self {
        self.reloads = reloads;
        self
    }

    /// Knows the run it is the state of.
    pub(crate) fn with_run(mut self, run: &NewRun) -> Self {
        self.about = About::of(run);
        self
    }

    /// Tells what happens.
    pub(crate) fn with_events(mut self, events: Recorder) -> Self {
        self.events = Some(events);
        self
    }

    /// Where the run's events are collected, if anybody can read them.
    #[inline]
    pub(crate) fn events(&self) -> Option<&Recorder> {
        self.events.as_ref()
    }

    /// Tells an event that has happened in a frame.
    pub(crate) fn tell(&self, tag: Tag, path: &Arc<str>, write: impl FnOnce(Text) -> Text) {
        if let Some(events) = self.events.as_ref().filter(|events| events.wants(tag)) {
            events.tell(tag, self.clock.now_ms(), path, write);
        }
    }

    /// An event that goes with a write of its own.
    pub(crate) fn event(&self, tag: Tag, path: &str, write: impl FnOnce(Text) -> Text) -> Now {
        self.events.as_ref().map(|events| events.now(tag, self.clock.now_ms(), path, write)).unwrap_or_default()
    }

    /// All events that have not been written, and one more, for the last write of a driver.
    pub(crate) fn last_events(&self, tag: Tag, write: impl FnOnce(Text) -> Text) -> Now {
        self.events.as_ref().map(|events| events.last(tag, self.clock.now_ms(), write)).unwrap_or_default()
    }

    /// The write is made that these events went with.
    pub(crate) fn happened(&self, now: &Now) {
        if let Some(events) = &self.events {
            events.happened(now);
        }
    }

    /// It is not made after all.
    pub(crate) fn not_now(&self, now: Now) {
        if let Some(events) = &self.events {
            events.not_now(now);
        }
    }

    /// Events were stored.
    pub(crate) fn events_stored(&self) {
        if let Some(events) = &self.events {
            events.stored();
        }
    }

    /// Is driven by an App.
    pub(crate) fn with_outside(mut self, outside: Outside) -> Self {
        self.outside = Some(Box::new(outside));
        self
    }

    /// Runs something else in the place of these steps.
    #[cfg(feature = "testing")]
    pub(crate) fn with_replaced(mut self, replaced: crate::testing::Replaced) -> Self {
        self.replaced = replaced;
        self
    }

    /// Undoes this step of the run that is undone, and runs nothing else.
    pub(crate) fn with_undo(mut self, run: &RunState, undo: UndoRecord, attempt: u32) -> Self {
        self.about = run.about.again();
        (self.undoing, self.undo_attempt) = (Some(undo), attempt);
        self
    }

    /// The step that is being undone.
    #[inline]
    pub(crate) fn undoing(&self) -> Option<&UndoRecord> {
        self.undoing.as_ref()
    }

    /// Whether a frame is none of those that lead to the step that is being undone.
    pub(crate) fn skips(&self, path: &str) -> bool {
        let Some(undo) = &self.undoing else { return false };
        !is_within(&undo.path, path)
    }

    /// Whether the definition still has every point at which a stored frame stands, with the bindings it needs there. Whether
    /// their types fit shows when they are read.
    pub(crate) fn check_points(&self) -> Result<(), Refusal> {
        // In the order of their paths.
        for frame in lock(&self.stored).values() {
            let Some(region) = region_of(&frame.path, self.points, self.calls) else {
                return Err(Refusal::unknown_point(&frame.path, &frame.at));
            };
            let live: &[&str] = match frame.at.as_str() {
                START => &[],
                DONE => &[RESULT],
                at => match region.iter().find(|point| point.saved && point.name == at) {
                    Some(point) => point.live,
                    None => return Err(Refusal::unknown_point(&frame.path, at)),
                },
            };
            let missing = live.iter().find(|name| frame.bindings.iter().all(|binding| binding.name != **name));
            if let Some(name) = missing {
                return Err(Refusal::missing_binding(&frame.path, &frame.at, name));
            }
        }
        Ok(())
    }

    pub(crate) fn take_stored(&self, path: &str) -> Option<FrameRecord> {
        lock(&self.stored).remove(path)
    }

    /// Leaves the frames behind whose path begins so: what is stored of them, and what they had asked. Tells, and returns, which
    /// pauses nobody needs to answer any more.
    pub(super) fn forget(&self, prefix: &str) -> Vec<String> {
        store::forget(&mut lock(&self.stored), prefix);
        let left = |pause: &mut NewPause| pause.path.starts_with(prefix);
        let withdrawn: Vec<NewPause> = lock(&self.pauses).open.extract_if(.., left).collect();
        self.tell_withdrawn(&withdrawn);
        withdrawn.into_iter().map(|pause| pause.id).collect()
    }

    /// Tells that nobody needs to answer these any more.
    fn tell_withdrawn(&self, pauses: &[NewPause]) {
        for pause in pauses {
            self.tell(Tag::PauseWithdrawn, &pause.path.as_str().into(), |text| text.text("pause", &pause.id));
        }
    }

    /// Tells that nobody needs to answer what is open: the run ends.
    pub(crate) fn withdraw_all(&self) {
        let open = std::mem::take(&mut lock(&self.pauses).open);
        self.tell_withdrawn(&open);
    }

    /// Whether there are stored frames below a path.
    pub(super) fn has_below(&self, path: &str) -> bool {
        let stored = lock(&self.stored);
        if stored.is_empty() {
            return false;
        }
        let below = if path.is_empty() { String::new() } else { format!("{path}/") };
        stored.range(below.clone()..).any(|(path, _)| path.starts_with(&below))
    }

    /// Whether there are stored frames whose path begins so.
    pub(super) fn has_stored(&self, prefix: &str) -> bool {
        lock(&self.stored).range(prefix.to_owned()..).next().is_some_and(|(path, _)| path.starts_with(prefix))
    }

    /// Remembers that a step is done which can be undone.
    pub(super) fn note_undo(&self, undo: NewUndo) {
        lock(&self.undos).push(undo);
    }

    /// What the frame of this path, and those below it, have done since their last checkpoints and can be undone.
    pub(crate) fn take_undos(&self, path: &str) -> Vec<NewUndo> {
        let mut undos = lock(&self.undos);
        if undos.is_empty() {
            return Vec::new();
        }
        undos.extract_if(.., |undo| is_within(&undo.path, path)).collect()
    }

    /// Whether a branch has finished before the run was taken up.
    pub(crate) fn is_done(&self, path: &str) -> bool {
        lock(&self.stored).get(path).is_some_and(|frame| frame.at == DONE)
    }

    /// The path of the child a stored frame was waiting for.
    pub(crate) fn stored_child(&self, path: &str) -> Option<String> {
        let stored = lock(&self.stored);
        if stored.is_empty() {
            return None;
        }
        let below = if path.is_empty() { String::new() } else { format!("{path}/") };
        let mut frames =
            stored.range(below.clone()..).map(|(path, _)| path).take_while(|path| path.starts_with(&below));
        frames.find_map(|path| {
            let segment = path.get(below.len()..)?.split('/').next()?;
            segment.ends_with("()").then(|| format!("{below}{segment}"))
        })
    }

    /// Held while a frame waits for a time.
    pub(crate) fn timer(&self, time: i64) -> Timer<'_> {
        *lock(&self.timers).entry(time).or_default() += 1;
        Timer { state: self, time, _waiting: self.waiting() }
    }

    /// When the next timer is due.
    pub(crate) fn next_timer(&self) -> Option<i64> {
        lock(&self.timers).first_key_value().map(|(time, _)| *time)
    }

    /// Whether a timer is due so soon that leaving memory is not worth it.
    fn timer_is_near(&self) -> bool {
        let timers = lock(&self.timers);
        match (timers.first_key_value(), self.patience) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some((time, _)), Some(patience)) => *time <= self.clock.now_ms().saturating_add(millis(patience)),
        }
    }

    /// Held while a future waits for something other than an answer.
    pub(crate) fn busy(&self) -> Counted<'_> {
        Counted::new(&self.busy)
    }

    /// Held while a pause waits for its answer.
    pub(crate) fn waiting(&self) -> Counted<'_> {
        Counted::new(&self.waiting)
    }

    /// Whether the run waits for answers and timers and for nothing else, or, while a step is undone, for nothing at all.
    pub(crate) fn is_quiet(&self) -> bool {
        self.busy.load(Ordering::Relaxed) == 0
            && (self.waiting.load(Ordering::Relaxed) > 0 || self.undoing.is_some())
            && !self.timer_is_near()
    }

    /// Whether the driver has been asked to leave, and nothing that runs would have to be given up for that.
    pub(crate) fn may_stop(&self) -> bool {
        self.outside.as_ref().is_some_and(|outside| outside.may_stop(self.busy.load(Ordering::Relaxed)))
    }

    /// Asks the driver to leave once the steps that run are done.
    pub(crate) fn request_stop(&self) {
        if let Some(outside) = &self.outside {
            outside.stop();
            self.waker.wake();
        }
    }

    /// Whether a pause waits for its answer, or a timer is set.
    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    /// Numbers a new pause and keeps it among the open ones.
    pub(crate) fn ask(&self, pause: impl FnOnce(u64) -> NewPause) -> NewPause {
        let mut pauses = lock(&self.pauses);
        pauses.asked += 1;
        let pause = pause(pauses.asked);
        pauses.open.push(pause.clone());
        pauses.spans.extend(span_of(&pause));
        pause
    }

    /// How long a pause may take from when it is asked.
    pub(crate) fn span(&self, pause: &str) -> Duration {
        lock(&self.pauses).spans.get(pause).copied().unwrap_or_default()
    }

    /// The pauses asked and not answered yet.
    pub(crate) fn open_pauses(&self) -> Vec<NewPause> {
        lock(&self.pauses).open.clone()
    }

    /// The answer of a pause, or the promise to wake this waker when it comes.
    pub(crate) fn poll_answer(&self, pause: &str, waker: &Waker) -> Option<Option<Answer>> {
        let mut pauses = lock(&self.pauses);
        match pauses.answers.get(pause) {
            Some(answer) => Some(answer.clone()),
            None => {
                pauses.wakers.insert(pause.to_owned(), waker.clone());
                None
            }
        }
    }

    /// Hands an answer in, or `None` for a pause whose deadline has passed. Returns whether it was news.
    pub(crate) fn deliver(&self, pause: &str, answer: Option<&Answer>) -> bool {
        let mut pauses = lock(&self.pauses);
        if pauses.answers.contains_key(pause) {
            return false;
        }
        pauses.answers.insert(pause.to_owned(), answer.cloned());
        pauses.open.retain(|open| open.id != pause);
        self.news.store(true, Ordering::Release);
        if let Some(waker) = pauses.wakers.remove(pause) {
            waker.wake();
        }
        true
    }

    /// Does what is due of an open pause: reminds of it, or ends it if its deadline has passed. Returns when it is to be looked at
    /// again; `None` if what the store says of its answer has been handed in.
    pub(crate) async fn remind_or_expire(&self, pause: &str) -> Result<Option<i64>, StoreError> {
        let (asked, times) = {
            let pauses = lock(&self.pauses);
            let asked = pauses.open.iter().find(|open| open.id == pause).cloned();
            (asked, pauses.reminded.get(pause).copied().unwrap_or(0) + 1)
        };
        let now = self.clock.now_ms();
        let (Some((store, fence)), Some(asked)) = (&self.store, asked) else {
            return self.expire(pause, "").await;
        };
        let Some(wake) = asked.wake_after(now).filter(|_| asked.deadline.is_none_or(|deadline| now < deadline)) else {
            return self.expire(pause, &asked.path).await;
        };
        if asked.remind_ms.is_none() {
            return Ok(Some(wake));
        }
        let event =
            self.event(Tag::PauseReminded, &asked.path, |text| text.text("pause", pause).number("times", times));
        if store.remind(&self.id, *fence, pause, wake, &event.events).await? {
            self.happened(&event);
            lock(&self.pauses).reminded.insert(pause.to_owned(), times);
            return Ok(Some(wake));
        }
        self.read_answers().await?;
        Ok(None)
    }

    /// Ends a pause whose deadline has passed, unless it has been answered: hands in what the store says.
    async fn expire(&self, pause: &str, path: &str) -> Result<Option<i64>, StoreError> {
        let Some((store, fence)) = &self.store else {
            self.deliver(pause, None);
            return Ok(None);
        };
        let now = self.event(Tag::PauseExpired, path, |text| text.text("pause", pause));
        if store.expire(&self.id, *fence, pause, self.clock.now_ms(), &now.events).await? {
            self.happened(&now);
            self.deliver(pause, None);
            return Ok(None);
        }
        self.read_answers().await?;
        Ok(None)
    }

    /// Hands in the answers given in other processes.
    pub(crate) async fn read_answers(&self) -> Result<(), StoreError> {
        let Some((store, _)) = &self.store else { return Ok(()) };
        let open: Vec<String> = lock(&self.pauses).open.iter().map(|pause| pause.id.clone()).collect();
        for PauseRecord { pause, answer, expired_at, .. } in store.pauses_of(&self.id, &open).await? {
            if answer.is_some() || expired_at.is_some() {
                self.deliver(&pause.id, answer.as_ref());
            }
        }
        Ok(())
    }

    /// Whether an answer came in since this was last asked.
    pub(crate) fn take_news(&self) -> bool {
        self.news.swap(false, Ordering::AcqRel)
    }

    #[inline]
    pub(crate) fn is_halted(&self) -> bool {
        self.halted.load(Ordering::Relaxed)
    }

    /// Asks the driver to stop. The first reason counts.
    pub(crate) fn request_halt(&self, halt: Halt) {
        lock(&self.halt).get_or_insert(halt);
        self.halted.store(true, Ordering::Relaxed);
        self.waker.wake();
    }

    pub(crate) fn take_halt(&self) -> Option<Halt> {
        lock(&self.halt).take()
    }

    /// Has the driver look at what has happened.
    pub(crate) fn wake_driver(&self) {
        self.waker.wake();
    }

    /// Where the driver wants to be woken when the run is asked to stop.
    pub(crate) fn register_driver(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    /// Remembers where the error that fails the run was returned. The innermost frame counts; one that has failed elsewhere
    /// did not fail the run.
    pub(crate) fn note_failure(&self, path: &str, at: Option<&str>) {
        let mut failed_at = lock(&self.failed_at);
        if !failed_at.as_ref().is_some_and(|(failed, _)| is_within(failed, path)) {
            *failed_at = Some((path.to_owned(), at.map(str::to_owned)));
        }
    }

    /// The error of this frame, or of one below it, is a result like any other.
    pub(crate) fn forget_failure(&self, path: &str) {
        lock(&self.failed_at).take_if(|(failed, _)| is_within(failed, path));
    }

    pub(crate) fn failed_at(&self) -> (String, Option<String>) {
        lock(&self.failed_at).take().unwrap_or_default()
    }
}

/// Whether a frame is the one of this path, or below it.
pub(super) fn is_within(path: &str, around: &str) -> bool {
    let rest = path.strip_prefix(around);
    rest.is_some_and(|rest| around.is_empty() || rest.is_empty() || rest.starts_with('/'))
}

impl NewPause {
    /// What is told when it is asked.
    pub(crate) fn told(&self, text: Text) -> Text {
        let text = text.text("pause", &self.id).text("name", &self.name);
        text.maybe(self.deadline, |text, deadline| text.number("deadline", deadline))
    }

    /// When it is to be looked at after a time: for its next reminder, or because its deadline is over.
    pub(crate) fn wake_after(&self, time: i64) -> Option<i64> {
        let next = self.remind_ms.filter(|every| *every > 0).map(|every| {
            let passed = time.saturating_sub(self.asked_at).max(0) / every;
            self.asked_at.saturating_add(every.saturating_mul(passed.saturating_add(1)))
        });
        next.into_iter().chain(self.deadline).min()
    }
}

fn span_of(pause: &NewPause) -> Option<(String, Duration)> {
    let span = u64::try_from(pause.deadline?.saturating_sub(pause.asked_at)).unwrap_or(0);
    Some((pause.id.clone(), Duration::from_millis(span)))
}

/// The points of the region a frame's path leads to, through the machines of the children on the way.
fn region_of(path: &str, points: &'static [PointInfo], calls: &'static CallTree) -> Option<Vec<&'static PointInfo>> {
    let mut region = String::new();
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    while let Some(segment) = segments.next() {
        if let Some(name) = segment.strip_suffix("()") {
            // Two children may have one name, in modules of their own.
            let rest: Vec<&str> = segments.collect();
            let mut children = calls.children(name).into_iter();
            return children.find_map(|child| region_of(&rest.join("/"), (child.points)(), (child.calls)()));
        }
        let (fork, part) = segment.rsplit_once('.')?;
        let around = if region.is_empty() { String::new() } else { format!("{region}/") };
        let has = |region: &str| points.iter().any(|point| point.region == region);
        let (exact, item) = (format!("{around}{fork}.{part}"), format!("{around}{fork}.*"));
        region = if has(&exact) { exact } else { item };
    }
    let found: Vec<&PointInfo> = points.iter().filter(|point| point.region == region).collect();
    (!found.is_empty()).then_some(found)
}
