//! The stream of a run's events: what one reader sees.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures::{Stream, stream};
use tokio::sync::broadcast;

use super::{
    driver::Engine,
    events::{Batch, Hub, PAGE},
    run::{AnyRun, Run},
};
use crate::{Event, RunError, Workflow};

/// The events of a run, in their order: those that are stored, and then those that happen. It goes on over pauses and ends
/// when the run has ended and all was read. Made by [`Run::events`].
///
/// One that reads slowly keeps nobody waiting; it reads on in the store.
#[must_use = "events are read by polling the stream"]
pub struct EventStream {
    events: Pin<Box<dyn Stream<Item = Result<Event, RunError>> + Send>>,
}

impl Stream for EventStream {
    type Item = Result<Event, RunError>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.events.as_mut().poll_next(task)
    }
}

impl std::fmt::Debug for EventStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventStream").finish_non_exhaustive()
    }
}

/// One who reads the events of a run.
struct Reader {
    engine: Arc<Engine>,
    hub: Arc<Hub>,
    receiver: broadcast::Receiver<Batch>,
    /// The number it reads next.
    next: u64,
    /// Events that were read or passed on, and how many of them it has seen.
    batch: Option<(Arc<[Event]>, usize)>,
    at: At,
}

/// Where a reader reads.
#[derive(Clone, Copy, PartialEq)]
enum At {
    /// In the store; when all there is read, live.
    Behind,
    /// What is passed on.
    Live,
    /// In the store; when all there is read, it is done.
    Ending,
    Done,
}

impl Reader {
    async fn read(mut self) -> Option<(Result<Event, RunError>, Self)> {
        loop {
            if let Some(event) = self.next_of_batch() {
                return Some((Ok(event), self));
            }
            let moved = match self.at {
                At::Behind | At::Ending => self.read_page().await,
                At::Live => {
                    self.hear().await;
                    Ok(())
                }
                At::Done => return None,
            };
            if let Err(error) = moved {
                self.at = At::Done;
                return Some((Err(error), self));
            }
        }
    }

    fn next_of_batch(&mut self) -> Option<Event> {
        let (events, seen) = self.batch.as_mut()?;
        while let Some(event) = events.get(*seen) {
            *seen += 1;
            match event.seq {
                None => return Some(event.clone()),
                Some(seq) if seq == self.next => {
                    self.next += 1;
                    return Some(event.clone());
                }
                Some(seq) if seq < self.next => {}
                Some(_) => {
                    self.at = At::Behind;
                    break;
                }
            }
        }
        self.batch = None;
        None
    }

    /// Reads on in the store, or in what others have just read there.
    async fn read_page(&mut self) -> Result<(), RunError> {
        if let Some(page) = self.hub.page_with(self.next) {
            self.batch = Some((page, 0));
            return Ok(());
        }
        let origin = self.hub.origin(&self.engine).await?;
        let records = self.engine.store.events(&self.hub.run, self.next, PAGE).await?;
        let after = records.last().map_or(self.next, |last| last.seq + 1);
        if records.len() < PAGE as usize {
            self.at = match self.at {
                At::Ending => At::Done,
                _ => At::Live,
            };
            self.hub.start(&self.engine, origin, after);
        }
        if let Some(first) = records.first() {
            // What was before may not be kept any more.
            self.next = self.next.max(first.seq);
            let page: Arc<[Event]> = records.iter().map(|record| origin.read(record)).collect();
            self.hub.keep(&page);
            self.batch = Some((page, 0));
        }
        Ok(())
    }

    async fn hear(&mut self) {
        match self.receiver.recv().await {
            Ok(Batch::Events(events)) => self.batch = Some((events, 0)),
            Ok(Batch::End(next)) if self.next >= next => self.at = At::Done,
            Ok(Batch::End(_)) | Err(broadcast::error::RecvError::Closed) => self.at = At::Ending,
            Ok(Batch::Lost) | Err(broadcast::error::RecvError::Lagged(_)) => self.at = At::Behind,
        }
    }
}

impl AnyRun {
    /// The run's events from number `from` on, 0 or 1 for all of them: those that are stored, and then those that happen, with
    /// no gap and none twice, whoever drives the run. What happens but is [not stored](crate::AppBuilder::events) is told from
    /// now on, if the run is driven in this process. Reading does not take the run up.
    pub fn events(&self, from: u64) -> EventStream {
        self.handle().engine.read_events(&self.handle().id, from)
    }
}

impl Engine {
    /// As [`AnyRun::events`].
    pub(super) fn read_events(self: &Arc<Self>, run: &str, from: u64) -> EventStream {
        let (engine, (hub, receiver)) = (self.clone(), self.events.join(run));
        let reader = Reader { engine, hub, receiver, next: from.max(1), batch: None, at: At::Behind };
        EventStream { events: Box::pin(stream::unfold(reader, Reader::read)) }
    }
}

impl<W: Workflow> Run<W> {
    /// As [`AnyRun::events`].
    ///
    /// ```
    /// use flow_runtime::{EventKind, prelude::*};
    /// use futures::TryStreamExt as _;
    /// # #[step] async fn greet(name: &str) -> Result<String, std::fmt::Error> { Ok(format!("Hello, {name}")) }
    /// # workflow! { async fn hello(name: String) -> Result<String, std::fmt::Error> { greet(&name).await } }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let app = App::builder().register::<Hello>(()).build()?;
    /// let run = app.start::<Hello>("Ann".to_owned()).await?;
    /// let mut events = run.events(0);
    /// while let Some(event) = events.try_next().await? {
    ///     if let EventKind::StepCompleted { step, ms, .. } = event.kind {
    ///         println!("{step} took {ms} ms");
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn events(&self, from: u64) -> EventStream {
        self.any().events(from)
    }
}
