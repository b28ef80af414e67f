//! A kind of value as arguments of a command: a flag for every field, or the value itself.

use std::ffi::OsString;

use clap::{Arg, ArgAction, ArgMatches, Command, parser::ValueSource};
use serde_json::{Map, Value};

use super::{
    json::read_file_argument,
    shape::{Field, List, Shape, Wrong, label},
};
use crate::CliError;

/// Begins the ids of arguments that are fields, so that none is taken for an option.
const ID: &str = "field:";
/// The id of an argument that is the whole value.
const WHOLE: &str = "field";
/// Begins a flag whose field is called like an option.
const PREFIX: &str = "field-";

/// A kind of value as arguments.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    shape: Shape,
    flags: Vec<Flag>,
}

/// A field and its flag.
#[derive(Debug, Clone)]
struct Flag {
    /// Without the dashes.
    name: String,
    field: Field,
}

/// What was given of a value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Given {
    /// Nothing.
    Nothing,
    /// All of it.
    Whole(Value),
    /// Some of its fields.
    Fields(Map<String, Value>),
}

/// A value that could not be understood.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NotGiven {
    /// The flag it was given by, if it was one.
    flag: Option<String>,
    why: Wrong,
}

impl NotGiven {
    /// The error of the command, for `what`: the input, the answer.
    pub(crate) fn of(self, what: &str) -> CliError {
        match (self.flag, self.why) {
            (Some(flag), Wrong::Json(error)) => CliError::not_json(&flag, error),
            (None, Wrong::Json(error)) => CliError::not_json(what, error),
            (Some(flag), Wrong::Expected(why)) => CliError::fields(format!("{flag}: {why}")),
            (None, Wrong::Expected(why)) => CliError::fields(why),
        }
    }
}

impl Form {
    /// The arguments of a value, of a command that has options already: a field that is called like one of them gets a flag that
    /// begins with `--field-`.
    pub(crate) fn new(shape: &Shape, command: &Command) -> Self {
        let taken = |name: &str| {
            command.get_arguments().any(|arg| {
                arg.get_long() == Some(name)
                    || arg.get_all_aliases().is_some_and(|aliases| aliases.contains(&name))
                    || name == "help"
            })
        };
        let flag = |field: &Field| {
            let name = field.name.replace('_', "-").to_lowercase();
            let name = if taken(&name) { format!("{PREFIX}{name}") } else { name };
            Flag { name, field: field.clone() }
        };
        let flags = match shape.inner() {
            Shape::Object(fields) => fields.iter().map(flag).collect(),
            _ => Vec::new(),
        };
        Form { shape: shape.clone(), flags }
    }

    /// The flag of a field, with its dashes.
    pub(crate) fn flag(&self, field: &str) -> Option<String> {
        self.flags.iter().find(|flag| flag.field.name == field).map(|flag| format!("--{}", flag.name))
    }

    /// The fields that have to be given and are not there, as their flags.
    pub(crate) fn missing(&self, value: &Value) -> Vec<(String, String)> {
        let missing = |flag: &&Flag| flag.field.required && value.get(&flag.field.name).is_none();
        let flags = self.flags.iter().filter(missing);
        flags.map(|flag| (format!("--{}", flag.name), flag.field.doc.clone())).collect()
    }

    /// The command with the arguments.
    pub(crate) fn add_to(&self, command: Command, heading: &'static str) -> Command {
        if self.flags.is_empty() {
            return match self.shape.inner() {
                Shape::Null | Shape::Object(_) => command,
                shape => command.arg(whole(shape).help_heading(heading)),
            };
        }
        let mut command = command;
        for flag in &self.flags {
            command = command.arg(flag.arg().help_heading(heading));
            if *flag.field.shape.inner() == Shape::Bool {
                command = command.arg(flag.opposite());
            }
        }
        command
    }

    /// What was given.
    ///
    /// # Errors
    /// [`NotGiven`], if what was given is of another kind, or a file cannot be read.
    pub(crate) fn given(&self, matches: &ArgMatches) -> Result<Given, NotGiven> {
        if self.flags.is_empty() {
            return match matches.try_get_many::<String>(WHOLE).ok().flatten() {
                None => Ok(Given::Nothing),
                Some(texts) => {
                    let texts: Vec<&String> = texts.collect();
                    read(&self.shape, &texts).map(Given::Whole).map_err(|why| NotGiven { flag: None, why })
                }
            };
        }
        let mut fields = Map::new();
        for flag in &self.flags {
            if let Some(value) =
                flag.given(matches).map_err(|why| NotGiven { flag: Some(format!("--{}", flag.name)), why })?
            {
                fields.insert(flag.field.name.clone(), value);
            }
        }
        Ok(if fields.is_empty() { Given::Nothing } else { Given::Fields(fields) })
    }

