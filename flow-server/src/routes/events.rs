//! The events of a run: as a page, or as a stream that can be taken up again where it ended.

use std::{convert::Infallible, pin::Pin};

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{
        IntoResponse as _, Response, Sse,
        sse::{Event as Frame, KeepAlive},
    },
};
use flow_report::EventsReport;
use flow_runtime::{App, Event, EventKind, EventStream, StoreError};
use futures::{Stream, StreamExt as _, stream};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;

use super::runs;
use crate::{
    extract::{Params, Part, Wanted},
    problem::Problem,
    state::Shared,
};

/// How many events there are on a page, unless somebody says otherwise, and at most.
const PAGE: u32 = 500;
const LARGEST: u32 = 5_000;

/// From where to read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventsQuery {
    from: Option<u64>,
    limit: Option<u32>,
}

/// When a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// When the run has ended.
    Ended,
    /// When it has ended or waits for answers.
    Rests,
}

/// `GET /api/runs/{run}/events`
pub(crate) async fn read(
    State(state): State<Shared>,
    Part(run): Part<String>,
    Params(query): Params<EventsQuery>,
    wanted: Wanted,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let last = match headers.get("last-event-id").map(|id| id.to_str().map(str::parse::<u64>)) {
        None => None,
        Some(Ok(Ok(last))) => Some(last),
        Some(_) => return Err(Problem::bad_request("`Last-Event-ID` is the number of an event.")),
    };
    let from = last.map(|last| last.saturating_add(1)).or(query.from).unwrap_or(1);
    let limit = runs::limit_to(LARGEST, query.limit.unwrap_or(PAGE))?;
    if wanted.accepts("application/json") && !wanted.accepts("text/event-stream") {
        return Ok(Json(EventsReport::of(&state.app, &run, from, limit).await?).into_response());
    }
    let Some(record) = state.app.store().find(&run).await? else {
        return Err(StoreError::UnknownRun { run }.into());
    };
    // An `EventSource` asks again whenever a stream has ended; this is how it is told to stop.
    if last.is_some() && record.status.has_ended() && state.app.store().events(&run, from, 1).await?.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(stream(&state, place(&state)?, &run, from, Until::Ended))
}

/// A place for a stream, if there is one.
pub(crate) fn place(state: &Shared) -> Result<OwnedSemaphorePermit, Problem> {
    let busy = |_| Problem::busy("This server has as many streams open as it takes at once: ask again.", 5);
    state.streams.clone().try_acquire_owned().map_err(busy)
}

/// The events of a run from a number on, as they happen.
pub(crate) fn stream(state: &Shared, place: OwnedSemaphorePermit, run: &str, from: u64, until: Until) -> Response {
    let reader = Reader {
        events: state.app.events(run, from),
        closed: Box::pin(state.closed()),
        run: run.to_owned(),
        next: from.max(1),
        until,
        at: At::Reading,
        open: Open::new(state.clone(), place),
    };
    let frames = stream::unfold(reader, Reader::read);
    let mut response = sse(state, frames);
    // Proxies that collect what they pass on would hold events back.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

fn sse(state: &Shared, frames: impl Stream<Item = Result<Frame, Infallible>> + Send + 'static) -> Response {
    Sse::new(frames).keep_alive(KeepAlive::new().interval(state.options.keep_alive)).into_response()
}

/// A stream that is open, and counted.
struct Open {
    state: Shared,
    _place: OwnedSemaphorePermit,
}

impl Open {
    fn new(state: Shared, place: OwnedSemaphorePermit) -> Self {
        state.counters.streams.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Open { state, _place: place }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.state.counters.streams.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
    }
}

/// One who reads a stream.
struct Reader {
    events: EventStream,
    closed: Pin<Box<dyn Future<Output = ()> + Send>>,
    run: String,
    /// The number of the next event.
    next: u64,
    until: Until,
    at: At,
    open: Open,
}

/// Where a reader stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Reading,
    /// All was read; it is to be told so.
    Ending,
    Done,
}

impl Reader {
    async fn read(mut self) -> Option<(Result<Frame, Infallible>, Self)> {
        let frame = match self.at {
            At::Done => return None,
            At::Ending => self.end().await,
            At::Reading => tokio::select! {
                // The end of the server comes first: who reads a long history would hold it up, and goes on where it stands.
                biased;
                () = &mut self.closed => {
                    self.at = At::Done;
                    let frame = data("shutdown", &json!({ "run": self.run, "next": self.next }));
                    frame.id(self.next.saturating_sub(1).to_string())
                }
                event = self.events.next() => match event {
                    Some(Ok(event)) => self.event(&event).await,
                    Some(Err(error)) => {
                        let problem = Problem::from(error);
                        self.at = At::Done;
                        data("error", &json!(problem))
                    }
                    None => self.end().await,
                },
            },
        };
        Some((Ok(frame), self))
    }

    async fn event(&mut self, event: &Event) -> Frame {
        if self.until == Until::Rests
            && let EventKind::RunPaused { pauses } = &event.kind
            && still_asks(&self.open.state.app, &self.run, pauses).await
        {
            self.at = At::Ending;
        }
        // An event always has a JSON form.
        let frame = Frame::default().event(event.kind.name()).data(serde_json::to_string(event).unwrap_or_default());
        match event.seq {
            Some(seq) => {
                self.next = seq + 1;
                frame.id(seq.to_string())
            }
            // What is told live only cannot be asked for again.
            None => frame,
        }
    }

    /// How the run stands at the end.
    async fn end(&mut self) -> Frame {
        self.at = At::Done;
        let record = self.open.state.app.store().find(&self.run).await.ok().flatten();
        let status = record.map(|record| record.status.as_str());
        data("end", &json!({ "run": self.run, "status": status, "next": self.next }))
    }
}

/// Whether a run waits for answers to just these questions. If not, it did once, and more events come.
async fn still_asks(app: &App, run: &str, pauses: &[String]) -> bool {
    if pauses.is_empty() {
        return false;
    }
    let Ok(Some(record)) = app.store().find(run).await else { return true };
    match app.open_pauses(&record).await {
        Ok(open) => open.len() == pauses.len() && open.iter().all(|open| pauses.iter().any(|id| id == open.id())),
        Err(_) => true,
    }
}

fn data(event: &str, value: &Value) -> Frame {
    Frame::default().event(event).data(value.to_string())
}
