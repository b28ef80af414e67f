//! What a workflow is, as plain data that can be stored, read by people and compared.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    Graph, Policy, Workflow,
    machine::{CallKind, CallMeta, CallTree, Code, PointInfo},
    policy::words,
};

/// A workflow as plain data: what it does, what it takes, what it asks, and where its runs can be saved.
///
/// `W::definition()` is that of the linked program; [`App::save`](crate::App::save) stores it, and what is stored can be
/// [compared](Definition::changes_to).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Definition {
    /// Id of the workflow.
    pub id: String,
    /// A short name for its points and what is saved there: equal for definitions whose runs can go on in each other, as far as
    /// that shows without a look at the types.
    pub fingerprint: String,
    /// The function's name.
    pub name: String,
    /// The function's doc comment.
    #[serde(default)]
    pub doc: String,
    /// What it does, of the form of [`Graph::to_json`], without the lines of the source.
    pub graph: Value,
    /// JSON Schema of its input.
    pub input: Value,
    /// Its steps and those of the workflows it awaits, in program order.
    pub steps: Vec<StepDefinition>,
    /// What it and the workflows it awaits may ask, in program order.
    pub pauses: Vec<PauseDefinition>,
    /// Where its runs can be saved, and those of the workflows it awaits.
    pub points: Vec<PointDefinition>,
}

/// A step of a [`Definition`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StepDefinition {
    /// Name of the workflow that calls it.
    pub workflow: String,
    /// Its name.
    pub name: String,
    /// `step`, `child` or `timer`.
    pub kind: String,
    /// Its doc comment.
    #[serde(default)]
    pub doc: String,
    /// Its rules in words: `3 retries`, `timeout 30s`.
    #[serde(default)]
    pub rules: Vec<String>,
}

/// A question of a [`Definition`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PauseDefinition {
    /// Name of the workflow that asks.
    pub workflow: String,
    /// Its name.
    pub name: String,
    /// Its doc comment: the question in words.
    #[serde(default)]
    pub doc: String,
    /// JSON Schema of the answer.
    pub answer: Value,
}

/// A point of a [`Definition`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PointDefinition {
    /// Name of the workflow it is a point of.
    pub workflow: String,
    /// Where in that workflow: empty for its body, `parallel.1` for the second branch of its first fork, `parallel.*` for an item
    /// of a fan-out.
    #[serde(default)]
    pub path: String,
    /// Its name.
    pub name: String,
    /// The bindings that are saved there.
    pub bindings: Vec<String>,
}

impl Definition {
    /// The definition of a linked workflow under its own id.
    pub(crate) fn of<W: Workflow>() -> Self {
        let code = Code { points: W::MACHINE.points, calls: W::MACHINE.calls };
        Definition::new(W::ID, &W::GRAPH, W::DOC, W::input_schema(), code)
    }

    pub(crate) fn new(id: &str, graph: &Graph, doc: &str, input: Value, code: Code) -> Self {
        let (mut steps, mut pauses, mut points) = (Vec::new(), Vec::new(), Vec::new());
        for (workflow, code) in all_below(graph.name, code) {
            for call in code.calls.list() {
                match call.kind {
                    CallKind::Pause(answer) => {
                        let pause = PauseDefinition {
                            workflow: workflow.to_owned(),
                            name: call.name.to_owned(),
                            doc: call.doc.to_owned(),
                            answer: (answer.schema)(),
                        };
                        if !pauses.contains(&pause) {
                            pauses.push(pause);
                        }
                    }
                    _ => {
                        let step = StepDefinition::new(workflow, call);
                        if !steps.contains(&step) {
                            steps.push(step);
                        }
                    }
                }
            }
            points.extend(
                code.points.iter().filter(|point| point.saved).map(|point| PointDefinition::new(workflow, point)),
            );
        }
        let mut drawn = graph.to_json();
        without_keys(&mut drawn, &["line"]);
        Definition {
            id: id.to_owned(),
            fingerprint: fingerprint(code),
            name: graph.name.to_owned(),
            doc: doc.to_owned(),
            graph: drawn,
            input,
            steps,
            pauses,
            points,
        }
    }

