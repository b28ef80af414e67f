//! Answers and links that are forged, given twice, or meant for something else.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::{Web, app, guarded};
use flow_server::Server;
use serde_json::{Value, json};

fn brief() -> Value {
    json!({ "topic": "bees", "tone": "formal", "sources": ["a"] })
}

#[tokio::test]
async fn fault_09_over_http_a_forged_answer_opens_no_gate() {
    let web = Web::new(app());
    let (run, other) = (web.start("article", brief()).await, web.start("article", brief()).await);
    let hello = web.start("hello", json!("Ann")).await;
    let good = json!({ "Publish": { "by": "x" } });
    for (run, pause, answer, status, code) in [
        (run.as_str(), "approve-2", good.clone(), 404, "unknown_pause"),
        (&run, "approve-0", good.clone(), 404, "unknown_pause"),
        (&run, "article", good.clone(), 404, "unknown_pause"),
        (&run, "confirm-1", good.clone(), 404, "unknown_pause"),
        (&run, "approve-1", json!({ "confirmed": true }), 422, "invalid"),
        (&run, "approve-1", json!(true), 422, "invalid"),
        (&run, "approve-1", json!("Publish"), 422, "invalid"),
        (&run, "approve-1", json!(null), 422, "invalid"),
        (&run, "approve-1", json!({ "Publish": { "by": 7 } }), 422, "invalid"),
        (&run, "approve-1", json!({ "Publish": { "by": "x" }, "Reject": { "feedback": "" } }), 422, "invalid"),
        (&hello, "approve-1", good.clone(), 404, "unknown_pause"),
        ("nope", "approve-1", good.clone(), 404, "unknown_run"),
    ] {
        web.answer(run, pause, answer).await.problem(status, code);
    }
    let path = format!("/api/runs/{run}/pauses/approve-1/answer");
    for body in [json!({}), json!({ "answers": good }), json!([good]), json!({ "answer": good, "state": "answered" })] {
        web.post(&path, &body).await.problem(422, "invalid_body");
    }
    assert_eq!(web.show(&run).await["pauses"][0]["state"], "open");
    // An answer to one run is none to another.
    assert_eq!(web.answer(&other, "approve-1", good.clone()).await.ok()["run"]["status"], "completed");
    assert_eq!(web.show(&run).await["status"], "paused");
    web.answer(&other, "approve-1", good.clone()).await.problem(409, "already_answered");
    // Nor is one to a question that is no longer asked.
    web.post(&format!("/api/runs/{run}/cancel"), &Value::Null).await.ok();
    assert_eq!(web.answer(&run, "approve-1", good).await.problem(409, "not_waiting")["run_status"], "cancelled");
}

#[tokio::test]
async fn fault_09_over_http_nobody_answers_in_the_name_of_others() {
    let web = Web::of(guarded(app()));
    let start = json!({ "input": "2 + 2 = 4" });
    let run = web.as_("answer").start_with("agreement", start.clone()).await;
    run.problem(403, "forbidden");
    let run = web.as_("run").start_with("agreement", start).await.ok()["run"].as_str().unwrap().to_owned();
    assert_eq!(web.as_("read").show(&run).await["user"], "rob", "a run is on behalf of whoever starts it");
    let on_behalf = json!({ "input": "x", "user": "eve" });
    web.as_("run").start_with("agreement", on_behalf.clone()).await.problem(403, "other_user");
    assert_eq!(web.as_("admin").start_with("agreement", on_behalf).await.status, 200);

    let path = format!("/api/runs/{run}/pauses/confirm-1/answer");
    for name in ["read", "run"] {
        web.as_(name).post(&path, &json!({ "answer": "Yes" })).await.problem(403, "forbidden");
    }
    // An admin is no editor, whatever the body says.
    web.as_("admin").post(&path, &json!({ "answer": "Yes", "roles": ["editor"] })).await.problem(403, "not_allowed");
    web.as_("answer").post(&path, &json!({ "answer": "Yes", "by": "eve" })).await.problem(403, "other_user");
    web.post(&path, &json!({ "answer": "Yes", "by": "eve" })).await.problem(401, "unauthorized");
    assert_eq!(web.as_("answer").answer(&run, "confirm-1", json!("Yes")).await.ok()["pause"]["by"], "ann");
    // Twice is not two.
    web.as_("answer").answer(&run, "confirm-2", json!("Yes")).await.problem(403, "not_allowed");
    let done = web.as_("editor").answer(&run, "confirm-2", json!("Yes")).await.ok();
    assert_eq!(done["run"]["output"], json!(["ann", "eve"]));
}

