//! Metadata as it is searched.

use serde_json::{Map, Value};

/// The metadata of a run as it is searched, if it is an object.
pub(crate) fn labels(metadata: Option<&str>) -> Option<String> {
    let object: Map<String, Value> = serde_json::from_str(metadata?).ok()?;
    Some(searched(Value::Object(object)).to_string())
}

/// A value as it is searched: PostgreSQL's `jsonb` knows no NUL, so something else stands for it on both sides.
pub(crate) fn searched(value: Value) -> Value {
    let text = |text: String| text.replace('\0', "\u{fffe}");
    match value {
        Value::String(found) => Value::String(text(found)),
        Value::Array(items) => items.into_iter().map(searched).collect(),
        Value::Object(entries) => {
            let entries = entries.into_iter().map(|(key, value)| (text(key), searched(value)));
            Value::Object(entries.collect())
        }
        other => other,
    }
}