    /// The arguments in short, those that are needed first: `--topic TEXT [--words NUMBER]`.
    pub(crate) fn usage(&self) -> Vec<String> {
        if self.flags.is_empty() {
            return match &self.shape {
                Shape::Null | Shape::Object(_) => Vec::new(),
                Shape::List(list) => vec![format!("{}…", list.items.word())],
                shape => vec![shape.word().to_owned()],
            };
        }
        let needed = self.flags.iter().filter(|flag| flag.field.required);
        let needed = needed.map(|flag| format!("--{} {}", flag.name, flag.field.shape.word()));
        let others = self.flags.iter().filter(|flag| !flag.field.required);
        needed.chain(others.map(|flag| format!("[--{}]", flag.name))).collect()
    }

    /// A value as arguments that give it, if there are such that are easier to read than JSON.
    pub(crate) fn arguments(&self, value: &Value) -> Option<Vec<String>> {
        let Value::Object(fields) = value else { return None };
        let mut words = Vec::new();
        for (name, value) in fields {
            let flag = self.flags.iter().find(|flag| flag.field.name == *name)?;
            if !flag.field.shape.is_plain() {
                return None;
            }
            words.extend([format!("--{}", flag.name), label(value)]);
        }
        Some(words)
    }
}

/// The argument that is the value itself.
fn whole(shape: &Shape) -> Arg {
    let many = matches!(shape, Shape::List(_));
    let arg = Arg::new(WHOLE).value_name(shape.word()).help(format!("{}, or @file", capital(&shape.words())));
    let arg = arg.allow_hyphen_values(matches!(shape, Shape::Integer { .. } | Shape::Number));
    if many { arg.num_args(0..).action(ArgAction::Append) } else { arg }
}

impl Flag {
    fn id(&self) -> String {
        format!("{ID}{}", self.field.name)
    }

    fn opposite_id(&self) -> String {
        format!("no-{ID}{}", self.field.name)
    }

    fn arg(&self) -> Arg {
        let shape = self.field.shape.inner();
        let arg = Arg::new(self.id()).long(self.name.clone()).help(self.help());
        let arg = match shape {
            Shape::Bool => arg.num_args(0..=1).default_missing_value("true").value_name("true|false"),
            Shape::List(_) => arg.num_args(1).action(ArgAction::Append).value_name(shape.word()),
            Shape::Integer { .. } | Shape::Number => arg.allow_negative_numbers(true).value_name(shape.word()),
            shape => arg.value_name(shape.word()),
        };
        match self.field.name == self.name || self.name.starts_with(PREFIX) {
            true => arg,
            false => arg.alias(self.field.name.clone()),
        }
    }

    fn opposite(&self) -> Arg {
        Arg::new(self.opposite_id())
            .long(format!("no-{}", self.name))
            .action(ArgAction::SetTrue)
            .hide(true)
            .conflicts_with(self.id())
    }

    fn help(&self) -> String {
        let mut help = self.field.doc.clone();
        let mut notes = Vec::new();
        let kind = match self.field.shape.inner() {
            Shape::List(list) => &list.items,
            shape => shape,
        };
        match kind {
            Shape::Choice(choices) => {
                let labels: Vec<&str> = choices.iter().map(|choice| choice.label.as_str()).collect();
                notes.push(format!("possible values: {}", labels.join(", ")));
            }
            Shape::Variants(variants) => {
                let names: Vec<&str> = variants.iter().map(|variant| variant.name.as_str()).collect();
                notes.push(format!("one of: {}", names.join(", ")));
            }
            _ => {}
        }
        if matches!(self.field.shape.inner(), Shape::List(_)) {
            notes.push("may be repeated".to_owned());
        }
        if *self.field.shape.inner() == Shape::Bool {
            notes.push(format!("or --no-{}", self.name));
        }
        match &self.field.default {
            // Nothing much is what is to be expected of something left out.
            Some(default) if ["null", "\"\"", "[]", "{}", "false"].contains(&default.to_string().as_str()) => {}
            Some(default) => notes.push(format!("default: {}", label(default))),
            None if self.field.required => notes.push("required".to_owned()),
            None => {}
        }
        for note in notes {
            help.push_str(if help.is_empty() { "" } else { " " });
            help.push_str(&format!("[{note}]"));
        }
        help
    }

