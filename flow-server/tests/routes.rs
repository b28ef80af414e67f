//! Every route, and every way in which it says no.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use axum::{body::Body, http::header};
use common::{Web, app};
use serde_json::{Value, json};

fn brief() -> Value {
    json!({ "topic": "bees", "tone": "formal", "sources": ["a", "b"] })
}

#[tokio::test]
async fn workflows_are_listed_and_shown() {
    let web = Web::new(app());
    let all = web.get("/api/workflows").await.ok();
    let ids: Vec<&str> = all["workflows"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&"hello") && ids.is_sorted(), "{ids:?}");
    let article = web.get("/api/workflows/article").await.ok();
    assert_eq!(article["description"], "Writes an article, asks whether it is good, and publishes it.");
    assert_eq!(article["pauses"][0]["name"], "approve");
    assert_eq!(article["pauses"][0]["question"], "May the draft be published?");
    let fields: Vec<&String> = article["input_schema"]["properties"].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["topic", "words", "tone", "sources", "notes", "unasked"], "in the order of the type");
    assert!(!article["definition"]["points"].as_array().unwrap().is_empty());
    let problem = web.get("/api/workflows/articel").await.problem(404, "unknown_workflow");
    assert_eq!(problem["nearest"], "article");
}

#[tokio::test]
async fn workflows_and_runs_are_drawn() {
    let web = Web::new(app());
    let run = web.start("article", brief()).await;
    for path in ["/api/workflows/article/graph".to_owned(), format!("/api/runs/{run}/graph")] {
        let drawn = web.get(&path).await.ok();
        assert!(drawn["layout"]["nodes"].as_array().unwrap().len() > 5, "{drawn}");
        assert_eq!(drawn["standing"].is_object(), path.contains("runs"));
        let svg = web.get(&format!("{path}?format=svg")).await;
        assert!(svg.text.starts_with("<svg") && svg.header("content-security-policy").contains("sandbox"));
        assert_eq!(svg.header("content-type"), "image/svg+xml");
        assert!(web.get(&format!("{path}?format=mermaid")).await.text.starts_with("flowchart"));
        assert!(web.get(&format!("{path}?format=dot")).await.text.starts_with("digraph"));
        web.get(&format!("{path}?format=png")).await.problem(400, "bad_request");
        let asked = web.with("GET", &path, &[("accept", "image/svg+xml")], &Value::Null).await;
        assert!(asked.text.starts_with("<svg"));
    }
    web.get("/api/workflows/nope/graph").await.problem(404, "unknown_workflow");
    web.get("/api/runs/nope/graph").await.problem(404, "unknown_run");
}

#[tokio::test]
async fn a_run_is_started_and_shown() {
    let web = Web::new(app());
    let started = web.post("/api/workflows/hello/runs", &json!({ "input": "Ann" })).await;
    assert_eq!(started.status, 202);
    let run = started.json()["run"].as_str().unwrap().to_owned();
    assert_eq!(started.header("location"), format!("/api/runs/{run}"));
    let body = json!({
        "input": "Ben", "session": "s", "user": "ben", "metadata": { "source": "test" }, "priority": 3.0,
        "deadline_ms": 60_000,
    });
    let keyed = [("idempotency-key", "k-1"), ("prefer", "wait=30")];
    let done = web.with("POST", "/api/workflows/hello/runs", &keyed, &body).await;
    assert_eq!((done.status.as_u16(), &done.json()["output"]), (200, &json!("Hello, Ben")));
    let again = web.with("POST", "/api/workflows/hello/runs", &keyed, &body).await.json();
    assert_eq!(again["run"], done.json()["run"], "a key starts one run");
    let shown = web.show(again["run"].as_str().unwrap()).await;
    for (field, value) in [
        ("status", json!("completed")),
        ("workflow", json!("hello")),
        ("session", json!("s")),
        ("user", json!("ben")),
        ("key", json!("k-1")),
        ("priority", json!(3)),
        ("metadata", json!({ "source": "test" })),
        ("input", json!("Ben")),
        ("output", json!("Hello, Ben")),
        ("failure", Value::Null),
        ("frames", json!([])),
    ] {
        assert_eq!(shown[field], value, "{field}");
    }
    assert_eq!(shown["deadline"].as_i64().unwrap() - shown["created_at"].as_i64().unwrap(), 60_000);
    assert_eq!(shown["attempts"][0]["step"], "greet");
    assert_eq!(
        web.get(&format!("/api/runs/{}/steps", again["run"].as_str().unwrap())).await.ok()["steps"],
        shown["attempts"]
    );
    web.get("/api/runs/nope").await.problem(404, "unknown_run");
    web.get("/api/runs/nope/steps").await.problem(404, "unknown_run");
}

