//! Inputs and questions as JSON: one value is itself, several are an object keyed by the parameters' names.

use std::collections::HashMap;

pub use schemars::JsonSchema;
pub use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
pub use serde_json::{Error as SerdeError, Value};

use crate::{JsonError, json};

/// JSON Schema of a type.
pub fn schema<T: JsonSchema>() -> Value {
    schemars::schema_for!(T).to_value()
}

/// A value as JSON.
///
/// # Errors
/// When the value has no JSON form.
pub fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<String, SerdeError> {
    serde_json::to_string(value)
}

/// A value of a JSON text.
///
/// # Errors
/// Which field does not fit.
pub fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, JsonError> {
    json::decode(text)
}

/// JSON Schema of an object with these fields, all of them required, and no others.
pub fn object_schema(fields: &[(&str, Value)]) -> Value {
    let mut definitions = serde_json::Map::new();
    let mut properties = serde_json::Map::new();
    for (name, schema) in fields {
        let mut schema = schema.clone();
        if let Some(object) = schema.as_object_mut() {
            object.remove("$schema");
            // A field is called what the parameter is, and not what its type is.
            object.remove("title");
            // References inside a schema point to the definitions at the root.
            if let Some(Value::Object(own)) = object.remove("$defs") {
                definitions.extend(own);
            }
        }
        properties.insert((*name).to_owned(), schema);
    }
    let required: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let mut object = serde_json::json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    if let (false, Some(object)) = (definitions.is_empty(), object.as_object_mut()) {
        object.insert("$defs".to_owned(), Value::Object(definitions));
    }
    object
}

/// An object of fields that are JSON already.
///
/// # Errors
/// When a name has no JSON form; a Rust name always has.
pub fn object_to_json(fields: &[(&str, &str)]) -> Result<String, SerdeError> {
    let mut text = String::from("{");
    for (position, (name, value)) in fields.iter().enumerate() {
        if position > 0 {
            text.push(',');
        }
        text.push_str(&serde_json::to_string(name)?);
        text.push(':');
        text.push_str(value);
    }
    text.push('}');
    Ok(text)
}

/// The question of a pause: its arguments as an object.
///
/// # Errors
/// The first argument without a JSON form.
pub fn question<const N: usize>(fields: [(&str, Result<String, SerdeError>); N]) -> Result<String, SerdeError> {
    let mut written = Vec::with_capacity(N);
    for (name, value) in fields {
        written.push((name, value?));
    }
    let fields: Vec<(&str, &str)> = written.iter().map(|(name, value)| (*name, value.as_str())).collect();
    object_to_json(&fields)
}

/// The fields of an object that is read.
pub struct Fields(HashMap<String, Box<RawValue>>);

impl Fields {
    /// Reads an object.
    ///
    /// # Errors
    /// When it is no object, or has a field that is not in `known`.
    pub fn read(text: &str, known: &[&str]) -> Result<Self, JsonError> {
        if known.is_empty() {
            // A workflow without input takes anything that means "nothing".
            return match text.trim() {
                "null" | "{}" | "[]" => Ok(Fields(HashMap::new())),
                _ => Err(JsonError::new("", "this workflow takes no input")),
            };
        }
        let fields: HashMap<String, Box<RawValue>> = json::decode(text)?;
        let mut unknown: Vec<&String> = fields.keys().filter(|name| !known.contains(&name.as_str())).collect();
        unknown.sort();
        match unknown.first() {
            Some(name) => Err(JsonError::new(*name, format!("unknown field, expected {}", quoted(known)))),
            None => Ok(Fields(fields)),
        }
    }

    /// One field.
    ///
    /// # Errors
    /// When it is missing, or does not fit.
    pub fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, JsonError> {
        match self.0.remove(name) {
            Some(value) => json::decode(value.get()).map_err(|error| error.inside(name)),
            // An `Option` may be left out.
            None => json::decode("null").map_err(|_| JsonError::new(name, "missing field")),
        }
    }
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
}
