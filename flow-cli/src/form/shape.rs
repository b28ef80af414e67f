//! What a JSON Schema asks for, as far as a person can be asked for it.

use serde_json::Value;

use super::BadJson;
use crate::error::nearest;

/// How deep types may be nested before the rest is asked for as JSON. It also ends types that hold themselves.
const DEEPEST: usize = 8;

/// A kind of value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    /// A text.
    Text,
    /// A whole number within these bounds.
    Integer { min: Option<i64>, max: Option<u64> },
    /// A number.
    Number,
    /// Yes or no.
    Bool,
    /// Nothing.
    Null,
    /// One of these.
    Choice(Vec<Choice>),
    /// Many of one kind.
    List(Box<List>),
    /// Fields by name.
    Object(Vec<Field>),
    /// One of these, some with more to say: an enum of serde's own form.
    Variants(Vec<Variant>),
    /// Something or nothing.
    Optional(Box<Shape>),
    /// Whatever JSON can say.
    Any,
}

/// Many of one kind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct List {
    pub(crate) items: Shape,
    /// Whether none may come twice.
    pub(crate) unique: bool,
    pub(crate) min: Option<usize>,
    pub(crate) max: Option<usize>,
}

/// A value that can be chosen.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Choice {
    /// What it is called.
    pub(crate) label: String,
    /// What it means.
    pub(crate) doc: String,
    pub(crate) value: Value,
}

/// A variant of an enum.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Variant {
    pub(crate) name: String,
    /// What it means.
    pub(crate) doc: String,
    /// What it holds, if anything.
    pub(crate) payload: Option<Shape>,
}

/// A field of an object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// What it means.
    pub(crate) doc: String,
    pub(crate) required: bool,
    pub(crate) default: Option<Value>,
    pub(crate) shape: Shape,
}

impl Choice {
    fn new(value: &Value, schema: &Value) -> Self {
        let label = schema["title"].as_str().map_or_else(|| label(value), str::to_owned);
        Choice { label, doc: doc(schema), value: value.clone() }
    }
}

impl Shape {
    /// What a schema asks for.
    pub(crate) fn of(schema: &Value) -> Self {
        read(schema, schema, 0)
    }