    fn given(&self, matches: &ArgMatches) -> Result<Option<Value>, Wrong> {
        if matches.try_get_one::<bool>(&self.opposite_id()).ok().flatten().is_some_and(|no| *no) {
            return Ok(Some(false.into()));
        }
        if matches.value_source(&self.id()) != Some(ValueSource::CommandLine) {
            return Ok(None);
        }
        let texts: Vec<&String> = matches.get_many::<String>(&self.id()).into_iter().flatten().collect();
        read(&self.field.shape, &texts).map(Some)
    }
}

/// The value these texts stand for.
fn read(shape: &Shape, texts: &[&String]) -> Result<Value, Wrong> {
    if let Shape::List(list) = shape.inner() {
        return read_list(list, texts);
    }
    let text = read_file_argument(texts.last().map_or("", |text| text)).map_err(Wrong::Expected)?;
    shape.parse(&text)
}

/// A list of one argument per item, or of one that is all of it as JSON.
fn read_list(list: &List, texts: &[&String]) -> Result<Value, Wrong> {
    if let [only] = texts {
        let text = read_file_argument(only).map_err(Wrong::Expected)?;
        if text.trim_start().starts_with('[') {
            let whole = super::parse_json(&text).map_err(Wrong::Json)?;
            return Ok(whole);
        }
    }
    let item = |text: &&String| list.items.parse(&read_file_argument(text).map_err(Wrong::Expected)?);
    texts.iter().map(item).collect::<Result<Vec<_>, _>>().map(Value::Array)
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

impl Given {
    /// It, on top of what was given otherwise. Fields of an object replace those of the same name.
    pub(crate) fn over(self, base: Option<Value>) -> Option<Value> {
        match (self, base) {
            (Given::Nothing, base) => base,
            (Given::Whole(value), _) => Some(value),
            (Given::Fields(fields), Some(Value::Object(mut base))) => {
                base.extend(fields);
                Some(Value::Object(base))
            }
            (Given::Fields(fields), _) => Some(Value::Object(fields)),
        }
    }
}

/// Arguments as texts for a second command. What is no text cannot be a field either.
pub(crate) fn words(name: &str, arguments: &[OsString]) -> Vec<OsString> {
    std::iter::once(OsString::from(name)).chain(arguments.iter().cloned()).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn form() -> (Form, Command) {
        let schema = json!({ "type": "object", "required": ["topic"], "properties": {
            "topic": { "type": "string", "description": "What it is about." },
            "max_words": { "type": "integer", "default": 700, "minimum": 1 },
            "draft": { "type": "boolean" },
            "tags": { "type": "array", "items": { "type": "string" } },
            "user": { "type": "string" },
            "style": { "enum": ["long", "short"] },
        } });
        let command = Command::new("run").arg(Arg::new("user").long("user"));
        let form = Form::new(&Shape::of(&schema), &command);
        let command = form.add_to(command, "Input");
        (form, command)
    }

    fn given(words: &[&str]) -> Result<Given, String> {
        let (form, command) = form();
        let given = form.given(&command.try_get_matches_from([&["run"], words].concat()).unwrap());
        given.map_err(|error| error.of("the input").to_string())
    }

    #[test]
    fn flags_become_fields() {
        let fields = given(&["--topic", "bees", "--max-words", "5", "--no-draft", "--tags", "a", "--tags", "b"]);
        let expected = json!({ "topic": "bees", "max_words": 5, "draft": false, "tags": ["a", "b"] });
        assert_eq!(fields.unwrap().over(None), Some(expected));
        let fields = given(&["--draft", "--field-user", "ann", "--tags", "[\"x\"]"]).unwrap();
        let base = json!({ "user": "bob", "topic": "bees" });
        let all = json!({ "user": "ann", "topic": "bees", "draft": true, "tags": ["x"] });
        assert_eq!(fields.over(Some(base)), Some(all));
        assert_eq!(given(&["--user", "ann"]), Ok(Given::Nothing));
        assert_eq!(given(&["--max-words", "x"]), Err("--max-words: expected a whole number from 1 on".to_owned()));
        assert_eq!(given(&["--style", "wide"]), Err("--style: expected one of long, short".to_owned()));
    }

    #[test]
    fn what_is_missing_and_how_it_is_said() {
        let (form, _) = form();
        assert_eq!(form.missing(&json!({})), [("--topic".to_owned(), "What it is about.".to_owned())]);
        let value = json!({ "topic": "bees", "max_words": 3 });
        assert_eq!(form.arguments(&value).unwrap(), ["--topic", "bees", "--max-words", "3"]);
        assert_eq!(form.arguments(&json!({ "tags": ["a"] })), None);
    }
}
