//! The description of the routes: OpenAPI 3.1, with a path of its own for the start of each registered workflow.

mod answers;
mod names;
mod numbers;
mod operations;
mod schemas;
mod uploads;

use flow_report::WorkflowReport;
use flow_runtime::{App, Definition};
use serde_json::{Map, Value, json};

use names::{Names, pascal, segment};
use operations::{Body, OPERATIONS, Operation, Place};
use schemas::Schemas;

/// What a caller has to deal with at every route of the API: what is wrong with the request, who may ask, how much at once.
const ALWAYS: [u16; 5] = [400, 401, 403, 408, 429];

/// What a caller has to deal with everywhere: another method, another host, what goes wrong inside, a server or store that is
/// about to end.
const EVERYWHERE: [u16; 4] = [405, 421, 500, 503];

/// The description of the routes for the workflows of an App. `base` is the path under which they are nested, `guarded` whether
/// nobody gets in without a token.
pub(crate) fn document(app: &App, base: &str, guarded: bool) -> Value {
    let mut schemas = Schemas::default();
    let mut paths: Map<String, Value> = Map::new();
    let definitions = app.workflows().into_iter().filter_map(|info| app.definition_of(&info.id).ok());
    let definitions: Vec<Definition> = definitions.collect();
    let mut names = Names::default();
    let workflows: Vec<(String, WorkflowReport)> = definitions
        .iter()
        .map(|definition| (names.take(&pascal(&definition.id)), WorkflowReport::new(definition.clone())))
        .collect();
    // Types of this crate keep their names, whatever workflows are called.
    let fixed: Vec<Value> = OPERATIONS.iter().map(|operation| described(operation, &mut schemas)).collect();
    schemas.reserve();
    for (operation, described) in OPERATIONS.iter().zip(fixed) {
        if operation.id == "startRun" {
            for (name, workflow) in &workflows {
                let path = operation.path.replace("{workflow}", &segment(&workflow.id));
                add(&mut paths, &path, operation, start(operation, name, workflow, &mut schemas));
            }
            continue;
        }
        add(&mut paths, operation.path, operation, described);
    }
    answers::describe(&definitions, &workflows, &mut schemas);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Workflows",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Starts runs of workflows, watches them, and answers what they ask. Times are milliseconds since the \
                            Unix epoch. Errors are problem details (RFC 9457), with JSON Pointers to the fields that do not fit.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": if base.is_empty() { "/" } else { base } }],
        "security": if guarded { json!([{ "token": [] }]) } else { json!([{ "token": [] }, {}]) },
        "tags": operations::TAGS.map(|(name, description)| json!({ "name": name, "description": description })),
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "A token this server knows." },
            },
            "responses": { "Problem": {
                "description": "Why the request was not answered as wanted.",
                "content": { "application/problem+json": { "schema": schemas.of_problem() } },
            } },
            "schemas": schemas.into_components(),
        },
    })
}

fn add(paths: &mut Map<String, Value>, path: &str, operation: &Operation, described: Value) {
    let methods = paths.entry(path).or_insert_with(|| json!({}));
    if let Some(methods) = methods.as_object_mut() {
        methods.insert(operation.method.to_owned(), described);
    }
}

/// An operation.
fn described(operation: &Operation, schemas: &mut Schemas) -> Value {
    let mut out = json!({
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
    });
    if let Some(needs) = operation.needs {
        out["description"] = format!("Needs the access `{needs}`, where callers say who they are.").into();
    } else {
        // Anyone may.
        out["security"] = json!([]);
    }
    let parameters: Vec<Value> = parameters(operation).collect();
    if !parameters.is_empty() {
        out["parameters"] = parameters.into();
    }
    if let Some(body) = operation.body {
        let required = !operation.may_be_empty;
        let schema = schemas.request(body);
        out["requestBody"] = json!({ "required": required, "content": { "application/json": { "schema": schema } } });
    }
    let mut responses = Map::new();
    for (status, description, body) in operation.responses {
        let mut response = json!({ "description": description });
        let content = match body {
            Body::None => None,
            Body::Json(kind) => Some(json!({ "application/json": { "schema": schemas.response(*kind) } })),
            Body::Any(media) => {
                let media = media.iter().map(|media| ((*media).to_owned(), json!({ "schema": text_of(media) })));
                Some(Value::Object(media.collect()))
            }
            Body::Events(kind) => Some(json!({
                "text/event-stream": { "schema": event() },
                "application/json": { "schema": schemas.response(*kind) },
            })),
        };
        if let Some(content) = content {
            response["content"] = content;
        }
        if matches!(status, 200..=202) && matches!(operation.id, "startRun" | "retryRun" | "forkRun") {
            response["headers"] =
                json!({ "Location": { "description": "Where the run is found.", "schema": { "type": "string" } } });
        }
        responses.insert(status.to_string(), response);
    }
    let api = operation.path.starts_with("/api") || operation.needs.is_some();
    let problems = operation.problems.iter().chain(if api { &ALWAYS[..] } else { &[] }).chain(&EVERYWHERE);
    for status in problems {
        responses.entry(status.to_string()).or_insert_with(|| json!({ "$ref": "#/components/responses/Problem" }));
    }
    responses.entry("default").or_insert_with(|| json!({ "$ref": "#/components/responses/Problem" }));
    out["responses"] = Value::Object(responses);
    out
}