    /// What it is, in a word: `TEXT`, `NUMBER`.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Shape::Text => "TEXT",
            Shape::Integer { .. } | Shape::Number => "NUMBER",
            Shape::Bool => "true|false",
            Shape::Choice(_) => "CHOICE",
            Shape::List(list) => list.items.word(),
            Shape::Optional(shape) => shape.word(),
            Shape::Null | Shape::Object(_) | Shape::Variants(_) | Shape::Any => "JSON",
        }
    }

    /// What it is, in a few words for a message: "a whole number".
    pub(crate) fn words(&self) -> String {
        match self {
            Shape::Text => "a text".to_owned(),
            Shape::Integer { min: Some(min), max: Some(max) } => format!("a whole number from {min} to {max}"),
            Shape::Integer { min: Some(min), max: None } => format!("a whole number from {min} on"),
            Shape::Integer { min: None, max: Some(max) } => format!("a whole number up to {max}"),
            Shape::Integer { min: None, max: None } => "a whole number".to_owned(),
            Shape::Number => "a number".to_owned(),
            Shape::Bool => "true or false".to_owned(),
            Shape::Null => "nothing".to_owned(),
            Shape::Choice(choices) => {
                let labels: Vec<&str> = choices.iter().map(|choice| choice.label.as_str()).collect();
                format!("one of {}", labels.join(", "))
            }
            Shape::Variants(variants) => {
                let names: Vec<&str> = variants.iter().map(|variant| variant.name.as_str()).collect();
                format!("one of {}", names.join(", "))
            }
            Shape::List(_) => "a list as JSON".to_owned(),
            Shape::Object(_) => "an object as JSON".to_owned(),
            Shape::Optional(shape) => shape.words(),
            Shape::Any => "JSON".to_owned(),
        }
    }

    /// The choice that was probably meant, as the end of a sentence.
    fn meant(&self, text: &str) -> String {
        let near = match self {
            Shape::Choice(choices) => nearest(text, choices.iter().map(|choice| choice.label.as_str())),
            Shape::Variants(variants) => nearest(text, variants.iter().map(|variant| variant.name.as_str())),
            _ => None,
        };
        near.map(|near| format!("; did you mean {near}?")).unwrap_or_default()
    }

    /// It, or what it may be if it is anything.
    pub(crate) fn inner(&self) -> &Shape {
        match self {
            Shape::Optional(shape) => shape.inner(),
            shape => shape,
        }
    }

    /// Whether a word on a command line is enough to say it.
    pub(crate) fn is_plain(&self) -> bool {
        match self.inner() {
            Shape::Text | Shape::Integer { .. } | Shape::Number | Shape::Bool => true,
            Shape::Choice(choices) => choices.iter().all(|choice| choice.value.is_string()),
            _ => false,
        }
    }

    /// The value a text stands for.
    ///
    /// # Errors
    /// [`Wrong`]: what was expected instead.
    pub(crate) fn parse(&self, text: &str) -> Result<Value, Wrong> {
        let expected = || Wrong::Expected(format!("expected {}{}", self.words(), self.meant(text)));
        let json = || {
            super::parse_json(text).map_err(|error| match text.trim_start().starts_with(['{', '[', '"']) {
                true => Wrong::Json(error),
                // Somebody who writes a word has no JSON in mind.
                false => expected(),
            })
        };
        match self {
            Shape::Text => Ok(Value::from(text)),
            Shape::Integer { min, max } => {
                let number: i128 = text.trim().parse().map_err(|_| expected())?;
                let low = min.is_some_and(|min| number < i128::from(min));
                let high = max.is_some_and(|max| number > i128::from(max));
                if low || high {
                    return Err(expected());
                }
                let whole = i64::try_from(number).map(Value::from).or_else(|_| u64::try_from(number).map(Value::from));
                whole.map_err(|_| expected())
            }
            Shape::Number => {
                let number: f64 = text.trim().parse().map_err(|_| expected())?;
                // A whole number stays one: some types take no `3.0`.
                if let Ok(whole) = text.trim().parse::<i64>() {
                    return Ok(whole.into());
                }
                serde_json::Number::from_f64(number).map(Value::Number).ok_or_else(expected)
            }
            Shape::Bool => match text.trim().to_lowercase().as_str() {
                "true" | "yes" | "y" => Ok(true.into()),
                "false" | "no" | "n" => Ok(false.into()),
                _ => Err(expected()),
            },
            Shape::Choice(choices) => {
                let same = |choice: &&Choice| choice.label == text || choice.value.as_str() == Some(text);
                let alike = |choice: &&Choice| choice.label.eq_ignore_ascii_case(text);
                let as_json: Option<Value> = serde_json::from_str(text).ok();
                let equal = |choice: &&Choice| Some(&choice.value) == as_json.as_ref();
                let found = choices.iter().find(same).or_else(|| choices.iter().find(equal));
                found.or_else(|| choices.iter().find(alike)).map(|choice| choice.value.clone()).ok_or_else(expected)
            }
            Shape::Variants(variants) => {
                let unit = variants.iter().find(|variant| variant.payload.is_none() && variant.name == text);
                unit.map_or_else(json, |variant| Ok(variant.name.clone().into()))
            }
            Shape::Optional(shape) if text == "null" && !matches!(shape.inner(), Shape::Text) => Ok(Value::Null),
            Shape::Optional(shape) => shape.parse(text),
            Shape::List(_) | Shape::Object(_) | Shape::Any | Shape::Null => json(),
        }
    }
}

/// Why a text stands for no value of a kind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Wrong {
    /// What was expected instead.
    Expected(String),
    /// It was to be JSON, and is not.
    Json(BadJson),
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Wrong::Expected(what) => f.write_str(what),
            Wrong::Json(error) => write!(f, "{error}"),
        }
    }
}