#[tokio::test]
async fn a_start_that_does_not_fit_says_where() {
    let web = Web::new(app());
    let path = "/api/workflows/article/runs";
    let pointer = |problem: Value| problem["errors"][0]["pointer"].as_str().unwrap().to_owned();
    let problem = web.post(path, &json!({ "input": { "topic": "x" } })).await.problem(422, "invalid_input");
    assert_eq!(pointer(problem), "#/input/tone");
    let input = json!({ "topic": "x", "tone": "formal", "sources": ["a", 7] });
    let problem = web.post(path, &json!({ "input": input })).await.problem(422, "invalid_input");
    assert_eq!(pointer(problem), "#/input/sources/1");
    let problem = web.post(path, &json!({ "input": brief(), "prioritaet": 1 })).await.problem(422, "invalid_body");
    assert_eq!(pointer(problem), "#/prioritaet");
    let problem = web.post(path, &json!({ "input": brief(), "priority": "high" })).await.problem(422, "invalid_body");
    assert_eq!(pointer(problem), "#/priority");
    web.post("/api/workflows/nope/runs", &json!({ "input": 1 })).await.problem(404, "unknown_workflow");
    let bare = web.request("POST", path).body(Body::from("{}")).unwrap();
    web.send(bare).await.problem(415, "unsupported_media_type");
    let broken = web.request("POST", path).header(header::CONTENT_TYPE, "application/json");
    web.send(broken.body(Body::from("{\"input\":")).unwrap()).await.problem(400, "not_json");
    web.with("POST", path, &[("idempotency-key", "")], &json!({})).await.problem(400, "bad_request");
    assert_eq!(web.get("/api/runs").await.ok()["runs"], json!([]), "nothing was started");
}

#[tokio::test]
async fn an_idempotency_key_starts_and_answers_once() {
    let web = Web::new(app());
    let start = async || {
        let headers = [("idempotency-key", "\"start-7\""), ("prefer", "wait=30")];
        let reply = web.with("POST", "/api/workflows/article/runs", &headers, &json!({ "input": brief() })).await;
        reply.ok()["run"].as_str().unwrap().to_owned()
    };
    let (run, again) = (start().await, start().await);
    assert_eq!(run, again);
    let path = format!("/api/runs/{run}/pauses/approve-1/answer");
    let body = json!({ "answer": { "Publish": { "by": "Ann" } }, "by": "ann", "comment": "fine" });
    let answer = async |body: &Value| web.with("POST", &path, &[("idempotency-key", "a-1")], body).await;
    assert_eq!(answer(&body).await.ok()["pause"]["state"], "answered");
    assert_eq!(answer(&body).await.ok()["pause"]["by"], "ann", "the same once more");
    let other = json!({ "answer": { "Publish": { "by": "Ben" } }, "by": "ann", "comment": "fine" });
    answer(&other).await.problem(409, "already_answered");
    let problem = web.post(&path, &body).await.problem(409, "already_answered");
    assert_eq!((&problem["answer"], &problem["by"]), (&json!({ "Publish": { "by": "Ann" } }), &json!("ann")));
    assert!(problem["at"].as_i64().unwrap() > 0);
}