/// An event of a stream.
fn event() -> Value {
    json!({
        "type": "object",
        "description": "An event of the stream.",
        "properties": {
            "id": { "type": "string", "description": "The number of the event, for `Last-Event-ID`. What is told live only has none." },
            "event": { "type": "string", "description": "The kind of the event; `end` and `shutdown` end the stream." },
            "data": { "type": "string", "contentMediaType": "application/json", "description": "The event." },
        },
    })
}

fn text_of(media: &str) -> Value {
    match media {
        "application/json" => json!({}),
        "application/octet-stream" => json!({ "type": "string", "contentMediaType": media }),
        _ => json!({ "type": "string" }),
    }
}

/// The start of one workflow, which has this name here.
fn start(operation: &Operation, name: &str, workflow: &WorkflowReport, schemas: &mut Schemas) -> Value {
    let mut out = described(operation, schemas);
    out["operationId"] = format!("start{name}").into();
    if !workflow.description.is_empty() {
        out["summary"] = workflow.description.lines().next().unwrap_or_default().into();
    }
    if let Some(parameters) = out["parameters"].as_array_mut() {
        parameters.retain(|parameter| parameter["name"] != "workflow");
    }
    let input = schemas.adopt(&format!("{name}Input"), workflow.input_schema.clone());
    let mut body = schemas.start_body();
    body["properties"]["input"] = input;
    if workflow.input_schema["type"] != "null" {
        body["required"] = json!(["input"]);
    }
    body["title"] = format!("Start{name}").into();
    let body = schemas.adopt(&format!("Start{name}"), body);
    out["requestBody"]["content"] = json!({ "application/json": { "schema": body } });
    if let Some(form) = uploads::form(&workflow.input_schema, &body) {
        out["requestBody"]["content"]["multipart/form-data"] = json!({ "schema": form });
    }
    out
}

/// The parameters in the path, in the query and in headers.
fn parameters(operation: &Operation) -> impl Iterator<Item = Value> {
    let path = operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let path = path.map(|name| {
        let (description, kind) = match name {
            "run" => ("Id of the run.", "string"),
            "workflow" => ("Id of the workflow.", "string"),
            "pause" => ("Id of the pause: `approve-2`.", "string"),
            "session" => ("Id of the session.", "string"),
            "seq" => ("The number of the checkpoint; 0 is the run's start.", "integer"),
            "file" => ("The name of the file's content.", "string"),
            _ => ("The last part of the link.", "string"),
        };
        let mut schema = json!({ "type": kind });
        if kind == "integer" {
            schema["minimum"] = 0.into();
        } else {
            schema["minLength"] = 1.into();
        }
        json!({ "name": name, "in": "path", "required": true, "description": description, "schema": schema })
    });
    let others = operation.parameters.iter().map(|parameter| {
        let (place, name) = match parameter.place {
            Place::Query => ("query", parameter.name),
            Place::Header => ("header", parameter.name),
        };
        let schema: Value = serde_json::from_str(parameter.schema).unwrap_or_default();
        let mut out = json!({ "name": name, "in": place, "description": parameter.doc, "schema": schema });
        if out["schema"]["type"] == "array" {
            out["explode"] = true.into();
        }
        if out["schema"]["type"] == "object" {
            out["style"] = "deepObject".into();
            out["explode"] = true.into();
        }
        out
    });
    path.chain(others)
}
