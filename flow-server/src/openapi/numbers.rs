//! How large numbers may be, for those who read no formats.

use serde_json::{Map, Value};

/// Says of integers of a Rust type how large they are, besides naming the type.
pub(super) fn bound(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            bound_one(object);
            object.values_mut().for_each(bound);
        }
        Value::Array(list) => list.iter_mut().for_each(bound),
        _ => {}
    }
}

fn bound_one(schema: &mut Map<String, Value>) {
    let Some((least, most)) = schema.get("format").and_then(Value::as_str).and_then(bounds) else { return };
    schema.entry("minimum").or_insert(least);
    schema.entry("maximum").or_insert(most);
}

/// The bounds of a format that schemars writes for an integer.
fn bounds(format: &str) -> Option<(Value, Value)> {
    Some(match format {
        "int8" => (i8::MIN.into(), i8::MAX.into()),
        "int16" => (i16::MIN.into(), i16::MAX.into()),
        "int32" => (i32::MIN.into(), i32::MAX.into()),
        "int64" | "int" => (i64::MIN.into(), i64::MAX.into()),
        "uint8" => (0.into(), u8::MAX.into()),
        "uint16" => (0.into(), u16::MAX.into()),
        "uint32" => (0.into(), u32::MAX.into()),
        "uint64" | "uint" => (0.into(), u64::MAX.into()),
        _ => return None,
    })
}