#[tokio::test]
async fn a_key_is_of_one_start() {
    let web = Web::new(app());
    let path = "/api/workflows/article/runs";
    let keyed = async |body: &Value| web.with("POST", path, &[("idempotency-key", "k-1")], body).await;
    let first = keyed(&json!({ "input": brief(), "session": "s", "user": "ann" })).await.ok()["run"].clone();
    let mut said = brief();
    said["words"] = json!(300.0);
    said["notes"] = Value::Null;
    let same = keyed(&json!({ "input": said, "session": "s", "user": "ann", "priority": 7 })).await.ok();
    assert_eq!(same["run"], first, "what is left out is as if its default were there");
    said["words"] = json!(301);
    for (differs, input, session, user) in [
        ("input", said, json!("s"), json!("ann")),
        ("session", brief(), json!("t"), json!("ann")),
        ("session", brief(), Value::Null, json!("ann")),
        ("user", brief(), json!("s"), json!("ben")),
        ("user", brief(), json!("s"), Value::Null),
    ] {
        let reply = keyed(&json!({ "input": input, "session": session, "user": user })).await;
        let problem = reply.problem(409, "key_reused");
        assert_eq!((&problem["differs"], &problem["run"]), (&json!(differs), &first), "{problem}");
    }
    for key in ["ключ", "a b", "\"\"", &"x".repeat(256)] {
        web.with("POST", path, &[("idempotency-key", key)], &json!({ "input": brief() }))
            .await
            .problem(400, "bad_request");
    }
    let two = [("idempotency-key", "a"), ("idempotency-key", "b")];
    web.with("POST", path, &two, &json!({ "input": brief() })).await.problem(400, "bad_request");
    assert_eq!(web.get("/api/runs").await.ok()["runs"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn runs_are_found_page_by_page() {
    let web = Web::new(app());
    for n in 0..5 {
        let user = if n % 2 == 0 { "ann" } else { "ben" };
        web.start_with("hello", json!({ "input": "x", "user": user, "session": "s", "metadata": { "n": n } }))
            .await
            .ok();
    }
    let waiting = web.start("article", brief()).await;
    let list = async |query: &str| {
        let page = web.get(&format!("/api/runs?{query}")).await.ok();
        (page["runs"].as_array().unwrap().clone(), page["next"].as_str().map(str::to_owned))
    };
    let (all, next) = list("").await;
    assert_eq!((all.len(), next), (6, None));
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let (page, next) = list(&format!("limit=2{after}")).await;
        assert!(page.len() <= 2);
        seen.extend(page);
        match next {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen, all, "nothing twice, nothing left out");
    for (query, count) in [
        ("workflow=hello", 5),
        ("workflow=nope", 0),
        ("status=paused", 1),
        ("status=paused,completed", 6),
        ("status=paused&status=failed", 1),
        ("user=ann", 3),
        ("session=s", 5),
        ("metadata.n=3", 1),
        ("metadata.n=%223%22", 0),
        ("from=0&before=1", 0),
        ("from=0", 6),
    ] {
        assert_eq!(list(query).await.0.len(), count, "{query}");
    }
    assert_eq!(list("status=paused").await.0[0]["run"], waiting);
    for query in ["status=asleep", "limit=many", "after=x", "colour=red", "from=yesterday"] {
        web.get(&format!("/api/runs?{query}")).await.problem(400, "bad_request");
    }
    let stats = web.get("/api/stats").await.ok();
    let completed = stats["counts"].as_array().unwrap().iter().find(|count| count["status"] == "completed").unwrap();
    assert_eq!((&completed["workflow"], &completed["runs"]), (&json!("hello"), &json!(5)));
}

#[tokio::test]
async fn what_lived_at_a_checkpoint_is_shown() {
    let web = Web::new(app());
    let run = web.start("article", brief()).await;
    let listed = web.get(&format!("/api/runs/{run}/checkpoints")).await.ok();
    let write = listed["checkpoints"].as_array().unwrap().iter().find(|one| one["at"] == "write done").unwrap().clone();
    let shown = web.get(&format!("/api/runs/{run}/checkpoints/{}", write["seq"])).await.ok();
    assert_eq!((&shown["at"], &shown["path"], &shown["time"]), (&write["at"], &write["path"], &write["time"]));
    let names: Vec<&Value> =
        shown["frames"][0]["bindings"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert!(names.contains(&&json!("draft")), "{names:?}");
    let start = web.get(&format!("/api/runs/{run}/checkpoints/0")).await.ok();
    assert_eq!((&start["at"], &start["frames"]), (&json!("start"), &json!([])));
    web.get(&format!("/api/runs/{run}/checkpoints/99")).await.problem(404, "unknown_checkpoint");
    web.get(&format!("/api/runs/{run}/checkpoints/x")).await.problem(404, "not_found");
    web.get("/api/runs/nope/checkpoints").await.problem(404, "unknown_run");
    let live = web.show(&run).await;
    assert_eq!(live["frames"][0]["pause"], "approve-1");
    let bindings = live["frames"][0]["bindings"].as_array().unwrap();
    let draft = bindings.iter().find(|binding| binding["name"] == "draft").unwrap();
    assert_eq!(draft["value"]["title"], "bees");
}

#[tokio::test]
async fn runs_are_cancelled_tried_again_and_copied() {
    let web = Web::new(app());
    let run = web.start("article", brief()).await;
    let post = async |what: &str, body: Value| web.post(&format!("/api/runs/{run}/{what}"), &body).await;
    assert_eq!(post("retry", Value::Null).await.problem(409, "not_failed")["run_status"], "paused");
    let body = json!({ "checkpoint": 99 });
    assert_eq!(post("fork", body).await.problem(404, "unknown_checkpoint")["last"], 6);
    let problem = post("fork", json!({ "checkpoint": 5, "set": { "nope": 1 } })).await.problem(422, "unknown_binding");
    assert!(problem["known"].as_array().unwrap().contains(&json!("draft")), "{problem}");
    let wrong = json!({ "checkpoint": 5, "set": { "draft": { "title": 7, "text": "" } } });
    let problem = post("fork", wrong).await.problem(422, "invalid_binding");
    assert_eq!(problem["errors"][0]["pointer"], "#/set/draft/title");
    post("fork", json!({})).await.problem(422, "invalid_body");
    let edited = json!({ "checkpoint": 5, "set": { "draft": { "title": "wasps", "text": "…" } } });
    let copy = web.with("POST", &format!("/api/runs/{run}/fork"), &[("prefer", "wait=30")], &edited).await;
    assert_eq!(copy.status, 201, "{}", copy.text);
    let id = copy.json()["run"].as_str().unwrap().to_owned();
    assert_eq!(copy.header("location"), format!("/api/runs/{id}"));
    assert_eq!(copy.json()["pauses"][0]["prompt"]["draft"]["title"], "wasps");
    let cancelled = post("cancel", Value::Null).await.ok();
    assert_eq!(
        (&cancelled["status"], &cancelled["pauses"], &cancelled["undone"]),
        (&json!("cancelled"), &json!([]), &json!([]))
    );
    post("cancel", Value::Null).await.problem(409, "ended");
    for what in ["cancel", "retry"] {
        web.post(&format!("/api/runs/nope/{what}"), &Value::Null).await.problem(404, "unknown_run");
    }
    web.post("/api/runs/nope/fork", &json!({ "checkpoint": 0 })).await.problem(404, "unknown_run");

    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    let failed = web.start("parcel", json!({ "name": "tea", "key": key })).await;
    let shown = web.show(&failed).await;
    assert_eq!(shown["status"], "failed");
    assert_eq!(
        shown["failure"]["chain"],
        json!([format!("the van with Hello, tea does not start: there is no key at {}", key.display())])
    );
    std::fs::write(&key, "").unwrap();
    let again = web.with("POST", &format!("/api/runs/{failed}/retry"), &[("prefer", "wait=30")], &Value::Null).await;
    assert_eq!((again.status.as_u16(), &again.json()["output"]), (200, &json!("Hello, tea is delivered")));
}

#[tokio::test]
async fn questions_are_listed_over_all_runs() {
    let web = Web::new(app());
    let first = web.start("article", brief()).await;
    let started = web.start_with("agreement", json!({ "input": "2 + 2", "user": "ann" })).await.ok();
    let second = started["run"].as_str().unwrap().to_owned();
    web.start("both", json!("way")).await;
    let list =
        async |query: &str| web.get(&format!("/api/pauses?{query}")).await.ok()["pauses"].as_array().unwrap().clone();
    let all = list("").await;
    let ids: Vec<&str> = all.iter().map(|pause| pause["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["choose-1", "choose_many-2", "confirm-1", "approve-1"]);
    assert_eq!((&all[3]["run"], &all[3]["workflow"]), (&json!(first), &json!("article")));
    assert_eq!(list("workflow=agreement").await.len(), 1);
    assert_eq!(list("user=ann").await.len(), 3, "ann has started that one, and may not answer it");
    assert_eq!(list("user=root").await.len(), 4);
    assert_eq!(list("user=ben&role=editor").await.len(), 4);
    assert_eq!(list("role=writer").await.len(), 3);
    let page = web.get("/api/pauses?limit=1").await.ok();
    assert_eq!(page["pauses"].as_array().unwrap().len(), 2, "the questions of a run stay together");
    let rest = list(&format!("after={}", page["next"].as_str().unwrap())).await;
    assert_eq!(rest.len(), 2);
    web.get("/api/pauses?status=open").await.problem(400, "bad_request");

    let of_run = web.get(&format!("/api/runs/{second}/pauses")).await.ok();
    let one = web.get(&format!("/api/runs/{second}/pauses/confirm-1")).await.ok();
    assert_eq!(of_run["pauses"], json!([one]));
    assert_eq!(one["allowed"], json!({ "users": ["root"], "roles": ["editor"], "except": ["ann"] }));
    web.get(&format!("/api/runs/{second}/pauses/confirm-9")).await.problem(404, "unknown_pause");
    web.get("/api/runs/nope/pauses").await.problem(404, "unknown_run");
}

#[tokio::test]
async fn sessions_are_listed_named_and_deleted() {
    let web = Web::new(app());
    for who in ["ann", "ben"] {
        web.start_with("visit", json!({ "input": who, "session": "shop", "user": "ann" })).await.ok();
    }
    let given = json!({ "input": "cay", "session": "other", "session_state": { "visits": 40, "last": "" } });
    assert_eq!(web.start_with("visit", given).await.ok()["output"], 41);
    let all = web.get("/api/sessions").await.ok();
    assert_eq!(all["sessions"].as_array().unwrap().len(), 2);
    assert_eq!(web.get("/api/sessions?user=ann").await.ok()["sessions"][0]["id"], "shop");
    let page = web.get("/api/sessions?limit=1").await.ok();
    let rest = web.get(&format!("/api/sessions?after={}", page["next"].as_str().unwrap())).await.ok();
    assert_eq!(json!([page["sessions"][0], rest["sessions"][0]]), all["sessions"]);
    let shop = web.get("/api/sessions/shop").await.ok();
    assert_eq!((&shop["state"], shop["runs"].as_array().unwrap().len()), (&json!({ "visits": 2, "last": "ben" }), 2));
    let runs = web.get("/api/sessions/shop/runs?limit=1").await.ok();
    assert_eq!((&runs["runs"][0]["output"], runs["next"].is_string()), (&json!(2), true));
    let named = web.json("PATCH", "/api/sessions/shop", &json!({ "name": "The shop" })).await.ok();
    assert_eq!(named["name"], "The shop");
    web.json("PATCH", "/api/sessions/shop", &json!({ "title": "x" })).await.problem(422, "invalid_body");
    web.json("PATCH", "/api/sessions/nope", &json!({ "name": "x" })).await.problem(404, "unknown_session");
    assert_eq!(web.json("DELETE", "/api/sessions/shop", &Value::Null).await.status, 204);
    for path in ["/api/sessions/shop", "/api/sessions/shop/runs"] {
        web.get(path).await.problem(404, "unknown_session");
    }
    web.json("DELETE", "/api/sessions/shop", &Value::Null).await.problem(404, "unknown_session");
    web.start_with("article", json!({ "input": brief(), "session": "busy" })).await.ok();
    web.json("DELETE", "/api/sessions/busy", &Value::Null).await.problem(409, "busy");
}

#[tokio::test]
async fn definitions_are_saved_and_compared() {
    let web = Web::new(app());
    let path = "/api/workflows/hello/definitions";
    assert_eq!(web.get(path).await.ok()["definitions"], json!([]));
    web.get("/api/workflows/hello/diff").await.problem(404, "unknown_definition");
    let saved = web.post(path, &json!({ "stage": "published", "label": "stable" })).await;
    assert_eq!((saved.status.as_u16(), &saved.json()["version"]), (201, &json!(1)));
    assert_eq!(web.get(path).await.ok()["definitions"][0]["label"], "stable");
    for query in ["", "?from=1", "?from=stable&to=1"] {
        let diff = web.get(&format!("/api/workflows/hello/diff{query}")).await.ok();
        assert_eq!((&diff["compatible"], &diff["changes"]), (&json!(true), &json!([])));
    }
    web.get("/api/workflows/hello/diff?from=2").await.problem(404, "unknown_definition");
    web.get("/api/workflows/nope/diff").await.problem(404, "unknown_workflow");
    web.get("/api/workflows/nope/definitions").await.problem(404, "unknown_workflow");
    web.post("/api/workflows/nope/definitions", &json!({})).await.problem(404, "unknown_workflow");
    web.post(path, &json!({ "label": "7" })).await.problem(422, "invalid_label");
    web.post(path, &json!({ "stage": "final" })).await.problem(422, "invalid_body");
}

#[tokio::test]
async fn the_server_tells_how_it_is() {
    let web = Web::new(app());
    assert_eq!(web.get("/healthz").await.ok(), json!({ "status": "ok" }));
    assert_eq!(web.get("/readyz").await.ok(), json!({ "status": "ok" }));
    web.start("hello", json!("Ann")).await;
    let metrics = web.get("/metrics").await;
    assert_eq!(metrics.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    for line in [
        "flow_http_requests_total{method=\"GET\",route=\"/healthz\",status=\"200\"} 1",
        "flow_http_requests_total{method=\"POST\",route=\"/api/workflows/{workflow}/runs\",status=\"200\"} 1",
        "flow_http_request_duration_seconds_count 3",
        "flow_runs_stored{workflow=\"hello\",status=\"completed\"} 1",
    ] {
        assert!(metrics.text.lines().any(|found| found == line), "{line} in\n{}", metrics.text);
    }
    let me = web.get("/api/me").await.ok();
    assert_eq!(me, json!({ "name": null, "roles": ["read", "run", "answer", "admin"] }));
}

#[tokio::test]
async fn the_page_is_there_and_other_paths_are_not() {
    let web = Web::new(app());
    let page = web.get("/").await;
    assert!(page.text.to_ascii_lowercase().starts_with("<!doctype html>"), "{}", page.text);
    let tag = page.header("etag").to_owned();
    let again = web.with("GET", "/", &[("if-none-match", tag.as_str())], &Value::Null).await;
    assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
    assert_eq!(web.get("/assets/app.js").await.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(web.get("/assets/app.css").await.header("content-type"), "text/css; charset=utf-8");
    assert_eq!(web.get("/p/anything").await.status, 200, "the page itself says what is wrong with a link");
    for path in ["/nope", "/assets/../Cargo.toml", "/assets/nope.js", "/api/nope", "/api/files/nope"] {
        assert_eq!(web.get(path).await.status, 404, "{path}");
    }
    for (method, path, allow) in [
        ("PUT", "/api/runs", "GET,HEAD"),
        ("DELETE", "/", "GET,HEAD"),
        ("GET", "/api/runs/x/cancel", "POST"),
        ("POST", "/metrics", "GET,HEAD"),
        ("PUT", "/api/sessions/x", "DELETE,GET,HEAD,PATCH"),
        ("PUT", "/api/workflows/x/definitions", "GET,HEAD,POST"),
    ] {
        let reply = web.json(method, path, &Value::Null).await;
        reply.problem(405, "method_not_allowed");
        let mut known: Vec<&str> = reply.header("allow").split(',').collect();
        known.sort_unstable();
        assert_eq!(known.join(","), allow, "{method} {path}");
    }
    for path in ["/", "/assets/app.js", "/healthz", "/api/runs", "/openapi.json"] {
        let (head, whole) = (web.json("HEAD", path, &Value::Null).await, web.get(path).await);
        assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""), "{path}");
        assert_eq!(head.header("content-type"), whole.header("content-type"), "{path}");
        assert_eq!(head.header("content-length"), whole.text.len().to_string(), "{path}");
    }
}

#[tokio::test]
async fn files_of_the_page_are_sent_compressed_and_once() {
    use std::io::Read as _;
    let web = Web::new(app());
    let get = async |headers: &[(&str, &str)]| {
        let request = web.request("GET", "/assets/app.js");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        web.bytes(request.body(Body::empty()).unwrap()).await
    };
    let (plain, whole) = get(&[]).await;
    let (packed, content) = get(&[("accept-encoding", "br, gzip")]).await;
    assert_eq!(packed.headers["content-encoding"], "gzip");
    assert!(content.len() < whole.len() / 2, "{} of {}", content.len(), whole.len());
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(&content[..]).read_to_end(&mut text).unwrap();
    assert!(text == whole, "it is the same");
    assert!(plain.headers.get("content-encoding").is_none());
    for reply in [&plain, &packed] {
        assert_eq!(reply.headers["vary"], "accept-encoding");
    }
    let (one, other) = (plain.header("etag"), packed.header("etag"));
    assert_ne!(one, other, "these are not the same bytes");
    let (refused, _) = get(&[("accept-encoding", "gzip;q=0")]).await;
    assert_eq!(refused.header("etag"), one);
    for known in [one.to_owned(), format!("\"x\", W/{one}"), format!("\"x\",{one},\"y\""), "*".to_owned()] {
        let (reply, body) = get(&[("if-none-match", &known)]).await;
        assert_eq!((reply.status.as_u16(), body.len(), reply.header("etag")), (304, 0, one), "{known}");
    }
    let (twice, _) = get(&[("if-none-match", "\"x\""), ("if-none-match", one)]).await;
    assert_eq!(twice.status, 304);
    for strange in ["\"x\"", other, one.trim_matches('"'), "W/\"x\""] {
        assert_eq!(get(&[("if-none-match", strange)]).await.0.status, 200, "{strange}");
    }
    let (known, body) = get(&[("if-none-match", other), ("accept-encoding", "gzip")]).await;
    assert_eq!((known.status.as_u16(), body.len()), (304, 0));
}

#[tokio::test]
async fn what_has_no_weight_is_not_wanted() {
    let web = Web::new(app());
    let headers = [("accept", "text/event-stream;q=0, application/json")];
    let reply = web.with("POST", "/api/workflows/hello/runs", &headers, &json!({ "input": "Ann" })).await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (202, "application/json"));
}

#[tokio::test]
async fn fields_with_strange_names_are_found() {
    let web = Web::new(app());
    let body = json!({ "input": "x", "a b/c~%": 1 });
    let problem = web.post("/api/workflows/hello/runs", &body).await.problem(422, "invalid_body");
    assert_eq!(problem["errors"][0]["pointer"], "#/a%20b~1c~0%25", "{problem}");
}

#[tokio::test]
async fn a_server_may_be_nested_in_another() {
    use tower::ServiceExt as _;
    let outer = axum::Router::new().nest_service("/flow", flow_server::router(app()));
    let get = async |path: &str| {
        let request = axum::http::Request::get(path).header("host", "localhost").body(Body::empty()).unwrap();
        outer.clone().oneshot(request).await.unwrap()
    };
    let bare = get("/flow").await;
    assert_eq!((bare.status().as_u16(), &bare.headers()["location"]), (308, &"flow/".parse().unwrap()));
    for path in ["/flow/", "/flow/assets/app.js", "/flow/p/x"] {
        assert_eq!(get(path).await.status(), 200, "{path}");
    }
    assert_eq!(get("/flow/api/workflows").await.status(), 200);
    let request =
        axum::http::Request::post("/flow/api/workflows/hello/runs").header("content-type", "application/json");
    let started = outer.clone().oneshot(request.body(Body::from(r#"{"input":"x"}"#)).unwrap()).await.unwrap();
    assert!(started.headers()["location"].to_str().unwrap().starts_with("/flow/api/runs/"));
}
