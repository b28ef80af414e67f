//! The events of a run, read from the store and then live, by as many as want to.
//!
//! Of each run that somebody reads there is one task that reads what is new from the store and passes it to all of them.
//! What is stored is what counts: a reader that falls behind, or finds a gap, reads on in the store by itself.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, OnceLock, Weak,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Notify, broadcast},
    task::JoinHandle,
};

use super::driver::{Driven, Engine};
use crate::{
    Event,
    event::{Chosen, Origin, Tag, Text},
    lock::lock,
    machine::{Audience, Now, Recorder},
    store::{EventRecord, NewPause, NewRun, StoreError},
};

/// How many events are read at a time.
pub(super) const PAGE: u32 = 512;
/// How many batches a reader may be behind before it has to read in the store.
const BATCHES: usize = 64;
/// How long the readers of a run get to read an event, each of them. Several times what it takes, so that they leave the
/// processor to the run.
const PER_READER: Duration = Duration::from_micros(10);
const PER_EVENT: Duration = Duration::from_micros(1);
/// How many of the pages that were read last are kept for those who read the same, and how many events make one worth it.
const PAGES: usize = 16;
const WORTH_KEEPING: usize = 32;
/// The rests between two looks at a run that is driven elsewhere.
const FASTEST: Duration = Duration::from_millis(10);
const SLOWEST: Duration = Duration::from_millis(500);

/// What a run's readers get.
#[derive(Clone)]
pub(super) enum Batch {
    /// These events, one after the other.
    Events(Arc<[Event]>),
    /// The store could not be read.
    Lost,
    /// The run has ended; before this number all was passed on.
    End(u64),
}

/// The runs that somebody reads, and what is stored of what happens.
pub(crate) struct Bus {
    pub(crate) chosen: Chosen,
    hubs: Mutex<HashMap<String, Weak<Hub>>>,
    /// How many there are, so that a run nobody reads pays nothing.
    count: AtomicUsize,
}

/// The readers of one run.
pub(super) struct Hub {
    bus: Arc<Bus>,
    pub(super) run: String,
    /// What is the same for all events of the run, once somebody has looked.
    origin: OnceLock<Origin>,
    /// What was read in the store by readers that are behind: others may be, too.
    pages: Mutex<VecDeque<Arc<[Event]>>>,
    sender: broadcast::Sender<Batch>,
    /// There may be something to read.
    wake: Arc<Notify>,
    task: Mutex<Option<JoinHandle<()>>>,
    /// The number the task reads next.
    next: AtomicU64,
    /// Whether it has passed anything on, so that this number is none beyond the end.
    passed: AtomicBool,
}

impl Drop for Hub {
    fn drop(&mut self) {
        let mut hubs = lock(&self.bus.hubs);
        // There may be a new one by now.
        if hubs.get(&self.run).is_some_and(|known| known.strong_count() == 0) {
            hubs.remove(&self.run);
        }
        drop(hubs);
        self.bus.count.fetch_sub(1, Ordering::Relaxed);
        if let Some(task) = lock(&self.task).take() {
            task.abort();
        }
    }
}

impl Bus {
    pub(crate) fn new(chosen: Chosen) -> Self {
        Bus { chosen, hubs: Mutex::default(), count: AtomicUsize::new(0) }
    }

    /// What collects the events of a run that is driven here.
    pub(crate) fn recorder(self: &Arc<Self>, run: &NewRun) -> Recorder {
        Recorder::new(self.chosen, Box::new(self.readers(run)))
    }

    /// An event that is not its driver's, for the write that makes it happen.
    pub(super) fn event(
        self: &Arc<Self>,
        run: &NewRun,
        tag: Tag,
        time: i64,
        path: &str,
        write: impl FnOnce(Text) -> Text,
    ) -> Upcoming {
        let readers = self.readers(run);
        let now = Now::of(self.chosen, &readers, tag, || write(Text::new(tag, time, path)));
        Upcoming { readers, now }
    }

