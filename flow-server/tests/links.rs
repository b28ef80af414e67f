//! Links to one question: whom they let answer, what they are signed with, and what strangers hear.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use common::{Web, app, guarded, workflows};
use flow_runtime::{App, Sqlite};
use flow_server::{ServeError, Server};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const SECRET: &str = "one secret of many";

/// A link as an older server may have signed it.
fn signed(link: &Value) -> String {
    let body = URL_SAFE_NO_PAD.encode(link.to_string());
    let mut mac = Hmac::<Sha256>::new_from_slice(&Sha256::digest(SECRET)).unwrap();
    mac.update(b"flow link 1\n");
    mac.update(body.as_bytes());
    format!("{body}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

#[tokio::test]
async fn a_key_that_can_be_guessed_signs_nothing() {
    for short in ["", "secret", "fifteen letters"] {
        let refused = Server::new(app()).addr(([127, 0, 0, 1], 0)).link_key(short).bind().await;
        let Err(error @ ServeError::LinkKey { .. }) = refused else { panic!("{refused:?}") };
        let words = format!("a link key of {} bytes can be guessed", short.len());
        assert!(error.to_string().starts_with(&words), "{error}");
        assert!(matches!(Server::new(app()).link_key(short).router(), Err(ServeError::LinkKey { .. })));
    }
    let _ = Server::new(app()).addr(([127, 0, 0, 1], 0)).link_key("sixteen letters!").bind().await.unwrap();
}

#[tokio::test]
async fn a_link_is_for_somebody_who_may_answer() {
    let web = Web::of(guarded(app()));
    let started = json!({ "input": "water is wet" });
    let run = web.as_("run").start_with("agreement", started).await.ok()["run"].as_str().unwrap().to_owned();
    let path = format!("/api/runs/{run}/pauses/confirm-1/link");
    let admin = web.as_("admin");
    // It is for `root` and for editors, but not for `rob`, who has started it.
    for (body, pointer) in [
        (json!({}), "#/by"),
        (json!({ "roles": ["editor"] }), "#/by"),
        (json!({ "by": "rob", "roles": ["editor"] }), "#/by"),
        (json!({ "by": "cay" }), "#/roles"),
        (json!({ "by": "cay", "roles": ["author"] }), "#/roles"),
    ] {
        let problem = admin.post(&path, &body).await.problem(422, "may_not_answer");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}: {problem}");
    }
    for body in [json!({ "by": "root" }), json!({ "by": "cay", "roles": ["editor"] })] {
        let token = admin.post(&path, &body).await.ok()["token"].as_str().unwrap().to_owned();
        let shown = web.get(&format!("/api/links/{token}")).await;
        assert_eq!(shown.status, 200);
        assert!(!shown.text.contains("rob"), "names of others are not shown: {}", shown.text);
    }
}

#[tokio::test]
async fn strangers_hear_nothing_of_what_is_inside() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("flow.db");
    let web = Web::of(
        Server::new(workflows::workflows().store(Sqlite::open(&file).unwrap()).build().unwrap()).link_key(SECRET),
    );
    let run = web.start("agreement", json!("water is wet")).await;
    let link = json!({ "r": run, "p": "confirm-1", "e": 99_999_999_999_999_i64, "b": "cay" });
    let forbidden = web.post(&format!("/api/links/{}", signed(&link)), &json!({ "answer": "Yes" })).await;
    let problem = forbidden.problem(403, "not_allowed");
    assert!(!forbidden.text.contains("editor") && !forbidden.text.contains("root"), "{problem}");
    assert_eq!(problem.as_object().unwrap().len(), 5, "{problem}");

    // A program that knows the store and not the workflow.
    let other = App::builder().store(Sqlite::open(&file).unwrap()).build().unwrap();
    let other = Web::of(Server::new(other).link_key(SECRET));
    let link = json!({ "r": run, "p": "confirm-1", "e": 99_999_999_999_999_i64, "b": "cay", "o": ["editor"] });
    let at = format!("/api/links/{}", signed(&link));
    let refused = other.post(&at, &json!({ "answer": "Yes" })).await;
    let problem = refused.problem(409, "cannot_be_answered");
    assert!(!refused.text.contains("agreement"), "{problem}");
    // The one that knows it takes the answer.
    assert_eq!(web.post(&at, &json!({ "answer": "Yes" })).await.status, 200);

    // What there is not is the same for who looks and who answers.
    let link = json!({ "r": run, "p": "confirm-9", "e": 99_999_999_999_999_i64 });
    let at = format!("/api/links/{}", signed(&link));
    web.get(&at).await.problem(410, "gone");
    web.post(&at, &json!({ "answer": "Yes" })).await.problem(410, "gone");
}
