//! The schemas of the description: those of this crate's types, and those of the workflows.

use std::collections::BTreeMap;

use flow_report as report;
use schemars::{
    JsonSchema, SchemaGenerator,
    generate::{Contract, SchemaSettings},
};
use serde_json::{Map, Value, json};

use super::{names::Names, numbers};
use crate::{pointer::unescaped, problem::Problem, routes};

/// Where the schemas stand in the description.
const HERE: &str = "/components/schemas";

/// The types that are sent and received, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Workflows,
    Workflow,
    Definitions,
    Definition,
    Diff,
    Runs,
    Show,
    Run,
    Steps,
    Checkpoints,
    Frames,
    Events,
    Pauses,
    Pause,
    Waitings,
    Answered,
    Link,
    LinkShow,
    Sessions,
    Session,
    SessionLine,
    SessionRuns,
    Stats,
    Health,
    Me,
    StartBody,
    ForkBody,
    AnswerBody,
    LinkBody,
    LinkAnswerBody,
    SaveBody,
    RenameBody,
}

/// Schemas that were referred to.
pub(super) struct Schemas {
    sent: SchemaGenerator,
    received: SchemaGenerator,
    adopted: Map<String, Value>,
    names: Names,
}

impl Default for Schemas {
    fn default() -> Self {
        let generator = |contract: Contract| {
            SchemaSettings::draft2020_12()
                .with(|settings| {
                    settings.definitions_path = HERE.into();
                    settings.contract = contract;
                })
                .into_generator()
        };
        Schemas {
            sent: generator(Contract::Serialize),
            received: generator(Contract::Deserialize),
            adopted: Map::new(),
            names: Names::default(),
        }
    }
}

impl Schemas {
    /// The schema of what is sent.
    pub(super) fn response(&mut self, kind: Kind) -> Value {
        let made = &mut self.sent;
        match kind {
            Kind::Workflows => of::<report::WorkflowsReport>(made),
            Kind::Workflow => of::<routes::workflows::WorkflowAnswer>(made),
            Kind::Definitions => of::<report::DefinitionsReport>(made),
            Kind::Definition => of::<report::DefinitionReport>(made),
            Kind::Diff => of::<report::DiffReport>(made),
            Kind::Runs => of::<report::RunsReport>(made),
            Kind::Show => of::<report::ShowReport>(made),
            Kind::Run => of::<report::RunReport>(made),
            Kind::Steps => of::<report::StepsReport>(made),
            Kind::Checkpoints => of::<report::CheckpointsReport>(made),
            Kind::Frames => of::<report::FramesReport>(made),
            Kind::Events => of::<report::EventsReport>(made),
            Kind::Pauses => of::<report::PausesReport>(made),
            Kind::Pause => of::<report::PauseReport>(made),
            Kind::Waitings => of::<report::WaitingsReport>(made),
            Kind::Answered => of::<routes::pauses::Answered>(made),
            Kind::Link => of::<routes::links::LinkAnswer>(made),
            Kind::LinkShow => of::<routes::links::LinkShow>(made),
            Kind::Sessions => of::<report::SessionsReport>(made),
            Kind::Session => of::<report::SessionReport>(made),
            Kind::SessionLine => of::<report::SessionLine>(made),
            Kind::SessionRuns => of::<report::SessionRunsReport>(made),
            Kind::Stats => of::<report::StatsReport>(made),
            Kind::Health => of::<routes::service::Health>(made),
            Kind::Me => of::<routes::service::Me>(made),
            body => self.request(body),
        }
    }

    /// The schema of what is received.
    pub(super) fn request(&mut self, kind: Kind) -> Value {
        let made = &mut self.received;
        match kind {
            Kind::StartBody => of::<routes::start::StartBody>(made),
            Kind::ForkBody => of::<routes::control::ForkBody>(made),
            Kind::AnswerBody => of::<routes::pauses::AnswerBody>(made),
            Kind::LinkBody => of::<routes::links::LinkBody>(made),
            Kind::LinkAnswerBody => of::<routes::links::LinkAnswerBody>(made),
            Kind::SaveBody => of::<routes::definitions::SaveBody>(made),
            Kind::RenameBody => of::<routes::sessions::RenameBody>(made),
            sent => self.response(sent),
        }
    }

    /// The schema of a problem.
    pub(super) fn of_problem(&mut self) -> Value {
        of::<Problem>(&mut self.sent)
    }

    /// The schema of a start itself, to be made one of a workflow.
    pub(super) fn start_body(&mut self) -> Value {
        let _ = self.request(Kind::StartBody);
        self.received.definitions().get("StartBody").cloned().unwrap_or_else(|| json!({}))
    }

    /// Keeps the names that are taken by now for what has them.
    pub(super) fn reserve(&mut self) {
        let taken = self.sent.definitions().keys().chain(self.received.definitions().keys());
        let mut taken: Vec<String> = taken.cloned().collect();
        // What is both sent and received has one name.
        taken.sort();
        taken.dedup();
        for name in taken {
            self.names.take(&name);
        }
    }

    /// Says something else of what is received.
    pub(super) fn change(&mut self, kind: Kind, change: impl FnOnce(&mut Value)) {
        let reference = self.request(kind);
        let name = reference["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
        if let Some(schema) = name.and_then(|name| self.received.definitions_mut().get_mut(name)) {
            change(schema);
        }
    }

    /// Takes a schema in, with the definitions it brings, and refers to it. It has this name, unless that is taken.
    pub(super) fn adopt(&mut self, name: &str, mut schema: Value) -> Value {
        let name = self.names.take(name);
        let definitions = match schema.as_object_mut() {
            Some(object) => {
                object.shift_remove("$schema");
                object.shift_remove("$defs")
            }
            None => None,
        };
        let definitions = match definitions {
            Some(Value::Object(definitions)) => definitions,
            _ => Map::new(),
        };
        let below: Vec<&String> = definitions.keys().collect();
        let below: Renamed =
            below.into_iter().map(|old| (old.clone(), self.names.take(&format!("{name}{}", plain(old))))).collect();
        rename(&mut schema, &name, &below);
        for (old, mut definition) in definitions {
            rename(&mut definition, &name, &below);
            if let Some(new) = below.get(&old) {
                self.adopted.insert(new.clone(), definition);
            }
        }
        let reference = json!({ "$ref": format!("#{HERE}/{name}") });
        self.adopted.insert(name, schema);
        reference
    }

    /// All schemas that were referred to.
    pub(super) fn into_components(mut self) -> Map<String, Value> {
        let mut all = self.received.take_definitions(true);
        all.extend(self.sent.take_definitions(true));
        // A start stands here once for each workflow.
        all.shift_remove("StartBody");
        all.extend(self.adopted);
        all.values_mut().for_each(numbers::bound);
        all
    }
}

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

/// What definitions are called where they are taken in, by their names before.
type Renamed = BTreeMap<String, String>;

/// References to definitions of a schema, as references to where they are taken in.
fn rename(schema: &mut Value, name: &str, below: &Renamed) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::String(reference)) = object.get_mut("$ref") {
                if let Some(old) = reference.strip_prefix("#/$defs/") {
                    let new = below.get(&unescaped(old)).cloned().unwrap_or_else(|| plain(old));
                    *reference = format!("#{HERE}/{new}");
                } else if reference == "#" {
                    *reference = format!("#{HERE}/{name}");
                }
            }
            object.values_mut().for_each(|value| rename(value, name, below));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| rename(value, name, below)),
        _ => {}
    }
}

/// The name of a definition, of characters the name of a component may have.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).collect()
}
