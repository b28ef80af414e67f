//! What has happened in a run.

use flow_runtime::{App, Event, StoreError, store::EventRecord};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Something that has happened in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventReport {
    /// Its number in the run, from 1, without gaps. None for what is told live only.
    pub seq: Option<u64>,
    /// When.
    pub time: i64,
    /// Id of the run.
    pub run: String,
    /// Id of its workflow.
    pub workflow: String,
    /// What has happened: `step_completed`, `pause_asked`.
    pub kind: String,
    /// What else is told: `step`, `attempt`, `pause`, `path`, `session`; it depends on the kind.
    #[serde(flatten)]
    pub data: Map<String, Value>,
}

impl EventReport {
    /// An event, as plain data.
    pub fn of(event: &Event) -> Self {
        let mut data = match serde_json::to_value(event) {
            Ok(Value::Object(data)) => data,
            _ => Map::new(),
        };
        for field in ["seq", "time", "run", "workflow", "kind"] {
            data.shift_remove(field);
        }
        let Event { seq, time, run, workflow, kind, .. } = event;
        let (run, workflow, kind) = (run.clone(), workflow.clone(), kind.name().to_owned());
        EventReport { seq: *seq, time: *time, run, workflow, kind, data }
    }

    /// A stored event of a run.
    pub fn stored(run: &str, workflow: &str, record: &EventRecord) -> Self {
        let mut data = match crate::stored(&record.event) {
            Value::Object(data) => data,
            _ => Map::new(),
        };
        let time = data.shift_remove("time").as_ref().and_then(Value::as_i64).unwrap_or_default();
        let kind = match data.shift_remove("kind") {
            Some(Value::String(kind)) => kind,
            _ => "other".to_owned(),
        };
        EventReport { seq: Some(record.seq), time, run: run.to_owned(), workflow: workflow.to_owned(), kind, data }
    }
}

/// A page of the stored events of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventsReport {
    /// The events, in their order.
    pub events: Vec<EventReport>,
    /// The number of the event after these, whether or not it has happened yet.
    pub next: u64,
}

impl EventsReport {
    /// So many events of a run at most, from a number on.
    ///
    /// # Errors
    /// [`StoreError::UnknownRun`], and the store's others.
    pub async fn of(app: &App, run: &str, from: u64, limit: u32) -> Result<Self, StoreError> {
        let record = app.store().find(run).await?;
        let record = record.ok_or_else(|| StoreError::UnknownRun { run: run.to_owned() })?;
        let records = app.store().events(run, from.max(1), limit).await?;
        let next = records.last().map_or(from.max(1), |last| last.seq + 1);
        let events = records.iter().map(|event| EventReport::stored(run, &record.run.workflow, event)).collect();
        Ok(EventsReport { events, next })
    }
}
