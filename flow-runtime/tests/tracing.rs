//! What a program that listens to `tracing` sees of its runs.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{Arc, Mutex},
    time::Duration,
};

use flow_runtime::prelude::*;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

type Fields = BTreeMap<&'static str, String>;
type Result<T> = std::result::Result<T, String>;

/// A span as it was seen: its name, its parent's number, its fields.
#[derive(Debug, Default, Clone)]
struct Seen {
    name: &'static str,
    parent: Option<u64>,
    fields: Fields,
}

#[derive(Debug, Default)]
struct Log {
    spans: Vec<Seen>,
    /// Message, level, number of the span it happened in, fields.
    events: Vec<(String, String, Option<u64>, Fields)>,
    inside: Vec<u64>,
}

#[derive(Clone, Default)]
struct Capture(Arc<Mutex<Log>>);

struct Reads<'f>(&'f mut Fields);

impl Visit for Reads<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}").trim_matches('"').to_owned());
    }
}

impl Subscriber for Capture {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("flow_runtime") || metadata.target().starts_with("tracing")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut log = self.0.lock().unwrap();
        let parent = log.inside.last().copied().filter(|_| span.is_contextual());
        let mut seen = Seen { name: span.metadata().name(), parent, ..Seen::default() };
        span.record(&mut Reads(&mut seen.fields));
        log.spans.push(seen);
        Id::from_u64(log.spans.len() as u64)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut log = self.0.lock().unwrap();
        values.record(&mut Reads(&mut log.spans[span.into_u64() as usize - 1].fields));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::new();
        event.record(&mut Reads(&mut fields));
        let mut log = self.0.lock().unwrap();
        let inside = log.inside.last().copied();
        let message = fields.remove("message").unwrap_or_default();
        log.events.push((message, event.metadata().level().to_string(), inside, fields));
    }

    fn enter(&self, span: &Id) {
        self.0.lock().unwrap().inside.push(span.into_u64());
    }

    fn exit(&self, span: &Id) {
        let left = self.0.lock().unwrap().inside.pop();
        assert_eq!(left, Some(span.into_u64()), "spans are left in the order in which they were entered");
    }
}

impl Log {
    fn spans(&self, name: &str) -> Vec<(u64, Seen)> {
        let numbered = (1..).zip(self.spans.iter().cloned());
        numbered.filter(|(_, span)| span.name == name).collect()
    }

    fn event(&self, message: &str) -> &(String, String, Option<u64>, Fields) {
        self.events
            .iter()
            .find(|event| event.0 == message)
            .unwrap_or_else(|| panic!("no `{message}` in {:#?}", self.events))
    }
}

#[step(retries = 2, backoff = "1s")]
async fn fetch(url: &str) -> Result<String> {
    tokio::time::sleep(Duration::from_millis(10)).await;
    tracing::info!(target: "tracing_test", "inside of the step");
    match flow_runtime::attempt() {
        1 => Err(format!("{url} does not answer")),
        _ => Ok(url.to_uppercase()),
    }
}

#[step(blocking)]
fn crunch(text: String) -> Result<usize> {
    Ok(text.len())
}

#[step]
async fn give_up() -> Result<()> {
    Err("nothing to be done".to_owned())
}

#[pause]
fn agree(length: usize) -> bool;

workflow! {
    async fn survey(url: String) -> Result<usize> {
        let page = fetch(&url).await?;
        let length = crunch(page).await?;
        let agreed = pause(agree(length)).await;
        if !agreed {
            give_up().await?;
        }
        Ok(length)
    }
}

workflow! {
    async fn light(text: String) -> Result<usize> {
        let length = crunch(text).await?;
        Ok(length)
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_and_the_attempts_at_its_steps_are_spans() {
    let capture = Capture::default();
    let _guard = tracing::subscriber::set_default(capture.clone());
    let app = App::builder().register::<Survey>(()).build().unwrap();
    let run = app.start::<Survey>("a.org".to_owned()).session("s-1").user("ann").await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Paused(_)));
    run.answer::<Agree>(false).by("bob").await.unwrap();
    run.wait().await.unwrap_err();

    let log = capture.0.lock().unwrap();
    assert_eq!(log.inside, [0; 0]);
    let runs = log.spans("flow.run");
    assert_eq!(runs.len(), 2, "one each time it is taken up");
    let get = |span: &Seen, field: &str| span.fields.get(field).cloned().unwrap_or_default();
    for (_, span) in &runs {
        assert_eq!(get(span, "flow.run.id"), run.id());
        assert_eq!(get(span, "flow.workflow.id"), "survey");
        assert_eq!((get(span, "session.id"), get(span, "user.id")), ("s-1".to_owned(), "ann".to_owned()));
    }
    assert_eq!(get(&runs[0].1, "flow.run.status"), "paused");
    assert_eq!(
        (get(&runs[1].1, "flow.run.status"), get(&runs[1].1, "otel.status_code")),
        ("failed".to_owned(), "ERROR".to_owned())
    );
    assert_eq!(get(&runs[1].1, "error.message"), "nothing to be done");

    let steps = log.spans("flow.step");
    let seen: Vec<(String, String, String)> = steps
        .iter()
        .map(|(_, step)| (get(step, "flow.step.name"), get(step, "flow.step.attempt"), get(step, "otel.status_code")))
        .collect();
    let expected = [("fetch", "1", "ERROR"), ("fetch", "2", "OK"), ("crunch", "1", "OK"), ("give_up", "1", "ERROR")];
    assert_eq!(seen, expected.map(|(name, attempt, code)| (name.to_owned(), attempt.to_owned(), code.to_owned())));
    let parents: Vec<Option<u64>> = steps.iter().map(|(_, step)| step.parent).collect();
    let (first, second) = (Some(runs[0].0), Some(runs[1].0));
    assert_eq!(parents, [first, first, first, second]);

    let inside: Vec<Option<u64>> =
        log.events.iter().filter(|event| event.0 == "inside of the step").map(|event| event.2).collect();
    assert_eq!(inside, [Some(steps[0].0), Some(steps[1].0)], "what a step says is said in its span");

    assert_eq!(log.event("the run is started").3["flow.workflow.id"], "survey");
    let (_, level, at, fields) = log.event("the step has failed");
    assert_eq!((level.as_str(), *at), ("WARN", Some(steps[0].0)));
    assert_eq!(fields["error.message"], "a.org does not answer");
    assert_eq!(log.event("the step is tried again").3["flow.step.attempt"], "2");
    assert_eq!(log.event("somebody is asked").3["flow.pause.name"], "agree");
    assert_eq!(log.event("somebody has answered").3["user.id"], "bob");
    let (_, level, at, fields) = log.event("the run has failed");
    assert_eq!((level.as_str(), *at), ("ERROR", second));
    assert_eq!(fields["flow.point"], "agree");
}

#[tokio::test]
async fn the_shortest_form_shows_nothing() {
    let capture = Capture::default();
    let _guard = tracing::subscriber::set_default(capture.clone());
    assert_eq!(Light::run(&(), "abc".to_owned()).await.unwrap(), 3);
    let log = capture.0.lock().unwrap();
    assert!(log.spans.is_empty() && log.events.is_empty(), "{log:?}");
}
