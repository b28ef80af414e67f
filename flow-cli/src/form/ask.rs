//! Asks a person on a terminal for a value of a kind.

use std::fmt;

use inquire::{
    Confirm, Editor, InquireError, MultiSelect, Select, Text,
    list_option::ListOption,
    validator::{ErrorMessage, Validation},
};
use serde_json::{Map, Value};

use super::{
    sample::like,
    shape::{Choice, Field, List, Shape, Variant, label},
};

/// How many choices are shown at once.
const PAGE: usize = 12;
/// How long a text may be to be edited on one line.
const LINE: usize = 80;
/// The way out, told with every question.
const LATER: &str = "Esc: answer later";

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Later {
    /// The person wants to answer later.
    Wanted,
    /// The terminal cannot be used.
    Broken(String),
}

impl From<InquireError> for Later {
    fn from(error: InquireError) -> Self {
        match error {
            InquireError::OperationCanceled | InquireError::OperationInterrupted => Later::Wanted,
            error => Later::Broken(error.to_string()),
        }
    }
}

type Asked = Result<Value, Later>;

/// Asks for a value, until it is one. `about` is what the question shows: its values are proposed where they fit.
///
/// # Errors
/// [`Later`], if the person wants that or the terminal fails.
pub(crate) fn ask(shape: &Shape, about: &Value) -> Asked {
    Asking { about }.value("Your answer", "", shape, None)
}

struct Asking<'a> {
    about: &'a Value,
}

impl Asking<'_> {
    /// Asks for a value of a name. `proposed` is taken if nothing is typed.
    fn value(&self, name: &str, doc: &str, shape: &Shape, proposed: Option<&Value>) -> Asked {
        match shape {
            Shape::Bool => yes_or_no(name, doc, proposed.and_then(Value::as_bool)).map(Value::from),
            Shape::Choice(choices) => match yes_and_no(choices) {
                Some((yes, no)) => Ok(if yes_or_no(name, doc, None)? { yes.clone() } else { no.clone() }),
                None => choose(name, doc, choices, proposed),
            },
            Shape::Variants(variants) => self.variant(name, doc, variants),
            Shape::List(list) => self.list(name, doc, list),
            Shape::Object(fields) => self.object(fields, proposed),
            Shape::Optional(inner) => self.optional(name, doc, inner, proposed),
            Shape::Null => Ok(Value::Null),
            Shape::Text | Shape::Integer { .. } | Shape::Number => line(name, doc, shape, proposed, false),
            Shape::Any => json(name, doc, proposed),
        }
    }

    fn object(&self, fields: &[Field], proposed: Option<&Value>) -> Asked {
        let mut object = Map::new();
        for field in fields {
            let shown = proposed.and_then(|value| value.get(&field.name));
            let shown = shown.or_else(|| like(self.about, &field.name, &field.shape));
            let proposed = shown.or(field.default.as_ref()).filter(|value| !value.is_null());
            let name = field.name.replace('_', " ");
            let value = match (field.required || proposed.is_some(), &field.shape) {
                (true, shape) => self.value(&name, &field.doc, shape, proposed)?,
                (false, shape) => self.optional(&name, &field.doc, shape.inner(), None)?,
            };
            // What may be left out and was is left out: its type says what it is then.
            if field.required || !value.is_null() {
                object.insert(field.name.clone(), value);
            }
        }
        Ok(Value::Object(object))
    }

    fn optional(&self, name: &str, doc: &str, inner: &Shape, proposed: Option<&Value>) -> Asked {
        match inner {
            Shape::Text | Shape::Integer { .. } | Shape::Number => line(name, doc, inner, proposed, true),
            Shape::Any => json(name, doc, proposed),
            inner => match yes_or_no(&format!("Give {name}?"), doc, Some(proposed.is_some()))? {
                true => self.value(name, doc, inner, proposed),
                false => Ok(Value::Null),
            },
        }
    }

    fn variant(&self, name: &str, doc: &str, variants: &[Variant]) -> Asked {
        let choice = |variant: &Variant| Choice {
            label: variant.name.clone(),
            doc: variant.doc.clone(),
            value: variant.name.clone().into(),
        };
        let choices: Vec<Choice> = variants.iter().map(choice).collect();
        let chosen = choose(name, doc, &choices, None)?;
        let payload = variants.iter().find(|variant| chosen == *variant.name).and_then(|variant| {
            // What a review edits is the value it is about.
            let proposed = self.about.get("value").filter(|_| variant.name == "Edit");
            variant.payload.as_ref().map(|shape| (&variant.name, shape, proposed))
        });
        let Some((name, shape, proposed)) = payload else { return Ok(chosen) };
        let value = match (shape, proposed) {
            (Shape::Object(fields), Some(proposed)) if !fields.iter().all(|field| field.shape.is_plain()) => {
                edit(name, Some(proposed))?
            }
            _ => self.value(name, "", shape, proposed)?,
        };
        Ok(Value::Object(Map::from_iter([(name.clone(), value)])))
    }

    fn list(&self, name: &str, doc: &str, list: &List) -> Asked {
        if let (Shape::Choice(choices), true) = (&list.items, list.unique) {
            return choose_many(name, doc, choices, list);
        }
        let mut items = Vec::new();
        loop {
            let (number, few) = (items.len() + 1, list.min.is_some_and(|min| items.len() < min));
            if list.max.is_some_and(|max| items.len() >= max) {
                return Ok(Value::Array(items));
            }
            let name = format!("{name} {number}");
            match list.items.inner() {
                shape @ (Shape::Text | Shape::Integer { .. } | Shape::Number) => {
                    let ends = if few { doc.to_owned() } else { join(doc, "nothing: that was all") };
                    match line(&name, &ends, shape, None, !few)? {
                        Value::Null => return Ok(Value::Array(items)),
                        item => items.push(item),
                    }
                }
                shape => {
                    if !few && !yes_or_no(&format!("Add {name}?"), doc, Some(items.is_empty()))? {
                        return Ok(Value::Array(items));
                    }
                    items.push(self.value(&name, doc, shape, None)?);
                }
            }
        }
    }
}

