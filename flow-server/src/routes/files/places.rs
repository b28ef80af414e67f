//! The names of parts, which are places in the input.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::{
    pointer::{step, unescaped},
    problem::{FieldError, Problem},
};

/// The longest name of a part, in bytes, and the most steps it may take into the input. What is built of an input is walked by
/// functions that call themselves, which ends when there is no more stack.
const LONGEST: usize = 1 << 10;
const DEEPEST: usize = 32;

/// The most parts of a form.
const MOST: usize = 1_000;

/// How much of a text that somebody has sent is said in an error.
const SAID: usize = 40;

/// What was found in a form, by the names of the parts, in the order in which these came first.
#[derive(Default)]
pub(super) struct Found {
    fields: Vec<(String, Vec<Value>)>,
    /// Where each name is.
    index: HashMap<String, usize>,
    parts: usize,
}

impl Found {
    /// Counts one more part, and looks whether its name can be one.
    pub(super) fn count(&mut self, name: &str) -> Result<(), Problem> {
        self.parts += 1;
        if self.parts > MOST {
            return Err(Problem::bad_request(format!("A form has {MOST} parts at most.")));
        }
        if name.is_empty() {
            return Err(Problem::bad_request("Every part of the form needs a name."));
        }
        if name.len() > LONGEST || name.split('/').count() > DEEPEST {
            let name = shortened(name);
            let detail =
                format!("The name of part `{name}` is too long: {LONGEST} bytes and {DEEPEST} steps are the most.");
            return Err(Problem::bad_request(detail));
        }
        Ok(())
    }

    pub(super) fn add(&mut self, name: String, value: Value) {
        match self.index.get(&name).and_then(|at| self.fields.get_mut(*at)) {
            Some((_, values)) => values.push(value),
            None => {
                self.index.insert(name.clone(), self.fields.len());
                self.fields.push((name, vec![value]));
            }
        }
    }

    /// Puts what was found into the input, where the names of the parts say: `document`, `documents/0`, `brief/scan`, JSON
    /// Pointers without the first slash. Several of one name come as an array.
    pub(super) fn put(self, input: &mut Value) -> Result<(), Problem> {
        for (name, mut values) in self.fields {
            let value = match values.len() {
                1 => values.remove(0),
                _ => Value::Array(values),
            };
            if name == "input" {
                *input = value;
                continue;
            }
            let steps = name.trim_start_matches('/').split('/').map(unescaped);
            let Some(place) = steps.clone().try_fold(&mut *input, place_of) else {
                let detail = format!("Part `{name}` has no place in the input.");
                let pointer = steps.fold("#/input".to_owned(), |pointer, name| pointer + "/" + &step(&name));
                let errors = vec![FieldError { pointer, detail: detail.clone() }];
                return Err(Problem::invalid("invalid_body", detail, errors));
            };
            *place = value;
        }
        Ok(())
    }
}

/// A field of an object or an item of an array, made if it is not there.
fn place_of(value: &mut Value, name: String) -> Option<&mut Value> {
    match (&mut *value, name.parse::<usize>()) {
        (Value::Null, Ok(0)) => *value = json!([null]),
        (Value::Null, _) => *value = json!({}),
        (Value::Array(list), Ok(index)) if index == list.len() => list.push(Value::Null),
        _ => {}
    }
    match value {
        Value::Object(object) => Some(object.entry(name).or_insert(Value::Null)),
        Value::Array(list) => list.get_mut(name.parse::<usize>().ok()?),
        _ => None,
    }
}

/// The beginning of a text that may be of any length.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(SAID) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