    /// That these are asked.
    pub(super) fn asked(self: &Arc<Self>, run: &NewRun, pauses: &[NewPause], time: i64) -> Vec<Upcoming> {
        let told = |pause: &NewPause| self.event(run, Tag::PauseAsked, time, &pause.path, |text| pause.told(text));
        pauses.iter().map(told).collect()
    }

    fn readers(self: &Arc<Self>, run: &NewRun) -> Readers {
        Readers { bus: self.clone(), origin: Origin::of(run) }
    }

    /// Something was stored of a run.
    pub(crate) fn wake(&self, run: &str) {
        if let Some(hub) = self.hub(run) {
            hub.wake.notify_one();
        }
    }

    fn hub(&self, run: &str) -> Option<Arc<Hub>> {
        if self.count.load(Ordering::Relaxed) == 0 {
            return None;
        }
        lock(&self.hubs).get(run)?.upgrade()
    }

    /// One more reader of a run.
    pub(super) fn join(self: &Arc<Self>, run: &str) -> (Arc<Hub>, broadcast::Receiver<Batch>) {
        let mut hubs = lock(&self.hubs);
        if let Some(hub) = hubs.get(run).and_then(Weak::upgrade) {
            let receiver = hub.sender.subscribe();
            return (hub, receiver);
        }
        let (sender, receiver) = broadcast::channel(BATCHES);
        let hub = Arc::new(Hub {
            bus: self.clone(),
            run: run.to_owned(),
            origin: OnceLock::new(),
            pages: Mutex::default(),
            sender,
            wake: Arc::default(),
            task: Mutex::new(None),
            next: AtomicU64::new(u64::MAX),
            passed: AtomicBool::new(false),
        });
        self.count.fetch_add(1, Ordering::Relaxed);
        hubs.insert(run.to_owned(), Arc::downgrade(&hub));
        (hub, receiver)
    }
}

/// The readers of a run, as its driver knows them.
struct Readers {
    bus: Arc<Bus>,
    origin: Origin,
}

/// An event that is not its driver's.
pub(super) struct Upcoming {
    readers: Readers,
    now: Now,
}

impl Upcoming {
    /// More that the same write makes happen, after this.
    pub(super) fn and(self, more: Upcoming) -> Self {
        Upcoming { now: self.now.and(more.now), ..self }
    }

    /// What is to be stored.
    pub(super) fn events(&self) -> &[String] {
        &self.now.events
    }

    /// The write is made that it went with.
    pub(super) fn happened(&self) {
        self.now.tell(&self.readers);
    }
}

impl Audience for Readers {
    fn is_there(&self) -> bool {
        self.bus.hub(&self.origin.run).is_some()
    }

    fn stored(&self) {
        self.bus.wake(&self.origin.run);
    }

    fn live(&self, event: String) {
        if let Some(hub) = self.bus.hub(&self.origin.run) {
            hub.send(Batch::Events(Arc::new([self.origin.event(None, &event)])));
        }
    }
}

impl Hub {
    /// The task begins at this number, unless another reader was there before: that one has read up to where it began, if it
    /// did not ask for what is still to come.
    pub(super) fn start(self: &Arc<Self>, engine: &Arc<Engine>, origin: &Origin, from: u64) {
        let mut task = lock(&self.task);
        let earlier = !self.passed.load(Ordering::Acquire) && self.next.fetch_min(from, Ordering::AcqRel) > from;
        if task.is_some() && earlier {
            self.wake.notify_one();
        }
        if task.is_none() {
            let (engine, hub, wake) = (Arc::downgrade(engine), Arc::downgrade(self), self.wake.clone());
            *task = Some(tokio::spawn(pass_on(engine, hub, wake, origin.clone())));
        }
    }
}