    /// Whether runs of it may be asked something that is none of its [`pauses`](Self::pauses): what to do about a step that has
    /// failed, or was interrupted and must not be repeated.
    pub fn asks_about_steps(&self) -> bool {
        self.steps.iter().flat_map(|step| &step.rules).any(|rule| rule == ASKS || rule == ONCE)
    }

    /// How another definition of the workflow differs from this one. What only people read does not count: doc comments, and
    /// where in the source something stands.
    pub fn changes_to(&self, now: &Definition) -> DefinitionDiff {
        let mut diff =
            DefinitionDiff { input: schema_changes("the input", &self.input, &now.input), ..Default::default() };
        let steps = |definition: &Definition| {
            let mut steps: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
            for step in &definition.steps {
                let rules = if step.rules.is_empty() { "no rules".to_owned() } else { step.rules.join(", ") };
                steps.entry((step.workflow.clone(), step.name.clone())).or_default().push(match step.kind.as_str() {
                    "step" => rules,
                    kind => format!("a {kind}"),
                });
            }
            steps
        };
        let in_workflow =
            |workflow: &str| if workflow == self.name { String::new() } else { format!(" of `{workflow}`") };
        let (before, after) = (steps(self), steps(now));
        let label = |(workflow, name): &(String, String)| format!("`{name}`{}", in_workflow(workflow));
        diff.steps_removed = before.keys().filter(|step| !after.contains_key(step)).map(label).collect();
        diff.steps_added = after.keys().filter(|step| !before.contains_key(step)).map(label).collect();
        for (step, rules) in &before {
            if let Some(other) = after.get(step).filter(|other| *other != rules) {
                diff.steps_changed.push(format!("{} ({} → {})", label(step), rules.join("; "), other.join("; ")));
            }
        }

        let pause = |pause: &PauseDefinition| (pause.workflow.clone(), pause.name.clone());
        for asked in &self.pauses {
            let same: Vec<&PauseDefinition> = now.pauses.iter().filter(|other| pause(other) == pause(asked)).collect();
            let what = format!("the answer of pause {}", label(&pause(asked)));
            match same.iter().map(|other| schema_changes(&what, &asked.answer, &other.answer)).min_by_key(Vec::len) {
                Some(changes) => diff.pauses.extend(changes),
                None => diff.pauses.push(format!("pause {} is gone", label(&pause(asked)))),
            }
        }
        for asked in now.pauses.iter().filter(|asked| self.pauses.iter().all(|other| pause(other) != pause(asked))) {
            diff.pauses.push(format!("pause {} is new", label(&pause(asked))));
        }

        for point in &self.points {
            let branch = if point.path.is_empty() { String::new() } else { format!(" in branch `{}`", point.path) };
            let name = format!("`{}`{branch}{}", point.name, in_workflow(&point.workflow));
            match now.points.iter().find(|other| other.place() == point.place()) {
                None => diff.points_gone.push(name),
                Some(other) => {
                    let missing = other.bindings.iter().filter(|binding| !point.bindings.contains(binding));
                    diff.bindings_missing.extend(missing.map(|binding| format!("`{binding}` at point {name}")));
                }
            }
        }

        let flow = |definition: &Definition| {
            let mut graph = definition.graph.clone();
            without_keys(&mut graph, &["line", "doc"]);
            graph
        };
        diff.flow = diff.steps_added.is_empty()
            && diff.steps_removed.is_empty()
            && diff.pauses.is_empty()
            && flow(self) != flow(now);
        diff
    }
}

impl StepDefinition {
    fn new(workflow: &str, call: &CallMeta) -> Self {
        let kind = match call.kind {
            CallKind::Step | CallKind::Pause(_) => "step",
            CallKind::Child(_) => "child",
            CallKind::Timer => "timer",
        };
        let (name, doc) = (call.name.to_owned(), call.doc.to_owned());
        StepDefinition { workflow: workflow.to_owned(), name, kind: kind.to_owned(), doc, rules: rules(&call.policy) }
    }
}

