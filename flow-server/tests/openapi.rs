//! The description of the routes is whole, valid, and typed by the workflows.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeSet;

use common::{Web, app};
use flow_runtime::App;
use serde_json::{Value, json};

/// Questions of one name, each with an answer of its own.
mod twins {
    use flow_runtime::prelude::*;

    pub(super) mod yes {
        /// Is it good?
        #[flow_runtime::pause]
        pub(crate) fn good() -> bool;
    }

    pub(super) mod how {
        /// How good is it?
        #[flow_runtime::pause]
        pub(crate) fn good() -> u8;
    }

    workflow! {
        /// Asks whether something is good, and how good.
        pub(super) async fn judge(text: String) -> Result<String, String> {
            let good = pause(yes::good()).await;
            let much = pause(how::good()).await;
            Ok(format!("{text}: {good}, {much}"))
        }
    }
}

/// All references in a document.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(reference)) = object.get("$ref") {
                found.insert(reference.clone());
            }
            object.values().for_each(|value| references(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

/// A validator for a component of the document.
fn component(document: &Value, name: &str) -> jsonschema::Validator {
    let mut schema = json!({ "$ref": format!("#/components/schemas/{name}") });
    schema["components"] = document["components"].clone();
    jsonschema::validator_for(&schema).unwrap()
}

#[tokio::test]
async fn the_description_is_whole_and_valid() {
    let web = Web::new(app());
    let document = web.get("/openapi.json").await.ok();
    assert_eq!(document["openapi"], "3.1.0");
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    for reference in &found {
        let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads elsewhere"));
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(jsonschema::meta::is_valid(schema), "{name}: {schema}");
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)), "{name}");
        component(&document, name);
    }
    let mut ids = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{id} twice");
            assert!(operation["summary"].as_str().is_some_and(|text| text.ends_with('.')), "{method} {path}");
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let named: Vec<&str> = parameters
                .iter()
                .filter(|parameter| parameter["in"] == "path")
                .map(|parameter| parameter["name"].as_str().unwrap())
                .collect();
            let in_path: Vec<&str> =
                path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
            assert_eq!(named, in_path, "{method} {path}");
            for parameter in &parameters {
                assert!(parameter["description"].is_string() && jsonschema::meta::is_valid(&parameter["schema"]));
            }
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with('2')) && responses.contains_key("default"));
        }
    }
    let nested = axum::Router::new().nest("/flow", flow_server::router(app()));
    let request = axum::http::Request::get("/flow/openapi.json").body(axum::body::Body::empty()).unwrap();
    let reply = tower::ServiceExt::oneshot(nested, request).await.unwrap();
    let bytes = axum::body::to_bytes(reply.into_body(), 1 << 22).await.unwrap();
    let document: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(document["servers"], json!([{ "url": "/flow" }]));
}

#[tokio::test]
async fn starts_are_typed_by_their_workflows() {
    let web = Web::new(app());
    let document = web.get("/openapi.json").await.ok();
    let start = &document["paths"]["/api/workflows/article/runs"]["post"];
    assert_eq!(start["operationId"], "startArticle");
    assert_eq!(start["summary"], "Writes an article, asks whether it is good, and publishes it.");
    let body = component(&document, "StartArticle");
    let brief = json!({ "topic": "bees", "tone": "formal" });
    assert!(body.is_valid(&json!({ "input": brief, "user": "ann" })));
    assert!(!body.is_valid(&json!({ "input": { "topic": "bees", "tone": "loud" } })));
    assert!(!body.is_valid(&json!({ "input": brief, "usr": "ann" })), "other fields are refused");
    assert!(!body.is_valid(&json!({})));
    assert!(component(&document, "ArticleInput").is_valid(&brief));
    assert!(component(&document, "ArticleApproveAnswer").is_valid(&json!({ "Publish": { "by": "x" } })));
    assert!(component(&document, "ArticleInputTone").is_valid(&json!("friendly")));
}

#[tokio::test]
async fn nothing_has_the_name_of_something_else() {
    let builder =
        App::builder().register_as::<twins::Judge>("note-pad", ()).register_as::<twins::Judge>("note_pad", ());
    // The start of one would be called `StartBody`, as a type of the server is, and the other has nothing to be called by.
    let builder = builder.register_as::<twins::Judge>("body", ()).register_as::<twins::Judge>("…", ());
    let document = Web::new(builder.build().unwrap()).get("/openapi.json").await.ok();
    let id = |workflow: &str| &document["paths"][format!("/api/workflows/{workflow}/runs")]["post"]["operationId"];
    assert_eq!((id("note-pad"), id("note_pad")), (&json!("startNotePad"), &json!("startNotePad2")));
    let mut ids = BTreeSet::new();
    for methods in document["paths"].as_object().unwrap().values() {
        for operation in methods.as_object().unwrap().values() {
            assert!(ids.insert(operation["operationId"].to_string()), "{}", operation["operationId"]);
        }
    }
    for (name, value) in [
        ("NotePadGoodAnswer", json!(true)),
        ("NotePadGoodAnswer2", json!(7)),
        ("NotePad2GoodAnswer", json!(true)),
        ("NotePad2GoodAnswer2", json!(7)),
    ] {
        let schema = component(&document, name);
        assert!(schema.is_valid(&value) && !schema.is_valid(&json!("x")), "{name}");
    }
    assert!(component(&document, "StartBody2").is_valid(&json!({ "input": "x" })));
}