#[tokio::test]
async fn a_name_is_no_id_so_nothing_is_answered_that_nobody_saw() {
    let web = Web::new(app());
    let run = web.start("article", brief()).await;
    let path = format!("/api/runs/{run}/pauses/approve/answer");
    let retitle = json!({ "answer": { "Retitle": { "title": "wasps" } } });
    let by_name =
        async || web.with("POST", &path, &[("idempotency-key", "k-1"), ("prefer", "wait=30")], &retitle).await;
    let problem = by_name().await.problem(404, "unknown_pause");
    assert_eq!(problem["open"], json!(["approve-1"]));
    web.answer(&run, "approve-1", retitle["answer"].clone()).await.ok();
    assert_eq!(by_name().await.problem(404, "unknown_pause")["open"], json!(["approve-2"]));
    assert_eq!(web.show(&run).await["pauses"][1]["state"], "open");
    let unknown = web.get(&format!("/api/runs/{run}/pauses/approve")).await.problem(404, "unknown_pause");
    assert_eq!(unknown["open"], json!(["approve-2"]));
}

#[tokio::test]
async fn of_many_who_answer_exactly_one_wins() {
    let web = std::sync::Arc::new(Web::new(app()));
    let run = web.start("article", brief()).await;
    let answers = (0..40).map(|n| {
        let (web, run) = (web.clone(), run.clone());
        tokio::spawn(async move { web.answer(&run, "approve-1", json!({ "Publish": { "by": n.to_string() } })).await })
    });
    let mut won = 0;
    for answer in answers.collect::<Vec<_>>() {
        let reply = answer.await.unwrap();
        match reply.status.as_u16() {
            200 => won += 1,
            _ => _ = reply.problem(409, "already_answered"),
        }
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn fault_10_over_http_deadlines_pass_by_themselves_and_error_pauses_are_answered_like_others() {
    let web = Web::new(app());
    let started = web.post("/api/workflows/hasty/runs", &json!({ "input": 30 })).await.ok();
    let run = started["run"].as_str().unwrap();
    let path = format!("/api/runs/{run}");
    // Whoever looks changes nothing.
    let asked = async || web.get(&path).await.ok()["pauses"].as_array().unwrap().len();
    while asked().await < 2 {
        tokio::task::yield_now().await;
    }
    let problem = web.answer(run, "confirm-1", json!("Yes")).await.problem(410, "expired");
    assert!(problem["deadline"].is_i64());
    assert_eq!(web.show(run).await["pauses"][0]["state"], "timed_out");
    assert_eq!(web.answer(run, "confirm-2", json!("Yes")).await.ok()["run"]["output"], true);

    let run = web.start("stubborn", json!("the van")).await;
    let asked = web.get("/api/pauses?workflow=stubborn").await.ok();
    assert_eq!(asked["pauses"][0]["id"], "recover-fail-1");
    assert!(asked["pauses"][0]["schema"].to_string().contains("Use"));
    web.answer(&run, "recover-fail-1", json!({ "Use": 7 })).await.problem(422, "invalid");
    let done = web.answer(&run, "recover-fail-1", json!({ "Use": "by bicycle" })).await.ok();
    assert_eq!(done["run"]["output"], "by bicycle");
}

#[tokio::test]
async fn a_link_answers_one_question_once() {
    let web = Web::of(guarded(app()).public_url("https://flow.example.com/x/"));
    let run = web.as_("run").start("agreement", json!("water is wet")).await;
    let path = format!("/api/runs/{run}/pauses/confirm-1/link");
    for name in ["read", "run", "answer"] {
        web.as_(name).post(&path, &json!({})).await.problem(403, "forbidden");
    }
    let body = json!({ "expires_in_s": 60, "by": "cay", "roles": ["editor"] });
    let link = web.as_("admin").post(&path, &body).await;
    assert_eq!(link.status, 201);
    let (token, url) = (link.json()["token"].as_str().unwrap().to_owned(), link.json()["url"].clone());
    assert_eq!(url, format!("https://flow.example.com/x/p/{token}"));
    // Nobody has to say who they are.
    let at = format!("/api/links/{token}");
    let shown = web.get(&at).await.ok();
    assert_eq!(
        (&shown["by"], &shown["workflow"], &shown["pause"]["state"]),
        (&json!("cay"), &json!("agreement"), &json!("open"))
    );
    web.post(&at, &json!({ "answer": "Perhaps" })).await.problem(422, "invalid");
    web.post(&at, &json!({ "answer": "Yes", "by": "eve" })).await.problem(422, "invalid_body");
    let answered = web.post(&at, &json!({ "answer": "Yes", "comment": "it is" })).await.ok();
    assert_eq!((&answered["pause"]["by"], &answered["pause"]["comment"]), (&json!("cay"), &json!("it is")));
    // Once.
    web.post(&at, &json!({ "answer": "Yes" })).await.problem(410, "used_link");
    let used = web.get(&at).await.problem(410, "used_link");
    assert!(used.get("answer").is_none());
    // The question that came next is another one.
    assert_eq!(web.as_("read").show(&run).await["pauses"][1]["state"], "open");
    web.as_("admin").post(&path, &body).await.problem(409, "not_waiting");
    web.as_("admin").post(&path.replace("confirm-1", "confirm-9"), &body).await.problem(404, "unknown_pause");
}

#[tokio::test]
async fn a_link_that_is_forged_foreign_or_late_is_refused() {
    let app = app();
    let web = Web::of(Server::new(app.clone()).link_key("one secret of many"));
    let same = Web::of(Server::new(app.clone()).link_key("one secret of many"));
    let stranger = Web::of(Server::new(app));
    let (run, other) = (web.start("article", brief()).await, web.start("article", brief()).await);
    let make = async |run: &str, body: Value| {
        let link = web.post(&format!("/api/runs/{run}/pauses/approve-1/link"), &body).await.ok();
        link["token"].as_str().unwrap().to_owned()
    };
    let (token, foreign) = (make(&run, json!({})).await, make(&other, json!({})).await);
    same.get(&format!("/api/links/{token}")).await.ok();
    stranger.get(&format!("/api/links/{token}")).await.problem(403, "invalid_link");
    let good = json!({ "answer": { "Publish": { "by": "x" } } });
    let (body, _) = token.split_once('.').unwrap();
    let (_, signature) = foreign.split_once('.').unwrap();
    for forged in
        [format!("{body}.{signature}"), format!("{body}."), body.to_owned(), "x".to_owned(), format!("{token}A")]
    {
        web.post(&format!("/api/links/{forged}"), &good).await.problem(403, "invalid_link");
        web.get(&format!("/api/links/{forged}")).await.problem(403, "invalid_link");
    }
    let short = make(&run, json!({ "expires_in_s": 1 })).await;
    let late = async || web.get(&format!("/api/links/{short}")).await.status == 410;
    tokio::time::timeout(Duration::from_secs(10), async {
        while !late().await {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    web.post(&format!("/api/links/{short}"), &good).await.problem(410, "expired_link");
    assert_eq!(web.show(&run).await["status"], "paused");
    web.post(&format!("/api/runs/{run}/cancel"), &Value::Null).await.ok();
    // The same as for whoever looks at it.
    web.get(&format!("/api/links/{token}")).await.problem(410, "used_link");
    web.post(&format!("/api/links/{token}"), &good).await.problem(410, "used_link");
}
