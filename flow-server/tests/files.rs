//! Starts with files.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use axum::body::Body;
use common::{
    Web, app,
    forms::{self, open_form, send},
};
use flow_server::{File, Server};
use serde_json::{Value, json};

fn file(value: &Value) -> File {
    serde_json::from_value(value.clone()).unwrap()
}

#[tokio::test]
async fn fault_20_over_http_files_come_through_every_container() {
    let folder = tempfile::tempdir().unwrap();
    let web = Web::of(Server::new(app()).files(folder.path()).inline_file(1_000));
    let small: Vec<u8> = (0..=255).collect();
    let large: Vec<u8> = (0..100_000_u32).map(|n| (n % 251) as u8).collect();
    let request = json!({ "input": { "papers": [{ "title": "small" }, { "title": "large" }] }, "user": "ann" });
    let input = json!([{ "title": "small" }, { "title": "large" }]);
    let _ = request;
    let started = send(
        &web,
        "archive",
        &[
            ("request", None, json!({ "input": input, "user": "ann" }).to_string().as_bytes()),
            ("0/file", Some(("C:\\papers\\small.bin", "application/x-small")), &small),
            ("1/file", Some(("large.bin", "application/x-large")), &large),
        ],
    )
    .await
    .ok();
    let run = started["run"].as_str().unwrap();
    let done = web.answer(run, "release-1", json!(true)).await.ok();
    let papers = done["run"]["output"].as_array().unwrap();
    let (one, two) = (file(&papers[0]["file"]), file(&papers[1]["file"]));
    assert_eq!((one.name.as_str(), one.content_type.as_str(), one.size), ("small.bin", "application/x-small", 256));
    assert!(one.href.is_none() && two.data.is_none());
    assert_eq!(one.read(folder.path()).unwrap(), small);
    assert_eq!(two.read(folder.path()).unwrap(), large);
    let id = two.href.unwrap();
    let request = web.request("GET", &format!("/api/files/{id}")).body(Body::empty()).unwrap();
    let read = web.send(request).await;
    assert_eq!((read.header("content-length"), read.header("content-disposition")), ("100000", "attachment"));
    assert_eq!(read.header("content-type"), "application/octet-stream");
    let kept: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(kept, [std::ffi::OsString::from(id)], "nothing else is left in the folder");
}

#[tokio::test]
async fn files_come_where_their_parts_say() {
    let web = Web::new(app());
    let done =
        send(&web, "document", &[("title", None, b"A title"), ("file", Some(("a.txt", "text/plain")), b"12345")])
            .await
            .ok();
    assert_eq!(done["output"], 5);
    let shown = web.show(done["run"].as_str().unwrap()).await;
    assert_eq!(shown["input"]["file"]["data"], "MTIzNDU=");
    let done =
        send(&web, "document", &[("input", None, br#"{"title":"x"}"#), ("file", Some(("a.txt", "text/plain")), b"")])
            .await
            .ok();
    assert_eq!(done["output"], 0);
}

#[tokio::test]
async fn forms_that_do_not_fit_say_why() {
    let web = Web::new(app());
    let text: Option<(&str, &str)> = Some(("a.txt", "text/plain"));
    send(&web, "document", &[("request", None, b"{")]).await.problem(400, "not_json");
    send(&web, "document", &[("request", None, b"{\"inputs\":1}")]).await.problem(422, "invalid_body");
    let problem = send(&web, "document", &[("file", text, b"1")]).await.problem(422, "invalid_input");
    assert_eq!(problem["errors"][0]["pointer"], "#/input/title");
    let onto_text = [("input", None, &b"\"x\""[..]), ("file", text, b"1")];
    send(&web, "document", &onto_text).await.problem(422, "invalid_body");
    let below_text = [("input", None, &b"\"x\""[..]), ("a b/c~1d", text, b"1")];
    let problem = send(&web, "document", &below_text).await.problem(422, "invalid_body");
    assert_eq!(problem["errors"][0]["pointer"], "#/input/a%20b/c~1d");
    let large = vec![b'x'; 300 << 10];
    let problem = send(&web, "document", &[("title", None, b"x"), ("file", text, &large)]).await;
    assert!(problem.problem(413, "too_large")["detail"].as_str().unwrap().contains("no folder"));
    let tight = Web::of(Server::new(app()).max_upload(1_000));
    send(&tight, "document", &[("title", None, b"x"), ("file", text, &large)]).await.problem(413, "too_large");
    let request = web.request("POST", "/api/workflows/document/runs").header("content-type", "multipart/form-data");
    web.send(request.body(Body::from("x")).unwrap()).await.problem(400, "bad_request");
    let cut = open_form(&[("title", None, b"x")]);
    let request = forms::request(&web, "document");
    web.send(request.body(Body::from(cut)).unwrap()).await.problem(400, "bad_request");
    assert_eq!(web.get("/api/runs").await.ok()["runs"], json!([]));
}

#[tokio::test]
async fn nothing_but_files_is_read_from_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret"), "x").unwrap();
    let inside = folder.path().join("files");
    let web = Web::of(Server::new(app()).files(&inside));
    for name in ["..%2Fsecret", "%2E%2E%2Fsecret", "secret", &"A".repeat(64), &"0".repeat(64), "%00"] {
        assert_eq!(web.get(&format!("/api/files/{name}")).await.status, 404, "{name}");
    }
}