/// Passes what is new to the readers of a run, until the run has ended.
async fn pass_on(engine: Weak<Engine>, hub: Weak<Hub>, wake: Arc<Notify>, origin: Origin) {
    let mut pace = FASTEST;
    loop {
        // Held while something is read and not while this waits, so that the last reader can leave.
        let (Some(engine), Some(hub)) = (engine.upgrade(), hub.upgrade()) else { return };
        let driven = engine.driven(&origin.run);
        let mut next = hub.next.load(Ordering::Acquire);
        let (rest, waits) = match read_new(&engine, &origin, driven.is_some(), next).await {
            Ok(New { ended, records }) => {
                if let Some(last) = records.last() {
                    // Unless a reader has come that needs what is before.
                    let _ = hub.next.compare_exchange(next, last.seq + 1, Ordering::AcqRel, Ordering::Acquire);
                    hub.passed.store(true, Ordering::Release);
                    (next, pace) = (last.seq + 1, FASTEST);
                    let events = records.iter().map(|record| origin.read(record)).collect();
                    hub.send(Batch::Events(events));
                }
                let all = records.len() < PAGE as usize;
                if ended && all {
                    // Who comes from here on gets another task: the run may be tried again.
                    hub.close();
                    return hub.send(Batch::End(next));
                }
                (hub.rest_after(records.len()), all)
            }
            Err(_) => {
                hub.send(Batch::Lost);
                (Duration::ZERO, true)
            }
        };
        drop((engine, hub));
        if let Some(driven) = driven.as_ref().filter(|_| rest >= Duration::from_millis(1)) {
            leave_to(driven, rest).await;
        }
        if !waits {
            tokio::task::yield_now().await;
        } else if driven.is_some() {
            // Every write tells, and so does a driver that leaves.
            wake.notified().await;
        } else {
            let _ = tokio::time::timeout(pace, wake.notified()).await;
            pace = (pace * 2).min(SLOWEST);
        }
    }
}

/// Leaves the processor to a run for so long, or until its driver has left it.
async fn leave_to(driven: &Driven, rest: Duration) {
    let _ = tokio::time::timeout(rest, driven.done()).await;
}

/// What a look at the store has brought.
struct New {
    /// Whether the run had ended before the events were read, so that there are no others after these.
    ended: bool,
    records: Vec<EventRecord>,
}

async fn read_new(engine: &Engine, origin: &Origin, driven: bool, next: u64) -> Result<New, StoreError> {
    let ended = match driven {
        true => false,
        false => engine.store.find(&origin.run).await?.is_none_or(|run| run.status.has_ended()),
    };
    Ok(New { ended, records: engine.store.events(&origin.run, next, PAGE).await? })
}

impl Hub {
    fn send(&self, batch: Batch) {
        // Nobody may be there any more.
        let _ = self.sender.send(batch);
    }

    /// Takes no more readers.
    fn close(&self) {
        let mut hubs = lock(&self.bus.hubs);
        if hubs.get(&self.run).is_some_and(|known| std::ptr::eq(known.as_ptr(), self)) {
            hubs.remove(&self.run);
        }
    }

    /// What is the same for all events of the run.
    pub(super) async fn origin(&self, engine: &Engine) -> Result<&Origin, StoreError> {
        if let Some(origin) = self.origin.get() {
            return Ok(origin);
        }
        let origin = Origin::of(&engine.record(&self.run).await?.run);
        Ok(self.origin.get_or_init(|| origin))
    }

    /// A page that somebody has read, with the event of this number.
    pub(super) fn page_with(&self, number: u64) -> Option<Arc<[Event]>> {
        let has = |page: &&Arc<[Event]>| {
            page.first().is_some_and(|first| first.seq <= Some(number))
                && page.last().is_some_and(|last| last.seq >= Some(number))
        };
        lock(&self.pages).iter().find(has).cloned()
    }

    /// Keeps a page for others, if there are any.
    pub(super) fn keep(&self, page: &Arc<[Event]>) {
        if page.len() >= WORTH_KEEPING && self.sender.receiver_count() > 1 {
            let mut pages = lock(&self.pages);
            pages.truncate(PAGES - 1);
            pages.push_front(page.clone());
        }
    }

    /// How long the readers get to read so many events.
    fn rest_after(&self, events: usize) -> Duration {
        let readers = u32::try_from(self.sender.receiver_count()).unwrap_or(u32::MAX);
        let each = PER_READER + PER_EVENT.saturating_mul(u32::try_from(events).unwrap_or(u32::MAX));
        if events == 0 { Duration::ZERO } else { each.saturating_mul(readers) }
    }
}
