//! On whose behalf: where callers say who they are, runs and sessions of others are for admins.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Reply, Web, app, guarded};
use serde_json::{Value, json};

fn brief() -> Value {
    json!({ "topic": "bees", "tone": "formal" })
}

/// That this takes an admin.
fn needs_admin(reply: &Reply, code: &str) {
    assert_eq!(reply.problem(403, code)["needs"], "admin");
}

async fn started(web: &Web, workflow: &str, body: Value) -> String {
    web.start_with(workflow, body).await.ok()["run"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn runs_of_others_are_for_admins() {
    let web = Web::of(guarded(app()));
    let (rob, ada) = (web.as_("run"), web.as_("admin"));
    let of_eve = started(&ada, "article", json!({ "input": brief(), "user": "eve" })).await;
    let of_rob = started(&rob, "article", json!({ "input": brief() })).await;
    let fork = json!({ "checkpoint": 0 });
    needs_admin(&rob.post(&format!("/api/runs/{of_eve}/fork"), &fork).await, "other_user");
    needs_admin(&rob.post(&format!("/api/runs/{of_eve}/retry"), &Value::Null).await, "other_user");
    needs_admin(&rob.post(&format!("/api/runs/{of_eve}/cancel"), &Value::Null).await, "other_user");
    assert_eq!(rob.show(&of_eve).await["status"], "paused");
    assert_eq!(rob.get("/api/runs?user=eve").await.ok()["runs"].as_array().unwrap().len(), 1, "nobody acts as eve");

    let copy = rob.post(&format!("/api/runs/{of_rob}/fork"), &fork).await.ok()["run"].as_str().unwrap().to_owned();
    assert_eq!(rob.show(&copy).await["user"], "rob");
    rob.post(&format!("/api/runs/{of_rob}/retry"), &Value::Null).await.problem(409, "not_failed");
    rob.post(&format!("/api/runs/{of_rob}/cancel"), &Value::Null).await.ok();
    ada.post(&format!("/api/runs/{of_eve}/fork"), &fork).await.ok();
    ada.post(&format!("/api/runs/{of_eve}/cancel"), &Value::Null).await.ok();
}

#[tokio::test]
async fn nobody_puts_words_into_the_mouth_of_who_has_answered() {
    let web = Web::of(guarded(app()));
    let (rob, ada) = (web.as_("run"), web.as_("admin"));
    let run = started(&rob, "agreement", json!({ "input": "2 + 2 = 5" })).await;
    web.as_("answer").answer(&run, "confirm-1", json!("Yes")).await.ok();
    let listed = rob.get(&format!("/api/runs/{run}/checkpoints")).await.ok();
    let last = listed["checkpoints"].as_array().unwrap().last().unwrap()["seq"].clone();
    let path = format!("/api/runs/{run}/fork");
    let forged = json!({ "checkpoint": last, "set": { "names": ["ann", "eve"] } });
    needs_admin(&rob.post(&path, &forged).await, "forbidden");
    rob.post(&path, &json!({ "checkpoint": last, "set": {} })).await.ok();
    ada.post(&path, &forged).await.ok();
}

#[tokio::test]
async fn nobody_starts_in_a_session_of_somebody_else() {
    let web = Web::of(guarded(app()));
    let (rob, ada) = (web.as_("run"), web.as_("admin"));
    let visit =
        |session: &str| json!({ "input": "x", "session": session, "session_state": { "visits": 7, "last": "" } });
    started(&ada, "visit", json!({ "input": "eve", "session": "of-eve", "user": "eve" })).await;
    let refused = rob.start_with("visit", visit("of-eve")).await;
    needs_admin(&refused, "other_user");
    assert_eq!(refused.json()["pointer"], "#/session");
    assert_eq!(rob.get("/api/sessions/of-eve").await.ok()["state"], json!({ "visits": 1, "last": "eve" }));
    // One's own, and what nobody has.
    for session in ["of-rob", "of-rob"] {
        assert_eq!(rob.start_with("visit", visit(session)).await.ok()["output"], 8);
    }
    assert_eq!(rob.get("/api/sessions/of-rob").await.ok()["user"], "rob");
    assert_eq!(ada.start_with("visit", visit("of-eve")).await.ok()["output"], 8);
    // A run without a session has one of its own, under its id.
    let waits = started(&ada, "article", json!({ "input": brief(), "user": "eve" })).await;
    needs_admin(&rob.start_with("visit", visit(&waits)).await, "other_user");
}

#[tokio::test]
async fn where_nobody_is_asked_who_they_are_all_is_allowed() {
    let web = Web::new(app());
    let body = json!({ "input": "x", "session": "s", "user": "eve" });
    started(&web, "visit", body).await;
    started(&web, "visit", json!({ "input": "x", "session": "s", "user": "ann" })).await;
    let run = started(&web, "agreement", json!({ "input": "x", "user": "eve" })).await;
    web.post(&format!("/api/runs/{run}/fork"), &json!({ "checkpoint": 0 })).await.ok();
    web.post(&format!("/api/runs/{run}/cancel"), &Value::Null).await.ok();
}
