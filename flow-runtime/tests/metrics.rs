//! What is counted and measured.
#![cfg(feature = "metrics")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use flow_runtime::prelude::*;
use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};

type Result<T> = std::result::Result<T, String>;

/// What was recorded, by name and labels.
#[derive(Clone, Default)]
struct Numbers(Arc<Mutex<BTreeMap<String, Vec<f64>>>>);

struct One {
    numbers: Numbers,
    name: String,
}

impl One {
    fn add(&self, value: f64) {
        self.numbers.0.lock().unwrap().entry(self.name.clone()).or_default().push(value);
    }
}

impl CounterFn for One {
    fn increment(&self, value: u64) {
        self.add(value as f64);
    }
    fn absolute(&self, value: u64) {
        self.add(value as f64);
    }
}

impl GaugeFn for One {
    fn increment(&self, value: f64) {
        self.add(value);
    }
    fn decrement(&self, value: f64) {
        self.add(-value);
    }
    fn set(&self, value: f64) {
        self.add(value);
    }
}

impl HistogramFn for One {
    fn record(&self, value: f64) {
        self.add(value);
    }
}

impl Numbers {
    fn one(&self, key: &Key) -> Arc<One> {
        let mut labels: Vec<String> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        labels.sort();
        Arc::new(One { numbers: self.clone(), name: format!("{} {}", key.name(), labels.join(" ")).trim().to_owned() })
    }

    fn sum(&self, name: &str) -> f64 {
        self.all(name).iter().sum()
    }

    fn all(&self, name: &str) -> Vec<f64> {
        self.0.lock().unwrap().get(name).cloned().unwrap_or_default()
    }
}

impl Recorder for Numbers {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.one(key))
    }
    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.one(key))
    }
    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.one(key))
    }
}

#[step(retries = 1, backoff = "1ms")]
async fn fetch(url: &str) -> Result<String> {
    match flow_runtime::attempt() {
        1 => Err("not yet".to_owned()),
        _ => Ok(url.to_owned()),
    }
}

#[step]
async fn give_up() -> Result<()> {
    Err("nothing to be done".to_owned())
}

#[pause]
fn agree(page: &str) -> bool;

workflow! {
    async fn survey(url: String) -> Result<usize> {
        let page = fetch(&url).await?;
        let agreed = pause(agree(&page)).await;
        if !agreed {
            give_up().await?;
        }
        Ok(page.len())
    }
}

#[test]
fn runs_steps_checkpoints_and_questions_are_counted_and_measured() {
    let numbers = Numbers::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    metrics::with_local_recorder(&numbers, || {
        runtime.block_on(async {
            let app = App::builder().register::<Survey>(()).build().unwrap();
            let mut runs = Vec::new();
            for _ in 0..3 {
                let run = app.start::<Survey>("a.org".to_owned()).await.unwrap();
                assert!(matches!(run.wait().await.unwrap(), Outcome::Paused(_)));
                runs.push(run);
            }
            runs[0].answer::<Agree>(true).await.unwrap();
            assert!(matches!(runs[0].wait().await.unwrap(), Outcome::Done(5)));
            runs[1].answer::<Agree>(false).await.unwrap();
            runs[1].wait().await.unwrap_err();
            runs[2].cancel().await.unwrap();
        });
    });
    let sum = |name: &str| numbers.sum(name) as i64;
    assert_eq!(sum("flow_runs_started_total workflow=survey"), 3);
    for status in ["completed", "failed", "cancelled"] {
        assert_eq!(sum(&format!("flow_runs_ended_total status={status} workflow=survey")), 1, "{status}");
    }
    assert_eq!(sum("flow_steps_total outcome=failed step=fetch workflow=survey"), 3);
    assert_eq!(sum("flow_steps_total outcome=completed step=fetch workflow=survey"), 3);
    assert_eq!(sum("flow_steps_total outcome=failed step=give_up workflow=survey"), 1);
    assert_eq!(sum("flow_step_retries_total step=fetch workflow=survey"), 3);
    assert_eq!(numbers.all("flow_step_duration_seconds step=fetch workflow=survey").len(), 6);
    assert_eq!((sum("flow_pauses_asked_total pause=agree"), sum("flow_pauses_answered_total pause=agree")), (3, 2));
    let checkpoints = numbers.all("flow_checkpoint_duration_seconds");
    assert!(checkpoints.len() >= 6 && checkpoints.iter().all(|took| (0.0..5.0).contains(took)), "{checkpoints:?}");
    let open = numbers.all("flow_runs_open workflow=survey");
    assert!(open.len() >= 10, "{open:?}");
    assert_eq!(sum("flow_runs_open workflow=survey"), 0, "none is driven any more");
}
