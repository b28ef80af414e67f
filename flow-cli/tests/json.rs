//! What `--json` prints is what its schema says.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod common;

use common::Newsroom;
use flow_cli::reports;
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Runs a command and checks what it prints. Returns it.
fn check<R: JsonSchema>(room: &Newsroom, words: &[&str]) -> Value {
    let said = room.json(words);
    fits::<R>(&said, words);
    said
}

fn fits<R: JsonSchema>(said: &Value, words: &[&str]) {
    let schema = reports::schema_of::<R>();
    // What is not described must not be printed either.
    let properties = schema["properties"].as_object().cloned().unwrap_or_default();
    if let Some(object) = said.as_object().filter(|_| schema.get("additionalProperties").is_none()) {
        let unknown: Vec<&String> = object.keys().filter(|key| !properties.contains_key(*key)).collect();
        assert!(unknown.is_empty(), "{words:?}: {unknown:?} are not in the schema");
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(said).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{words:?}: {errors:?} in {said:#}");
}

#[test]
fn every_command_prints_what_it_says() {
    let room = Newsroom::new();
    check::<reports::ListReport>(&room, &["list"]);
    check::<reports::SchemaReport>(&room, &["schema", "article"]);
    check::<reports::GraphReport>(&room, &["graph", "article"]);
    check::<reports::ErrorReport>(&room, &["runs"]);
    let asked = check::<reports::RunReport>(&room, &["run", "article", "--topic", "bees", "--session", "s"]);
    assert_eq!((&asked["status"], &asked["pauses"][0]["allowed"]["users"]), (&"paused".into(), &Value::Array(vec![])));
    check::<reports::ShowReport>(&room, &["show"]);
    check::<reports::GraphReport>(&room, &["graph", "--run", "last"]);
    let answered =
        check::<reports::RunReport>(&room, &["answer", "last", "Publish", "--field-by", "Ann", "--by", "ann"]);
    assert_eq!((&answered["status"], &answered["output"]["words"]), (&"completed".into(), &700.into()));
    let shown = check::<reports::ShowReport>(&room, &["show"]);
    assert_eq!((&shown["pauses"][0]["state"], &shown["pauses"][0]["by"]), (&"answered".into(), &"ann".into()));
    assert_eq!(shown["attempts"][0]["step"], "research");
    let failed = check::<reports::RunReport>(&room, &["run", "article", "--topic", "nothing"]);
    assert_eq!(failed["failure"]["chain"][0], "there is nothing to say");
    check::<reports::RunReport>(&room, &["retry", "last"]);
    let undone = check::<reports::RunReport>(&room, &["run", "digging", "--item", "shovel", "--ms", "0"]);
    assert_eq!((&undone["status"], &undone["undone"][0]["step"]), (&"failed".into(), &"reserve".into()));
    check::<reports::RunReport>(&room, &["fork", "last", "--at", "start"]);
    check::<reports::RunReport>(&room, &["run", "two"]);
    let cancelled = check::<reports::RunReport>(&room, &["cancel", "last"]);
    assert_eq!(cancelled["status"], "cancelled");
    check::<reports::RunsReport>(&room, &["runs"]);
    check::<reports::SessionsReport>(&room, &["sessions"]);
    check::<reports::SessionReport>(&room, &["session", "s"]);
    check::<reports::DefinitionReport>(&room, &["save", "article"]);
    check::<reports::DefinitionsReport>(&room, &["definitions"]);
    check::<reports::DiffReport>(&room, &["diff", "article"]);
    check::<reports::RecoverReport>(&room, &["recover"]);
    check::<reports::PruneReport>(&room, &["prune", "--ended", "1d", "--checkpoints", "5"]);
    check::<reports::ErrorReport>(&room, &["answer", "last", "Yes"]);
    check::<reports::ErrorReport>(&room, &["no-such-command"]);
}

/// Takes the fields out that only a command line has: commands.
fn without_commands(mut said: Value) -> Value {
    said.as_object_mut().unwrap().shift_remove("next");
    for pause in said["pauses"].as_array_mut().unwrap() {
        assert!(pause.as_object_mut().unwrap().shift_remove("ways").unwrap()[0]["command"].is_string());
    }
    said
}

/// What is read as the type of the server's answer loses nothing and gains nothing.
fn is_as_from_a_server<R: DeserializeOwned + Serialize>(said: &Value) {
    let read: R = serde_json::from_value(said.clone()).unwrap();
    assert_eq!(&serde_json::to_value(read).unwrap(), said);
}

#[test]
fn what_is_shown_is_what_a_server_shows() {
    let room = Newsroom::new();
    let asked = room.json(&["run", "article", "--topic", "bees", "--session", "s"]);
    is_as_from_a_server::<flow_report::RunReport>(&without_commands(asked));
    is_as_from_a_server::<flow_report::ShowReport>(&without_commands(room.json(&["show"])));
    is_as_from_a_server::<flow_report::WorkflowsReport>(&room.json(&["list"]));
    is_as_from_a_server::<flow_report::RunsReport>(&room.json(&["runs"]));
    is_as_from_a_server::<flow_report::SessionsReport>(&room.json(&["sessions"]));
    is_as_from_a_server::<flow_report::SessionReport>(&room.json(&["session", "s"]));
    is_as_from_a_server::<flow_report::DefinitionReport>(&room.json(&["save", "article"]));
    let diff = room.json(&["diff", "article"]);
    assert_eq!((&diff["before"], &diff["after"]), (&"article@1".into(), &"article".into()));
}

#[test]
fn events_are_a_line_of_json_each() {
    let room = Newsroom::new();
    room.json(&["run", "many", "1", "2"]);
    let said = room.run(&["events", "last", "--json"]);
    let lines: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.len() > 5, "{said:?}");
    for (number, line) in lines.iter().enumerate() {
        fits::<reports::EventReport>(line, &["events"]);
        assert_eq!(line["seq"], number + 1);
    }
    let some = room.run(&["events", "last", "--json", "--kind", "step_completed", "--from", "3"]);
    assert_eq!(some.out.lines().count(), 2, "{some:?}");
}