impl PointDefinition {
    fn new(workflow: &str, point: &PointInfo) -> Self {
        PointDefinition {
            workflow: workflow.to_owned(),
            path: point.region.to_owned(),
            name: point.name.to_owned(),
            bindings: point.live.iter().map(|&name| name.to_owned()).collect(),
        }
    }

    fn place(&self) -> (&str, &str, &str) {
        (&self.workflow, &self.path, &self.name)
    }
}

/// How one definition of a workflow differs from another. Its text says it in words, one change after the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DefinitionDiff {
    /// Steps that have come.
    pub steps_added: Vec<String>,
    /// Steps that are gone.
    pub steps_removed: Vec<String>,
    /// Steps with other rules, and how these changed.
    pub steps_changed: Vec<String>,
    /// Whether the same steps come in another order, or under other conditions.
    pub flow: bool,
    /// What changed of the input.
    pub input: Vec<String>,
    /// What changed of the questions.
    pub pauses: Vec<String>,
    /// Points that are gone: runs that stand there cannot go on.
    pub points_gone: Vec<String>,
    /// Bindings that are needed now and were not saved before: runs that stand at these points cannot go on.
    pub bindings_missing: Vec<String>,
}

impl DefinitionDiff {
    /// Whether nothing has changed that counts.
    pub fn is_empty(&self) -> bool {
        *self == DefinitionDiff::default()
    }
}

impl fmt::Display for DefinitionDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DefinitionDiff {
            steps_added,
            steps_removed,
            steps_changed,
            flow,
            input,
            pauses,
            points_gone,
            bindings_missing,
        } = self;
        let list = |what: &str, names: &[String]| (!names.is_empty()).then(|| format!("{what} {}", names.join(", ")));
        let changes = [
            list("steps added:", steps_added),
            list("steps removed:", steps_removed),
            list("steps changed:", steps_changed),
            flow.then(|| "the steps come in another order or under other conditions".to_owned()),
        ];
        let changes = changes.into_iter().flatten().chain(input.iter().cloned()).chain(pauses.iter().cloned());
        let gone = [list("points gone:", points_gone), list("bindings missing:", bindings_missing)];
        let changes: Vec<String> = changes.chain(gone.into_iter().flatten()).collect();
        if changes.is_empty() { f.write_str("nothing has changed") } else { f.write_str(&changes.join("; ")) }
    }
}

/// A short name for the points of a definition and what lives there, those of the workflows below it included: equal for
/// definitions that can continue each other's runs without a look at the types.
pub(crate) fn fingerprint(code: Code) -> String {
    // FNV-1a: stable over builds and platforms, unlike the standard library's hashers.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |text: &str| {
        for byte in text.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    };
    for (n, (workflow, code)) in all_below("", code).into_iter().enumerate() {
        if n > 0 {
            add(workflow);
        }
        for point in code.points.iter().filter(|point| point.saved) {
            add(point.region);
            add(point.name);
            point.live.iter().for_each(|name| add(name));
        }
    }
    format!("{hash:016x}")
}

