//! Numbers for Prometheus: of the requests, and of the runs in the store.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use flow_report::StatsReport;
use flow_runtime::{App, store::RunFilter};
use tokio::time::Instant;

/// The upper bounds of the histogram of durations, in seconds.
const BOUNDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 5.0, 30.0];

/// For how long counts of runs are good. Who asks for them has the store read all its runs, so that is not done for every scrape.
const FRESH: Duration = Duration::from_secs(5);

/// How many runs there are in the store, as they were counted last.
#[derive(Default)]
pub(crate) struct Counted(tokio::sync::Mutex<Option<(Instant, StatsReport)>>);

impl Counted {
    /// The counts; none if the store does not tell. Several who ask at once wait for the same count.
    pub(crate) async fn of(&self, app: &App) -> Option<StatsReport> {
        let mut last = self.0.lock().await;
        let fresh = last.as_ref().filter(|(at, _)| at.elapsed() < FRESH).map(|(_, counts)| counts.clone());
        let mut counts = match fresh {
            Some(counts) => counts,
            None => {
                let counts = StatsReport::of(app, &RunFilter::new()).await.ok()?;
                last.insert((Instant::now(), counts)).1.clone()
            }
        };
        // This one costs nothing.
        counts.driving = app.driving();
        Some(counts)
    }
}

/// What is counted here.
#[derive(Default)]
pub(crate) struct Counters {
    requests: Mutex<BTreeMap<(String, String, u16), u64>>,
    durations: [AtomicU64; BOUNDS.len() + 1],
    micros: AtomicU64,
    pub(crate) streams: AtomicI64,
    pub(crate) delivered: AtomicU64,
    pub(crate) not_delivered: AtomicU64,
}

impl Counters {
    /// A request was answered. `route` is the pattern and not the path, so that there are few.
    pub(crate) fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry((method.to_owned(), route.to_owned(), status)).or_default() += 1;
        drop(requests);
        let seconds = took.as_secs_f64();
        let bucket = BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(BOUNDS.len());
        if let Some(bucket) = self.durations.get(bucket) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// The numbers in Prometheus' text form.
    pub(crate) fn render(&self, stats: Option<&StatsReport>) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut out, stats);
        out
    }

    fn write(&self, out: &mut String, stats: Option<&StatsReport>) -> std::fmt::Result {
        head(out, "flow_http_requests_total", "counter", "Requests that were answered.")?;
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for ((method, route, status), count) in requests {
            let (method, route) = (label(&method), label(&route));
            writeln!(
                out,
                "flow_http_requests_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}} {count}"
            )?;
        }
        let name = "flow_http_request_duration_seconds";
        head(out, name, "histogram", "How long it took until the answer began.")?;
        let mut sum = 0;
        for (bound, bucket) in BOUNDS.iter().zip(&self.durations) {
            sum += bucket.load(Ordering::Relaxed);
            writeln!(out, "{name}_bucket{{le=\"{bound}\"}} {sum}")?;
        }
        sum += self.durations.last().map_or(0, |bucket| bucket.load(Ordering::Relaxed));
        writeln!(out, "{name}_bucket{{le=\"+Inf\"}} {sum}")?;
        let seconds = Duration::from_micros(self.micros.load(Ordering::Relaxed)).as_secs_f64();
        writeln!(out, "{name}_sum {seconds}\n{name}_count {sum}")?;
        head(out, "flow_http_streams_open", "gauge", "Streams of events that are open.")?;
        writeln!(out, "flow_http_streams_open {}", self.streams.load(Ordering::Relaxed))?;
        head(out, "flow_webhooks_total", "counter", "Attempts to deliver an event to a webhook.")?;
        for (outcome, count) in [("delivered", &self.delivered), ("failed", &self.not_delivered)] {
            writeln!(out, "flow_webhooks_total{{outcome=\"{outcome}\"}} {}", count.load(Ordering::Relaxed))?;
        }
        let Some(stats) = stats else { return Ok(()) };
        head(out, "flow_runs_driven", "gauge", "Runs this process drives.")?;
        writeln!(out, "flow_runs_driven {}", stats.driving)?;
        head(out, "flow_runs_stored", "gauge", "Runs in the store, of all workers.")?;
        for count in &stats.counts {
            let (workflow, status) = (label(&count.workflow), label(&count.status));
            writeln!(out, "flow_runs_stored{{workflow=\"{workflow}\",status=\"{status}\"}} {}", count.runs)?;
        }
        Ok(())
    }
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) -> std::fmt::Result {
    writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}")
}

/// A text inside of a label.
fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