/// A choice as a line of a menu.
struct Line<'c> {
    choice: &'c Choice,
    width: usize,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Choice { label, doc, .. } = self.choice;
        match doc.as_str() {
            "" => f.write_str(label),
            doc => write!(f, "{label:width$}  {doc}", width = self.width),
        }
    }
}

fn lines(choices: &[Choice]) -> Vec<Line<'_>> {
    let width = choices.iter().map(|choice| choice.label.chars().count()).max().unwrap_or(0);
    choices.iter().map(|choice| Line { choice, width }).collect()
}

fn choose(name: &str, doc: &str, choices: &[Choice], proposed: Option<&Value>) -> Asked {
    let help = join(doc, &format!("↑↓ and Enter, or type to find; {LATER}"));
    let start = choices.iter().position(|choice| Some(&choice.value) == proposed).unwrap_or(0);
    let select = Select::new(name, lines(choices)).with_page_size(PAGE).with_starting_cursor(start);
    let formatter = |chosen: ListOption<&Line<'_>>| chosen.value.choice.label.clone();
    Ok(select.with_help_message(&help).with_formatter(&formatter).prompt()?.choice.value.clone())
}

fn choose_many(name: &str, doc: &str, choices: &[Choice], list: &List) -> Asked {
    let help = join(doc, &format!("↑↓, Space to mark, Enter when done; {LATER}"));
    let (min, max) = (list.min, list.max);
    let count = move |chosen: &[ListOption<&Line<'_>>]| {
        let wrong = match (min, max) {
            (Some(min), _) if chosen.len() < min => Some(format!("at least {min} must be marked")),
            (_, Some(max)) if chosen.len() > max => Some(format!("at most {max} can be marked")),
            _ => None,
        };
        Ok(wrong.map_or(Validation::Valid, |why| Validation::Invalid(ErrorMessage::Custom(why))))
    };
    let formatter = |chosen: &[ListOption<&Line<'_>>]| {
        chosen.iter().map(|line| line.value.choice.label.clone()).collect::<Vec<_>>().join(", ")
    };
    let select = MultiSelect::new(name, lines(choices)).with_page_size(PAGE).with_help_message(&help);
    let chosen = select.with_validator(count).with_formatter(&formatter).prompt()?;
    Ok(chosen.into_iter().map(|line| line.choice.value.clone()).collect())
}

/// A yes and a no, if that is all there is to choose.
fn yes_and_no(choices: &[Choice]) -> Option<(&Value, &Value)> {
    let find = |word: &str| choices.iter().find(|choice| choice.label.eq_ignore_ascii_case(word));
    let (yes, no) = (find("yes")?, find("no")?);
    (choices.len() == 2).then_some((&yes.value, &no.value))
}

