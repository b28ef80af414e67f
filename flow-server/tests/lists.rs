//! Lists of what is large, and of what is rare.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Reply, Web, app};
use serde_json::{Value, json};

/// The pages of a list, as long as there is a next one.
async fn pages(web: &Web, path: &str) -> Vec<Reply> {
    let mut pages = vec![web.get(path).await];
    while let Some(next) = pages.last().unwrap().json()["next"].as_str() {
        assert!(pages.len() < 100, "the list ends");
        let page = web.get(&format!("{path}&after={next}")).await;
        pages.push(page);
    }
    pages
}

/// The values of a field of all lines of these pages, in their order.
fn all(pages: &[Reply], list: &str, field: &str) -> Vec<Value> {
    let lines = pages.iter().flat_map(|page| page.ok()[list].as_array().unwrap().clone());
    lines.map(|line| line[field].clone()).collect()
}

#[tokio::test]
async fn pages_of_large_runs_end_early() {
    let web = Web::new(app());
    let large = "x".repeat(1_000_000);
    let mut runs = Vec::new();
    for _ in 0..12 {
        let started = web.start_with("hello", json!({ "input": large, "session": "s" })).await.ok();
        runs.insert(0, started["run"].clone());
    }
    for path in ["/api/runs?limit=1000", "/api/runs?status=completed,failed&workflow=hello", "/api/runs?limit=11"] {
        let found = pages(&web, path).await;
        assert!(found.len() > 1 && found.iter().all(|page| page.text.len() < 10 << 20), "{path}");
        assert_eq!(all(&found, "runs", "run"), runs, "{path}");
    }
    // Those of a session come with their outputs.
    let found = pages(&web, "/api/sessions/s/runs?limit=1000").await;
    assert!(found.len() > 2 && found.iter().all(|page| page.text.len() < 11 << 20));
    assert_eq!(all(&found, "runs", "run"), runs);
}

#[tokio::test]
async fn pages_of_small_runs_have_as_many_as_wanted() {
    let web = Web::new(app());
    let mut runs = Vec::new();
    for _ in 0..130 {
        runs.insert(0, Value::from(web.start("hello", json!("Ann")).await));
    }
    let sizes = async |limit: u32| {
        let found = pages(&web, &format!("/api/runs?limit={limit}")).await;
        assert_eq!(all(&found, "runs", "run"), runs);
        found.iter().map(|page| page.ok()["runs"].as_array().unwrap().len()).collect::<Vec<_>>()
    };
    assert_eq!(sizes(1_000).await, [130]);
    assert_eq!(sizes(130).await, [130]);
    assert_eq!(sizes(65).await, [65, 65]);
    assert_eq!(sizes(129).await, [129, 1]);
}

#[tokio::test]
async fn pages_of_large_sessions_end_early() {
    let web = Web::new(app());
    let large = json!({ "text": "x".repeat(1_000_000) });
    let mut sessions = Vec::new();
    for n in 0..12 {
        let session = format!("s-{n}");
        let body = json!({ "input": "Ann", "session": session, "session_state": large });
        web.start_with("hello", body).await.ok();
        sessions.push(Value::from(session));
    }
    let found = pages(&web, "/api/sessions?limit=1000").await;
    assert!(found.len() > 1 && found.iter().all(|page| page.text.len() < 10 << 20));
    let mut listed = all(&found, "sessions", "id");
    listed.sort_by_key(ToString::to_string);
    sessions.sort_by_key(ToString::to_string);
    assert_eq!(listed, sessions);
}

#[tokio::test]
async fn a_page_of_questions_looks_at_so_many_runs_only() {
    let app = app();
    let web = Web::new(app.clone());
    let ask = async |topic: &str| {
        let run = app.start_json("article", json!({ "topic": topic, "tone": "formal" })).await.unwrap();
        run.wait().await.unwrap();
        run.id().to_owned()
    };
    let first = ask("bees").await;
    for _ in 0..1_000 {
        let run = app.start_json("agreement", json!("x")).await.unwrap();
        run.wait().await.unwrap();
    }
    let found = pages(&web, "/api/pauses?role=nobody-has-this").await;
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[0].ok()["pauses"], json!([]));
    assert_eq!(all(&found, "pauses", "run"), [Value::from(first)]);
}