/// A value as a person reads it on one line.
pub(crate) fn label(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

fn doc(schema: &Value) -> String {
    // Doc comments are broken into lines where the source is.
    schema["description"].as_str().unwrap_or_default().replace('\n', " ")
}

/// The schema a reference leads to.
fn resolve<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    let target = schema["$ref"].as_str().and_then(|path| root.pointer(path.trim_start_matches('#')));
    match target {
        Some(target) => target,
        // `allOf` with one entry is how some generators add a description to a reference.
        None => match schema["allOf"].as_array().map(Vec::as_slice) {
            Some([only]) => resolve(root, only),
            _ => schema,
        },
    }
}

fn read(root: &Value, schema: &Value, depth: usize) -> Shape {
    if depth > DEEPEST {
        return Shape::Any;
    }
    let schema = resolve(root, schema);
    if let Some(value) = schema.get("const") {
        return Shape::Choice(vec![Choice::new(value, schema)]);
    }
    if let Some(values) = schema["enum"].as_array() {
        return enumeration(values);
    }
    if let Some(variants) = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()) {
        return one_of(root, variants, depth);
    }
    match &schema["type"] {
        Value::Array(kinds) => match &kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>()[..] {
            [kind, "null"] | ["null", kind] => Shape::Optional(Box::new(of_type(root, schema, kind, depth))),
            [kind] => of_type(root, schema, kind, depth),
            _ => Shape::Any,
        },
        Value::String(kind) => of_type(root, schema, kind, depth),
        _ if schema.get("properties").is_some() => of_type(root, schema, "object", depth),
        _ => Shape::Any,
    }
}

fn enumeration(values: &[Value]) -> Shape {
    let choices = values.iter().filter(|value| !value.is_null());
    let shape = Shape::Choice(choices.map(|value| Choice::new(value, &Value::Null)).collect());
    if values.iter().any(Value::is_null) { Shape::Optional(Box::new(shape)) } else { shape }
}

fn of_type(root: &Value, schema: &Value, kind: &str, depth: usize) -> Shape {
    match kind {
        "string" => Shape::Text,
        "integer" => {
            let min = schema["minimum"].as_f64().map(|min| min as i64);
            // What no smaller type says is the type's own bound, and nothing to read about.
            let max = schema["maximum"].as_f64().map(|max| max as u64);
            Shape::Integer { min, max }
        }
        "number" => Shape::Number,
        "boolean" => Shape::Bool,
        "null" => Shape::Null,
        "array" if schema.get("prefixItems").is_some() => Shape::Any,
        "array" => {
            let count = |name: &str| schema[name].as_u64().and_then(|count| usize::try_from(count).ok());
            Shape::List(Box::new(List {
                items: schema.get("items").map_or(Shape::Any, |items| read(root, items, depth + 1)),
                unique: schema["uniqueItems"] == true,
                min: count("minItems"),
                max: count("maxItems"),
            }))
        }
        "object" => match schema["properties"].as_object() {
            Some(properties) => {
                let required: Vec<&str> =
                    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                let field = |(name, schema): (&String, &Value)| Field {
                    name: name.clone(),
                    doc: described(root, schema),
                    required: required.contains(&name.as_str()),
                    default: schema.get("default").cloned(),
                    shape: read(root, schema, depth + 1),
                };
                Shape::Object(properties.iter().map(field).collect())
            }
            None => Shape::Any,
        },
        _ => Shape::Any,
    }
}

/// The doc comment of a field, or of its type.
fn described(root: &Value, schema: &Value) -> String {
    let own = doc(schema);
    if own.is_empty() { doc(resolve(root, schema)) } else { own }
}

