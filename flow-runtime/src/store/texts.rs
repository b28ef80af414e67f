//! The little that stores look at inside of the JSON they keep.

use serde::Deserialize;
use serde_json::Value;

/// When an event was, which every event says in `time`.
pub(super) fn time_of(event: &str) -> i64 {
    #[derive(Deserialize)]
    struct Timed {
        time: i64,
    }
    serde_json::from_str(event).map_or(0, |Timed { time }| time)
}

/// Whether a run's metadata is an object with this value, as JSON text, under a key.
pub(super) fn has_metadata(metadata: Option<&str>, key: &str, value: &str) -> bool {
    let Ok(wanted) = serde_json::from_str::<Value>(value) else { return false };
    let stored = metadata.and_then(|text| serde_json::from_str::<Value>(text).ok());
    stored.as_ref().and_then(|stored| stored.get(key)) == Some(&wanted)
}

/// Whether what the engine notes about a step that is being tried names a pause. It is JSON, in which an id stands in quotes.
pub(super) fn names_pause(trying: &str, pause: &str) -> bool {
    trying.contains(&format!("\"{pause}\""))
}
