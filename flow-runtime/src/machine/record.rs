//! What happens in a run is told here, and goes to the store with its next write.

use std::{
    future::poll_fn,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::Poll,
    time::Duration,
};

use tokio::sync::Notify;

use super::state::{RunState, is_within};
use crate::{
    event::{Chosen, Tag, Text},
    lock::lock,
    store::StoreError,
};

/// What has happened is written after this long, if no other write has taken it along.
const SOON: Duration = Duration::from_millis(20);

/// Those in this process who read what happens in a run.
pub(crate) trait Audience: Send + Sync {
    /// Whether there is anybody.
    fn is_there(&self) -> bool;
    /// Events of the run were stored.
    fn stored(&self);
    /// This one is not stored.
    fn live(&self, event: String);
}

/// What a write takes along that makes something happen. That is told when it has happened, and not before.
#[derive(Default)]
pub(crate) struct Now {
    /// What is stored with it.
    pub(crate) events: Vec<String>,
    /// How many of these have happened already.
    earlier: usize,
    /// What is told and not stored.
    live: Vec<String>,
}

impl Now {
    /// An event of this kind.
    pub(crate) fn of(
        chosen: Chosen,
        audience: &(impl Audience + ?Sized),
        tag: Tag,
        text: impl FnOnce() -> Text,
    ) -> Self {
        let stored = chosen.has(tag);
        let mut event = (stored || audience.is_there()).then(|| text().finish());
        let events = if stored { event.take().into_iter().collect() } else { Vec::new() };
        Now { events, earlier: 0, live: event.into_iter().collect() }
    }

    /// More that the same write makes happen, after this.
    pub(crate) fn and(mut self, more: Now) -> Self {
        self.events.extend(more.events);
        self.live.extend(more.live);
        self
    }

    /// It is written.
    pub(crate) fn tell(&self, audience: &(impl Audience + ?Sized)) {
        audience.stored();
        self.live.iter().for_each(|live| audience.live(live.clone()));
    }
}

/// Collects the events of a run.
pub(crate) struct Recorder {
    chosen: Chosen,
    audience: Box<dyn Audience>,
    notes: Mutex<Notes>,
    /// Whether there are notes, so that who only wants to know that need not lock.
    has_notes: AtomicBool,
    /// Whether a write of nothing but events is on its way.
    flushing: AtomicBool,
    /// Transactions of steps that are open. Other writes may have to wait for their end, so nothing is flushed meanwhile.
    open: AtomicUsize,
    /// A write that carries events is over.
    over: Notify,
}

#[derive(Default)]
struct Notes {
    waiting: Vec<Note>,
    /// The writes on their way that carry events, each with the paths of these.
    on_their_way: Vec<(u64, Vec<Arc<str>>)>,
    writes: u64,
}

struct Note {
    path: Arc<str>,
    event: String,
}

/// Events that belong to one write. Dropped when that is over.
pub(crate) struct Carried<'r> {
    recorder: &'r Recorder,
    write: Option<u64>,
}

impl Drop for Carried<'_> {
    fn drop(&mut self) {
        if let Some(write) = self.write {
            lock(&self.recorder.notes).on_their_way.retain(|(known, _)| *known != write);
            self.recorder.over.notify_waiters();
        }
    }
}

/// The transaction of a step is open.
pub(crate) struct Open<'r>(&'r Recorder);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Whether one frame is above or below the other, or the same. The events of such frames keep their order.
fn related(a: &str, b: &str) -> bool {
    is_within(a, b) || is_within(b, a)
}

impl Recorder {
    pub(crate) fn new(chosen: Chosen, audience: Box<dyn Audience>) -> Self {
        Recorder {
            chosen,
            audience,
            notes: Mutex::default(),
            has_notes: AtomicBool::new(false),
            flushing: AtomicBool::new(false),
            open: AtomicUsize::new(0),
            over: Notify::new(),
        }
    }

    /// Tells an event of this kind, if anybody may want to know: `write` adds what there is to tell.
    pub(crate) fn tell(&self, tag: Tag, time: i64, path: &Arc<str>, write: impl FnOnce(Text) -> Text) {
        if self.chosen.has(tag) {
            let event = write(Text::new(tag, time, path)).finish();
            lock(&self.notes).waiting.push(Note { path: path.clone(), event });
            self.has_notes.store(true, Ordering::Release);
        } else {
            self.tell_live(tag, time, path, write);
        }
    }

    /// Whether anybody may want to know of such an event.
    pub(crate) fn wants(&self, tag: Tag) -> bool {
        self.chosen.has(tag) || self.audience.is_there()
    }

    /// As [`tell`](Self::tell), but nothing is stored.
    pub(crate) fn tell_live(&self, tag: Tag, time: i64, path: &str, write: impl FnOnce(Text) -> Text) {
        if self.audience.is_there() {
            self.audience.live(write(Text::new(tag, time, path)).finish());
        }
    }