/// A workflow's code and that of all below it, each once, by name.
fn all_below(name: &'static str, code: Code) -> Vec<(&'static str, Code)> {
    let mut found: Vec<(&'static str, Code)> = vec![(name, code)];
    let mut next = 0;
    while let Some(&(_, code)) = found.get(next) {
        next += 1;
        for call in code.calls.list() {
            let CallKind::Child(child) = call.kind else { continue };
            let below: &'static CallTree = (child.calls)();
            if !found.iter().any(|(_, known)| std::ptr::eq(known.calls, below)) {
                found.push((call.name, Code { points: (child.points)(), calls: below }));
            }
        }
    }
    found
}

/// The rules of steps about which somebody may be asked.
const ASKS: &str = "asks when it fails";
const ONCE: &str = "once";

/// Rules in words.
fn rules(policy: &Policy) -> Vec<String> {
    let ms = |ms| words(std::time::Duration::from_millis(ms));
    let mut rules = Vec::new();
    if policy.retries > 0 {
        let Policy { retries, first_delay_ms, max_delay_ms, .. } = policy;
        rules.push(format!("{retries} retries after {}..{}", ms(*first_delay_ms), ms(*max_delay_ms)));
    }
    if policy.timeout_ms > 0 {
        rules.push(format!("timeout {}", ms(policy.timeout_ms)));
    }
    let flags = [
        (policy.once, ONCE),
        (policy.tx, "in a transaction"),
        (policy.undo, "can be undone"),
        (policy.recover.is_some(), ASKS),
    ];
    rules.extend(flags.into_iter().filter(|(is_so, _)| *is_so).map(|(_, rule)| rule.to_owned()));
    rules
}

/// Takes these keys out of objects, all the way down.
fn without_keys(value: &mut Value, keys: &[&str]) {
    match value {
        Value::Object(object) => {
            object.retain(|key, _| !keys.contains(&key.as_str()));
            object.values_mut().for_each(|value| without_keys(value, keys));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| without_keys(value, keys)),
        _ => {}
    }
}

/// A schema without what only people read.
fn bare(schema: &Value) -> Value {
    let names_below = |key: &str| matches!(key, "properties" | "$defs" | "definitions" | "patternProperties");
    match schema {
        Value::Object(object) => {
            let counts = object.iter().filter(|(key, _)| !matches!(key.as_str(), "title" | "description" | "$schema"));
            let part = |(key, value): (&String, &Value)| match value {
                // What is below are names, which may well be `title`.
                Value::Object(named) if names_below(key) => {
                    let named: Map<String, Value> =
                        named.iter().map(|(name, value)| (name.clone(), bare(value))).collect();
                    (key.clone(), Value::Object(named))
                }
                value => (key.clone(), bare(value)),
            };
            Value::Object(counts.map(part).collect())
        }
        Value::Array(list) => Value::Array(list.iter().map(bare).collect()),
        other => other.clone(),
    }
}

/// How a schema changed: by its fields, if it has any.
fn schema_changes(what: &str, before: &Value, now: &Value) -> Vec<String> {
    let (before, now) = (bare(before), bare(now));
    if before == now {
        return Vec::new();
    }
    let fields = |schema: &Value| schema.get("properties").and_then(Value::as_object).cloned();
    let needed = |field: &str| {
        let needed = now.get("required").and_then(Value::as_array);
        needed.is_some_and(|needed| needed.iter().any(|name| name == field))
    };
    let mut changes = Vec::new();
    if let (Some(old), Some(new)) = (fields(&before), fields(&now)) {
        for (field, kind) in &old {
            match new.get(field) {
                None => changes.push(format!("{what} no longer has `{field}`")),
                Some(other) if other != kind => {
                    changes.push(format!("`{field}` of {what} was {}, and is {}", kind_of(kind), kind_of(other)));
                }
                Some(_) => {}
            }
        }
        for field in new.keys().filter(|field| !old.contains_key(*field)) {
            let optional = if needed(field) { "" } else { ", which may be left out" };
            changes.push(format!("{what} has `{field}`{optional}"));
        }
    }
    if changes.is_empty() {
        match (kind_of(&before), kind_of(&now)) {
            (before, now) if before != now => changes.push(format!("{what} was {before}, and is {now}")),
            _ => changes.push(format!("{what} is made otherwise")),
        }
    }
    changes
}

/// A schema in a word or two.
fn kind_of(schema: &Value) -> String {
    let name = |reference: &str| reference.rsplit('/').next().unwrap_or(reference).to_owned();
    match schema {
        Value::Object(object) => match (object.get("type"), object.get("$ref")) {
            (_, Some(Value::String(reference))) => format!("`{}`", name(reference)),
            (Some(Value::String(kind)), _) => match object.get("items") {
                Some(items) => format!("{kind} of {}", kind_of(items)),
                None => match object.get("format").and_then(Value::as_str) {
                    Some(format) => format!("{kind} ({format})"),
                    None => kind.clone(),
                },
            },
            (Some(Value::Array(kinds)), _) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
            _ => schema.to_string(),
        },
        _ => schema.to_string(),
    }
}
