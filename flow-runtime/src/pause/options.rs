//! The options of a choice that is known when it is asked: how they are stored, as JSON Schema, and checked.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::JsonError;

/// What there is to choose from.
pub(crate) struct Options {
    values: Result<Vec<Value>, serde_json::Error>,
    pub(crate) labels: Option<Vec<String>>,
    /// How many may be chosen; `None` for one.
    pub(crate) many: Option<Many>,
}

/// How many may be chosen.
#[derive(Default, Clone, Copy)]
pub(crate) struct Many {
    pub(crate) at_least: Option<usize>,
    pub(crate) at_most: Option<usize>,
}

impl Options {
    pub(crate) fn new<T: Serialize>(options: impl IntoIterator<Item = T>, many: Option<Many>) -> Self {
        let values = options.into_iter().map(|option| serde_json::to_value(option)).collect();
        Options { values, labels: None, many }
    }

    /// The schema of the answer, given that of one option's type.
    ///
    /// The error says why nobody could ever answer.
    pub(crate) fn schema(self, of_type: Value) -> Result<Value, Vec<String>> {
        let Options { values, labels, many } = self;
        let values =
            values.map_err(|error| vec!["an option of it cannot be written as JSON".to_owned(), error.to_string()])?;
        let count = values.len();
        let at_least = many.map_or(1, |many| many.at_least.unwrap_or(0));
        if count == 0 && many.is_none() {
            return Err(vec!["it has no options, so that nobody could ever answer".to_owned()]);
        }
        if at_least > count {
            return Err(vec![format!(
                "it asks for at least {at_least} of {count} options, so that nobody could ever answer"
            )]);
        }
        if let Some(Many { at_most: Some(at_most), .. }) =
            many.filter(|many| many.at_most.is_some_and(|most| most < at_least))
        {
            return Err(vec![format!("it asks for at least {at_least} and at most {at_most} options")]);
        }
        let mut one = Map::new();
        // What the type says of itself; all else follows from the options.
        let kept = ["title", "description", "type"];
        if let Value::Object(of_type) = of_type {
            one.extend(of_type.into_iter().filter(|(key, value)| kept.contains(&key.as_str()) && value.is_string()));
        }
        match labels {
            Some(labels) if labels.len() != count => {
                return Err(vec![format!("it has {} labels for {count} options", labels.len())]);
            }
            Some(labels) => {
                let labelled =
                    values.into_iter().zip(labels).map(|(value, label)| json!({ "const": value, "title": label }));
                one.insert("oneOf".to_owned(), labelled.collect());
            }
            None => {
                one.insert("enum".to_owned(), values.into());
            }
        }
        let mut schema = match many {
            None => one,
            Some(Many { at_least, at_most }) => {
                let mut list = Map::new();
                list.insert("type".to_owned(), "array".into());
                list.insert("uniqueItems".to_owned(), true.into());
                list.insert("items".to_owned(), one.into());
                list.extend(at_least.map(|least| ("minItems".to_owned(), least.into())));
                list.extend(at_most.map(|most| ("maxItems".to_owned(), most.into())));
                list
            }
        };
        schema.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
        Ok(schema.into())
    }
}

/// What is wrong with one chosen value, given the stored schema.
pub(super) fn check_one<T: Serialize>(answer: &T, schema: &Value) -> Vec<JsonError> {
    let options = options_of(schema);
    is_among(answer, &options, "").into_iter().collect()
}

/// What is wrong with a list of chosen values, given the stored schema: all of it.
pub(super) fn check_many<T: Serialize>(answers: &[T], schema: &Value) -> Vec<JsonError> {
    let options = schema.get("items").map(options_of).unwrap_or_default();
    let path = |index: usize| format!("[{index}]");
    let strangers = answers.iter().enumerate().filter_map(|(index, answer)| is_among(answer, &options, &path(index)));
    let mut errors: Vec<JsonError> = strangers.collect();
    let values: Vec<Option<Value>> = answers.iter().map(|answer| serde_json::to_value(answer).ok()).collect();
    for (index, value) in values.iter().enumerate() {
        if values.iter().take(index).any(|before| before == value) {
            errors.push(JsonError::new(path(index), "chosen twice"));
        }
    }
    let bound = |key: &str| schema.get(key).and_then(Value::as_u64);
    let count = answers.len() as u64;
    if let Some(least) = bound("minItems").filter(|least| count < *least) {
        errors.push(JsonError::new("", format!("{count} chosen, expected at least {least}")));
    }
    if let Some(most) = bound("maxItems").filter(|most| count > *most) {
        errors.push(JsonError::new("", format!("{count} chosen, expected at most {most}")));
    }
    errors
}

/// The options a schema allows, plain or labelled.
fn options_of(schema: &Value) -> Vec<&Value> {
    let plain = schema.get("enum").and_then(Value::as_array).map(|options| options.iter().collect());
    let labelled = schema.get("oneOf").and_then(Value::as_array);
    plain
        .or_else(|| labelled.map(|all| all.iter().filter_map(|option| option.get("const")).collect()))
        .unwrap_or_default()
}

fn is_among<T: Serialize>(answer: &T, options: &[&Value], path: &str) -> Option<JsonError> {
    let value = serde_json::to_value(answer).unwrap_or_default();
    if options.contains(&&value) {
        return None;
    }
    let options: Vec<String> = options.iter().map(|option| option.to_string()).collect();
    Some(JsonError::new(path, format!("{value} is none of the options: {}", options.join(", "))))
}