    /// An event for a write of its own.
    pub(crate) fn now(&self, tag: Tag, time: i64, path: &str, write: impl FnOnce(Text) -> Text) -> Now {
        Now::of(self.chosen, &*self.audience, tag, || write(Text::new(tag, time, path)))
    }

    /// All there is and one more, for a write after which the run's code does not go on.
    pub(crate) fn last(&self, tag: Tag, time: i64, write: impl FnOnce(Text) -> Text) -> Now {
        let Now { events, live, .. } = self.now(tag, time, "", write);
        let mut all = self.take_all();
        let earlier = all.len();
        all.extend(events);
        Now { events: all, earlier, live }
    }

    /// What these events tell is written.
    pub(crate) fn happened(&self, now: &Now) {
        now.tell(&*self.audience);
    }

    /// It was not: other writes take along what has happened before.
    pub(crate) fn not_now(&self, mut now: Now) {
        now.events.truncate(now.earlier);
        self.put_back(now.events);
    }

    /// What a write of this frame takes along: its own events, and those of the frames above and below. Waits for the writes
    /// that carry earlier ones of these.
    pub(crate) async fn carry(&self, path: &str) -> (Carried<'_>, Vec<String>) {
        loop {
            let over = self.over.notified();
            {
                let mut notes = lock(&self.notes);
                let waits = notes.on_their_way.iter().any(|(_, paths)| paths.iter().any(|other| related(other, path)));
                if !waits {
                    return self.take(&mut notes, |note| related(note, path));
                }
            }
            over.await;
        }
    }

    /// As [`carry`](Self::carry), for the end of a transaction, which must not wait for other writes: they may wait for it.
    pub(crate) fn carry_now(&self, path: &str) -> (Carried<'_>, Vec<String>) {
        self.take(&mut lock(&self.notes), |note| related(note, path))
    }

    /// The transaction of a step of this frame begins: after the writes that carry its earlier events.
    pub(crate) async fn open(&self, path: &str) -> Open<'_> {
        self.open.fetch_add(1, Ordering::AcqRel);
        let open = Open(self);
        loop {
            let over = self.over.notified();
            let waits = {
                let notes = lock(&self.notes);
                notes.on_their_way.iter().any(|(_, paths)| paths.iter().any(|other| related(other, path)))
            };
            if !waits {
                return open;
            }
            over.await;
        }
    }

    fn take(&self, notes: &mut Notes, which: impl Fn(&str) -> bool) -> (Carried<'_>, Vec<String>) {
        let mut paths: Vec<Arc<str>> = Vec::new();
        let mut events = Vec::new();
        for note in notes.waiting.extract_if(.., |note| which(&note.path)) {
            if paths.last() != Some(&note.path) {
                paths.push(note.path);
            }
            events.push(note.event);
        }
        self.has_notes.store(!notes.waiting.is_empty(), Ordering::Release);
        let write = (!events.is_empty()).then(|| {
            notes.writes += 1;
            notes.on_their_way.push((notes.writes, paths));
            notes.writes
        });
        (Carried { recorder: self, write }, events)
    }

    fn take_all(&self) -> Vec<String> {
        self.has_notes.store(false, Ordering::Release);
        lock(&self.notes).waiting.drain(..).map(|note| note.event).collect()
    }

    /// What was taken was not written after all.
    pub(crate) fn put_back(&self, events: Vec<String>) {
        if events.is_empty() {
            return;
        }
        let path: Arc<str> = Arc::from("");
        let mut notes = lock(&self.notes);
        notes.waiting.splice(..0, events.into_iter().map(|event| Note { path: path.clone(), event }));
        self.has_notes.store(true, Ordering::Release);
    }

    /// Events were stored.
    pub(crate) fn stored(&self) {
        self.audience.stored();
    }

    /// Writes what no other write takes along, soon after it has happened. Returns if that fails.
    pub(crate) async fn flush(&self, state: &RunState) -> StoreError {
        let Some((store, fence)) = &state.store else { return std::future::pending().await };
        loop {
            // The driver is polled whenever something is told.
            poll_fn(|_| if self.has_notes.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }).await;
            tokio::time::sleep(SOON).await;
            if self.open.load(Ordering::Acquire) > 0 {
                continue;
            }
            let (carried, events) = {
                let mut notes = lock(&self.notes);
                let away: Vec<Arc<str>> = notes.on_their_way.iter().flat_map(|(_, paths)| paths.clone()).collect();
                self.take(&mut notes, |path| !away.iter().any(|other| related(other, path)))
            };
            if events.is_empty() {
                continue;
            }
            self.flushing.store(true, Ordering::Relaxed);
            let written = store.emit(&state.id, *fence, &events).await;
            self.flushing.store(false, Ordering::Relaxed);
            drop(carried);
            match written {
                Ok(()) => self.stored(),
                Err(error) => return error,
            }
        }
    }

    /// Whether a write of nothing but events is on its way.
    pub(crate) fn is_flushing(&self) -> bool {
        self.flushing.load(Ordering::Relaxed)
    }
}
