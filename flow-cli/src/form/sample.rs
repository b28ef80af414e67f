//! Examples of right answers, made from the answer's JSON Schema.

use serde_json::{Map, Value, json};

use super::shape::Shape;

/// One way to answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Choice {
    /// What it means: the doc comment of the enum's variant.
    pub(crate) doc: String,
    /// A value that fits.
    pub(crate) value: Value,
}

/// The ways to answer: one per variant of an enum, both of a `bool`, a single one of anything else.
///
/// Where the question shows a field of the same name, its value is the example: an order of 300 is approved with 300 unless
/// somebody changes that.
pub(crate) fn samples(schema: &Value, prompt: &Value) -> Vec<Choice> {
    let sampler = Sampler { root: schema, prompt };
    let top = sampler.resolve(schema);
    let choice = |doc: &Value, value| Choice { doc: doc["description"].as_str().unwrap_or_default().to_owned(), value };
    if let Some(variants) = variants(top) {
        // Variants without a doc comment stand together in one `enum`.
        return variants
            .iter()
            .flat_map(|variant| match variant["enum"].as_array() {
                Some(names) => names.iter().map(|name| choice(variant, name.clone())).collect(),
                None => vec![choice(variant, sampler.sample(variant, ""))],
            })
            .collect();
    }
    match (&top["enum"], &top["type"]) {
        (Value::Array(names), _) => names.iter().map(|name| choice(&Value::Null, name.clone())).collect(),
        (_, Value::String(kind)) if kind == "boolean" => {
            [true, false].map(|value| choice(&Value::Null, value.into())).to_vec()
        }
        _ => vec![choice(&Value::Null, sampler.sample(top, ""))],
    }
}

fn variants(schema: &Value) -> Option<&Vec<Value>> {
    schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()).filter(|variants| !variants.is_empty())
}

struct Sampler<'a> {
    root: &'a Value,
    prompt: &'a Value,
}

impl<'a> Sampler<'a> {
    fn resolve(&self, schema: &'a Value) -> &'a Value {
        let target = schema["$ref"].as_str().and_then(|path| self.root.pointer(path.trim_start_matches('#')));
        target.unwrap_or(schema)
    }

    fn sample(&self, schema: &'a Value, name: &str) -> Value {
        let schema = self.resolve(schema);
        if let Some(fixed) = schema.get("const") {
            return fixed.clone();
        }
        let kind = match &schema["type"] {
            // An `Option` is `["string", "null"]`.
            Value::Array(kinds) => kinds.first().and_then(Value::as_str),
            kind => kind.as_str(),
        };
        if let Some(shown) = kind.and_then(|kind| find(self.prompt, name, kind)) {
            return shown.clone();
        }
        let given = schema["examples"].get(0).or_else(|| schema["enum"].get(0)).or_else(|| schema.get("default"));
        if let Some(given) = given {
            return given.clone();
        }
        if let Some(variants) = variants(schema) {
            return self.sample(&variants[0], name);
        }
        match kind {
            Some("object") => self.object(schema),
            Some("array") => json!([self.sample(&schema["items"], "")]),
            Some("integer" | "number") => {
                schema.get("minimum").filter(|min| **min != json!(0)).cloned().unwrap_or(json!(1))
            }
            Some("boolean") => json!(true),
            Some("string") => json!("…"),
            _ => Value::Null,
        }
    }

    fn object(&self, schema: &'a Value) -> Value {
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let fields = required.map(|name| (name.to_owned(), self.sample(&schema["properties"][name], name)));
        Value::Object(fields.collect::<Map<_, _>>())
    }
}

/// What the question shows under this name, if it is of this kind: a number for a number.
pub(crate) fn like<'a>(about: &'a Value, name: &str, shape: &Shape) -> Option<&'a Value> {
    let kind = match shape.inner() {
        Shape::Text => "string",
        Shape::Integer { .. } => "integer",
        Shape::Number => "number",
        _ => return None,
    };
    find(about, name, kind)
}

/// A field of this name and type, the outermost first.
fn find<'a>(value: &'a Value, name: &str, kind: &str) -> Option<&'a Value> {
    let fields = value.as_object()?;
    let fits = |value: &&Value| match kind {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        _ => false,
    };
    fields.get(name).filter(fits).or_else(|| fields.values().find_map(|value| find(value, name, kind)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_example_per_variant_with_values_from_the_question() {
        let schema = json!({
            "oneOf": [
                { "description": "Yes.", "type": "object", "required": ["Approve"], "properties": {
                    "Approve": { "$ref": "#/$defs/Terms" } } },
                { "type": "string", "enum": ["Later", "Never"] },
            ],
            "$defs": { "Terms": { "type": "object", "required": ["quantity", "note"], "properties": {
                "quantity": { "type": "integer", "minimum": 1 },
                "note": { "type": "string", "examples": ["fine"] } } } },
        });
        let found = samples(&schema, &json!({ "order": { "quantity": 300, "note": 7 } }));
        let values: Vec<Value> = found.iter().map(|choice| choice.value.clone()).collect();
        assert_eq!(values, [json!({ "Approve": { "quantity": 300, "note": "fine" } }), json!("Later"), json!("Never")]);
        assert_eq!(found[0].doc, "Yes.");
    }

    #[test]
    fn plain_types() {
        let values =
            |schema: Value| samples(&schema, &Value::Null).into_iter().map(|choice| choice.value).collect::<Vec<_>>();
        assert_eq!(values(json!({ "type": "boolean" })), [json!(true), json!(false)]);
        assert_eq!(values(json!({ "type": "array", "items": { "type": "number" } })), [json!([1])]);
        assert_eq!(values(json!({ "type": ["string", "null"] })), [json!("…")]);
    }
}