fn one_of(root: &Value, variants: &[Value], depth: usize) -> Shape {
    let is_null = |schema: &&Value| resolve(root, schema)["type"] == "null";
    if variants.iter().any(|variant| is_null(&variant)) {
        let others: Vec<Value> = variants.iter().filter(|variant| !is_null(variant)).cloned().collect();
        let inner = match &others[..] {
            [only] => read(root, only, depth + 1),
            others => one_of(root, others, depth),
        };
        return Shape::Optional(Box::new(inner));
    }
    let mut found = Vec::new();
    for variant in variants {
        let schema = resolve(root, variant);
        if let Some(value) = schema.get("const") {
            found.push(Found::Choice(Choice::new(value, schema)));
        } else if let Some(values) = schema["enum"].as_array() {
            found.extend(values.iter().map(|value| Found::Choice(Choice::new(value, schema))));
        } else if let Some(variant) = tagged(root, schema, depth) {
            found.push(Found::Variant(variant));
        } else {
            return Shape::Any;
        }
    }
    if found.iter().all(|found| matches!(found, Found::Choice(_))) {
        return Shape::Choice(found.into_iter().filter_map(Found::choice).collect());
    }
    found.into_iter().map(Found::variant).collect::<Option<Vec<_>>>().map_or(Shape::Any, Shape::Variants)
}

enum Found {
    Choice(Choice),
    Variant(Variant),
}

impl Found {
    fn choice(self) -> Option<Choice> {
        match self {
            Found::Choice(choice) => Some(choice),
            Found::Variant(_) => None,
        }
    }

    /// It as a variant; a value that is no name cannot be one.
    fn variant(self) -> Option<Variant> {
        match self {
            Found::Variant(variant) => Some(variant),
            Found::Choice(Choice { value: Value::String(name), doc, .. }) => Some(Variant { name, doc, payload: None }),
            Found::Choice(_) => None,
        }
    }
}

/// A variant with something in it: `{"Publish": …}`.
fn tagged(root: &Value, schema: &Value, depth: usize) -> Option<Variant> {
    let properties = schema["properties"].as_object()?;
    let (name, payload) = properties.iter().next().filter(|_| properties.len() == 1)?;
    let required = schema["required"].as_array()?;
    (required.len() == 1 && required[0] == **name).then(|| Variant {
        name: name.clone(),
        doc: doc(schema),
        payload: Some(read(root, payload, depth + 1)),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn enums_with_and_without_payload() {
        let schema = json!({
            "oneOf": [
                { "type": "string", "enum": ["Accept"] },
                { "description": "No.", "type": "object", "required": ["Reject"], "additionalProperties": false,
                  "properties": { "Reject": { "$ref": "#/$defs/Why" } } },
            ],
            "$defs": { "Why": { "type": "object", "required": ["feedback"],
                "properties": { "feedback": { "type": "string", "description": "What is\nwrong." } } } },
        });
        let Shape::Variants(variants) = Shape::of(&schema) else { panic!("{:?}", Shape::of(&schema)) };
        assert_eq!((variants[0].name.as_str(), &variants[0].payload), ("Accept", &None));
        let Some(Shape::Object(fields)) = &variants[1].payload else { panic!("{variants:?}") };
        assert_eq!((fields[0].name.as_str(), fields[0].doc.as_str()), ("feedback", "What is wrong."));
        assert!(fields[0].required);
        assert_eq!(Shape::of(&schema).parse("Accept"), Ok(json!("Accept")));
    }

    #[test]
    fn options_and_choices() {
        let option = Shape::of(&json!({ "anyOf": [{ "$ref": "#/$defs/N" }, { "type": "null" }],
            "$defs": { "N": { "type": "integer", "minimum": 1 } } }));
        assert_eq!(option.parse("0"), Err(Wrong::Expected("expected a whole number from 1 on".to_owned())));
        assert_eq!((option.parse("7"), option.parse("null")), (Ok(json!(7)), Ok(json!(null))));
        let choice = Shape::of(&json!({ "oneOf": [{ "const": 3, "title": "three" }, { "const": 4 }] }));
        assert_eq!((choice.parse("three"), choice.parse("4")), (Ok(json!(3)), Ok(json!(4))));
        assert_eq!(choice.parse("5"), Err(Wrong::Expected("expected one of three, 4".to_owned())));
    }

    #[test]
    fn types_that_hold_themselves_end() {
        let schema = json!({ "$ref": "#/$defs/T", "$defs": { "T": { "type": "object", "properties": {
            "below": { "type": "array", "items": { "$ref": "#/$defs/T" } } } } } });
        assert!(matches!(Shape::of(&schema), Shape::Object(_)));
    }
}