#[tokio::test]
async fn answers_are_typed_where_all_questions_are_known() {
    let known = App::builder().register::<twins::Judge>(()).build().unwrap();
    let document = Web::new(known).get("/openapi.json").await.ok();
    for name in ["AnswerBody", "LinkAnswerBody"] {
        let body = component(&document, name);
        for answer in [json!(true), json!(7)] {
            assert!(body.is_valid(&json!({ "answer": answer })), "{name} {answer}");
        }
        for answer in [json!("x"), json!(300), json!({})] {
            assert!(!body.is_valid(&json!({ "answer": answer })), "{name} {answer}");
        }
    }
    // What is asked about a step that failed has a type that only the step knows.
    let document = Web::new(app()).get("/openapi.json").await.ok();
    assert!(component(&document, "AnswerBody").is_valid(&json!({ "answer": { "Use": 7 } })));
    let description = &document["components"]["schemas"]["AnswerBody"]["properties"]["answer"]["description"];
    assert!(description.as_str().unwrap().contains("`ArticleApproveAnswer`"), "{description}");
    let none = App::builder().build().unwrap();
    let document = Web::new(none).get("/openapi.json").await.ok();
    assert!(component(&document, "AnswerBody").is_valid(&json!({ "answer": null })));
}

#[tokio::test]
async fn what_every_route_may_say_is_described() {
    let web = Web::new(app());
    let document = web.get("/openapi.json").await.ok();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            for status in ["405", "421", "500", "503"] {
                assert!(operation["responses"][status].is_object(), "{method} {path}: {status}");
            }
        }
    }
    let retry = &document["paths"]["/api/runs/{run}/retry"]["post"]["responses"];
    let start = &document["paths"]["/api/workflows/hello/runs"]["post"]["responses"];
    for (responses, statuses) in [(retry, ["200", "202"]), (start, ["200", "202"])] {
        assert!(statuses.iter().all(|status| responses[status]["headers"]["Location"].is_object()), "{responses}");
    }
    assert!(document["paths"]["/api/runs/{run}/cancel"]["post"]["responses"]["200"].get("headers").is_none());
}

#[tokio::test]
async fn metadata_is_asked_for_as_described() {
    let web = Web::new(app());
    let document = web.get("/openapi.json").await.ok();
    for path in ["/api/runs", "/api/sessions/{session}/runs", "/api/stats"] {
        let parameters = document["paths"][path]["get"]["parameters"].as_array().unwrap();
        let metadata = parameters.iter().find(|parameter| parameter["name"] == "metadata").unwrap();
        assert_eq!((&metadata["style"], &metadata["explode"]), (&json!("deepObject"), &json!(true)));
    }
    let metadata = json!({ "source": "web", "n": 1, "a]b": null });
    web.start_with("hello", json!({ "input": "x", "metadata": metadata })).await.ok();
    for (query, found) in [
        ("metadata[source]=web", 1),
        ("metadata%5Bsource%5D=web&metadata%5Bn%5D=1", 1),
        ("metadata[source]=web&metadata[n]=2", 0),
        ("metadata[a]b]=null", 1),
        ("metadata.source=web", 1),
    ] {
        let runs = web.get(&format!("/api/runs?{query}")).await.ok()["runs"].as_array().unwrap().len();
        assert_eq!(runs, found, "{query}");
    }
    for query in ["metadata=x", "metadata[source=x", "metadatasource=x"] {
        web.get(&format!("/api/runs?{query}")).await.problem(400, "bad_request");
    }
}

#[tokio::test]
async fn what_is_answered_is_what_is_described() {
    let web = Web::new(app());
    let document = web.get("/openapi.json").await.ok();
    let run = web.start("article", json!({ "topic": "bees", "tone": "formal", "sources": ["a"] })).await;
    web.start_with("visit", json!({ "input": "ann", "session": "s" })).await.ok();
    web.post("/api/workflows/hello/definitions", &json!({})).await.ok();
    let answered = web.answer(&run, "approve-1", json!({ "Publish": { "by": "Ann" } })).await.ok();
    web.start("agreement", json!("x")).await;
    for (path, id, value) in [
        ("/api/workflows", "listWorkflows", None),
        ("/api/workflows/article", "getWorkflow", None),
        ("/api/workflows/hello/definitions", "listDefinitions", None),
        ("/api/workflows/hello/diff", "diffDefinitions", None),
        ("/api/runs", "listRuns", None),
        ("/api/runs/{run}", "getRun", None),
        ("/api/runs/{run}/steps", "listSteps", None),
        ("/api/runs/{run}/checkpoints", "listCheckpoints", None),
        ("/api/runs/{run}/checkpoints/5", "getCheckpoint", None),
        ("/api/runs/{run}/events", "readEvents", None),
        ("/api/runs/{run}/pauses", "listPauses", None),
        ("/api/runs/{run}/pauses/approve-1", "getPause", None),
        ("/api/pauses", "listOpenPauses", None),
        ("/api/sessions", "listSessions", None),
        ("/api/sessions/s", "getSession", None),
        ("/api/sessions/s/runs", "listSessionRuns", None),
        ("/api/stats", "getStats", None),
        ("/api/me", "getMe", None),
        ("", "answerPause", Some(answered)),
    ] {
        let value = match value {
            Some(value) => value,
            None => {
                let path = path.replace("{run}", &run);
                web.with("GET", &path, &[("accept", "application/json")], &Value::Null).await.ok()
            }
        };
        let operations =
            document["paths"].as_object().unwrap().values().flat_map(|methods| methods.as_object().unwrap().values());
        let operation = operations.into_iter().find(|operation| operation["operationId"] == id).unwrap();
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"];
        let name = schema.as_str().unwrap_or_else(|| panic!("{id}: {operation}")).rsplit('/').next().unwrap();
        let errors: Vec<String> =
            component(&document, name).iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{id}: {errors:?}\n{value}");
    }
    let problem = web.get("/api/runs/nope").await.json();
    assert!(component(&document, "Problem").is_valid(&problem));
}