fn yes_or_no(name: &str, doc: &str, proposed: Option<bool>) -> Result<bool, Later> {
    let help = join(doc, LATER);
    let message = if name.ends_with('?') || proposed.is_some() { name.to_owned() } else { format!("{name} (y/n)") };
    let confirm = Confirm::new(&message).with_help_message(&help).with_error_message("type y or n");
    Ok(match proposed {
        Some(proposed) => confirm.with_default(proposed).prompt()?,
        None => confirm.prompt()?,
    })
}

/// Asks for a text or a number on one line. With `may_be_empty`, nothing is `null`.
fn line(name: &str, doc: &str, shape: &Shape, proposed: Option<&Value>, may_be_empty: bool) -> Asked {
    let proposed = proposed.map(label).filter(|text| !text.is_empty());
    if let Some(text) = proposed.as_deref().filter(|text| text.contains('\n') || text.chars().count() > LINE) {
        let help = join(doc, LATER);
        let edited = Editor::new(name).with_predefined_text(text).with_help_message(&help).prompt()?;
        return Ok(edited.trim_end_matches('\n').into());
    }
    let kind = if *shape == Shape::Text { String::new() } else { shape.words() };
    let empty = if may_be_empty && proposed.is_none() { "may be empty" } else { "" };
    let parts = [doc.trim_end_matches('.'), &kind, empty, LATER].into_iter().filter(|part| !part.is_empty());
    let help = parts.collect::<Vec<_>>().join("; ");
    let (check, has_default) = (shape.clone(), proposed.is_some() && *shape != Shape::Text);
    let validator = move |text: &str| {
        Ok(match text.trim() {
            "" if may_be_empty || has_default => Validation::Valid,
            "" => Validation::Invalid(ErrorMessage::Custom(format!("{} is needed", check.words()))),
            text => match check.parse(text) {
                Ok(_) => Validation::Valid,
                Err(why) => Validation::Invalid(ErrorMessage::Custom(why.to_string())),
            },
        })
    };
    let text = Text::new(name).with_help_message(&help).with_validator(validator);
    let text = match &proposed {
        // A text is changed more often than it is replaced.
        Some(proposed) if *shape == Shape::Text => text.with_initial_value(proposed).prompt()?,
        Some(proposed) => text.with_default(proposed).prompt()?,
        None => text.prompt()?,
    };
    match text.trim() {
        "" if may_be_empty => Ok(Value::Null),
        text => shape.parse(text).map_err(|why| Later::Broken(why.to_string())),
    }
}

/// Asks for JSON, the last resort.
fn json(name: &str, doc: &str, proposed: Option<&Value>) -> Asked {
    let help = join(doc, &format!("JSON; nothing: in an editor; {LATER}"));
    let validator = |text: &str| {
        Ok(match super::parse_json(text) {
            _ if text.trim().is_empty() => Validation::Valid,
            Ok(_) => Validation::Valid,
            Err(error) => Validation::Invalid(ErrorMessage::Custom(error.to_string())),
        })
    };
    let text = Text::new(name).with_help_message(&help).with_validator(validator).prompt()?;
    match text.trim() {
        "" => edit(name, proposed),
        text => super::parse_json(text).map_err(|error| Later::Broken(error.to_string())),
    }
}

/// Lets JSON be edited in `$EDITOR`.
fn edit(name: &str, proposed: Option<&Value>) -> Asked {
    let text = proposed.map_or_else(String::new, |value| format!("{value:#}\n"));
    let validator = |text: &str| {
        Ok(match super::parse_json(text) {
            Ok(_) => Validation::Valid,
            Err(error) => Validation::Invalid(ErrorMessage::Custom(error.to_string())),
        })
    };
    let formatter = |_: &str| "edited".to_owned();
    let editor = Editor::new(name).with_predefined_text(&text).with_file_extension(".json").with_formatter(&formatter);
    let help = format!("e: edit, Enter: done; {LATER}");
    let text = editor.with_help_message(&help).with_validator(validator).prompt()?;
    super::parse_json(&text).map_err(|error| Later::Broken(error.to_string()))
}

/// Two remarks as one.
fn join(first: &str, second: &str) -> String {
    match first.trim_end_matches('.') {
        "" => second.to_owned(),
        first => format!("{first}; {second}"),
    }
}
