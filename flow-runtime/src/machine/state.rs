//! What the frames of one run share while it is driven.

use crate::lock::lock;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::Waker,
};

use futures::task::AtomicWaker;

use super::{
    PointInfo,
    branch::{DONE, RESULT},
};
use crate::{
    error::{Failure, Refusal},
    store::{FrameRecord, NewPause, PauseRecord, Store, StoreError},
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
    pub(crate) points: &'static [PointInfo],
    /// Where checkpoints go, with the fence they carry. `None` for a run that is not kept.
    pub(crate) store: Option<(Arc<dyn Store>, u64)>,
    /// Stored frames that have not been taken up yet.
    stored: Mutex<HashMap<String, FrameRecord>>,
    pauses: Mutex<Pauses>,
    /// Futures that wait for something other than an answer.
    busy: AtomicUsize,
    /// Pauses that wait for their answers.
    waiting: AtomicUsize,
    halted: AtomicBool,
    halt: Mutex<Option<Halt>>,
    failed_at: Mutex<Option<(String, Option<String>)>>,
    /// Whether an answer came in since the driver last looked.
    news: AtomicBool,
    waker: AtomicWaker,
}

#[derive(Default)]
struct Pauses {
    asked: u64,
    open: Vec<NewPause>,
    answers: HashMap<String, String>,
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

impl RunState {
    /// The state of a run that is not kept.
    pub(crate) fn volatile(points: &'static [PointInfo]) -> Self {
        Self::new(String::new(), points, None, Vec::new(), Vec::new())
    }

    /// The state of a run with what is stored of it.
    pub(crate) fn new(
        id: String,
        points: &'static [PointInfo],
        store: Option<(Arc<dyn Store>, u64)>,
        frames: Vec<FrameRecord>,
        pauses: Vec<PauseRecord>,
    ) -> Self {
        let asked = pauses.iter().map(|pause| pause.pause.number).max().unwrap_or(0);
        let mut answers = HashMap::new();
        let mut open = Vec::new();
        for PauseRecord { pause, answer, .. } in pauses {
            match answer {
                Some(answer) => {
                    answers.insert(pause.id, answer.value);
                }
                None => open.push(pause),
            }
        }
        RunState {
            id,
            points,
            store,
            stored: Mutex::new(frames.into_iter().map(|frame| (frame.path.clone(), frame)).collect()),
            pauses: Mutex::new(Pauses { asked, open, answers, wakers: HashMap::new() }),
            busy: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            halted: AtomicBool::new(false),
            halt: Mutex::new(None),
            failed_at: Mutex::new(None),
            news: AtomicBool::new(false),
            waker: AtomicWaker::new(),
        }
    }

    /// Whether the definition still has every point at which a stored frame stands, with the bindings it needs there. Whether
    /// their types fit shows when they are read.
    pub(crate) fn check_points(&self) -> Result<(), Refusal> {
        let stored = lock(&self.stored);
        let mut frames: Vec<&FrameRecord> = stored.values().collect();
        frames.sort_by(|a, b| a.path.cmp(&b.path));
        for frame in frames {
            let mut region = self.points.iter().filter(|point| point.region == frame.path);
            let live: &[&str] = match frame.at.as_str() {
                DONE if region.next().is_some() => &[RESULT],
                at => match region.find(|point| point.saved && point.name == at) {
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

    /// Held while a future waits for something other than an answer.
    pub(crate) fn busy(&self) -> Counted<'_> {
        Counted::new(&self.busy)
    }

    /// Held while a pause waits for its answer.
    pub(crate) fn waiting(&self) -> Counted<'_> {
        Counted::new(&self.waiting)
    }

    /// Whether the run waits for answers and for nothing else.
    pub(crate) fn is_quiet(&self) -> bool {
        self.busy.load(Ordering::Relaxed) == 0 && self.waiting.load(Ordering::Relaxed) > 0
    }

    /// Whether a pause waits for its answer.
    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    /// Numbers a new pause and keeps it among the open ones.
    pub(crate) fn ask(&self, pause: impl FnOnce(u64) -> NewPause) -> NewPause {
        let mut pauses = lock(&self.pauses);
        pauses.asked += 1;
        let pause = pause(pauses.asked);
        pauses.open.push(pause.clone());
        pause
    }

    /// The pauses asked and not answered yet.
    pub(crate) fn open_pauses(&self) -> Vec<NewPause> {
        lock(&self.pauses).open.clone()
    }

    /// The answer of a pause, or the promise to wake this waker when it comes.
    pub(crate) fn poll_answer(&self, pause: &str, waker: &Waker) -> Option<String> {
        let mut pauses = lock(&self.pauses);
        match pauses.answers.get(pause) {
            Some(answer) => Some(answer.clone()),
            None => {
                pauses.wakers.insert(pause.to_owned(), waker.clone());
                None
            }
        }
    }

    /// Hands an answer in. Returns whether it was news.
    pub(crate) fn deliver(&self, pause: &str, answer: &str) -> bool {
        let mut pauses = lock(&self.pauses);
        if pauses.answers.contains_key(pause) {
            return false;
        }
        pauses.answers.insert(pause.to_owned(), answer.to_owned());
        pauses.open.retain(|open| open.id != pause);
        self.news.store(true, Ordering::Release);
        if let Some(waker) = pauses.wakers.remove(pause) {
            waker.wake();
        }
        true
    }

    /// Whether an answer came in since this was last asked.
    pub(crate) fn take_news(&self) -> bool {
        self.news.swap(false, Ordering::AcqRel)
    }

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

    /// Where the driver wants to be woken when the run is asked to stop.
    pub(crate) fn register_driver(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    /// Remembers where the error that fails the run was returned. The innermost frame counts.
    pub(crate) fn note_failure(&self, path: &str, at: Option<&str>) {
        lock(&self.failed_at).get_or_insert_with(|| (path.to_owned(), at.map(str::to_owned)));
    }

    pub(crate) fn failed_at(&self) -> (String, Option<String>) {
        lock(&self.failed_at).take().unwrap_or_default()
    }
}
