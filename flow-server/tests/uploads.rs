//! Forms that are too much, and what is left of them in the folder.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use axum::body::{Body, Bytes};
use common::{
    Listening, Web, app,
    forms::{self, FormPart, open_form, send, send_with},
};
use flow_server::Server;
use futures::{StreamExt as _, stream};
use serde_json::{Value, json};

const TEXT: Option<(&str, &str)> = Some(("a.txt", "text/plain"));
const LARGE: &[u8] = &[b'x'; 5_000];

/// A server that keeps files of more than 1,000 bytes in this folder.
fn keeps(folder: &Path) -> Server {
    Server::new(app()).files(folder).inline_file(1_000)
}

fn kept(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn names_of_parts_are_short_and_lead_only_so_deep() {
    let web = Web::new(app());
    for name in ["a/".repeat(1 << 20), "x".repeat(1_025), vec!["a"; 33].join("/")] {
        let problem = send(&web, "document", &[(&name, None, b"1")]).await.problem(400, "bad_request");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(name.get(..10).unwrap()) && detail.len() < 200, "{detail}");
    }
    let (longest, deepest) = ("x".repeat(1_024), vec!["a"; 32].join("/"));
    send(
        &web,
        "document",
        &[("title", None, b"x"), ("file", TEXT, b"1"), (&longest, None, b"1"), (&deepest, None, b"1")],
    )
    .await
    .ok();
}

#[tokio::test]
async fn a_form_has_a_thousand_parts_at_most() {
    let web = Web::new(app());
    let names: Vec<String> = (0..998).map(|n| format!("more/{n}")).collect();
    let mut parts: Vec<FormPart<'_>> = vec![("title", None, b"x"), ("file", TEXT, b"1")];
    parts.extend(names.iter().map(|name| (name.as_str(), None, &b"1"[..])));
    send(&web, "document", &parts).await.ok();
    parts.push(("more/998", None, b"1"));
    let problem = send(&web, "document", &parts).await.problem(400, "bad_request");
    assert!(problem["detail"].as_str().unwrap().contains("1000 parts"), "{problem}");
}

#[tokio::test]
async fn parts_of_one_name_come_as_a_list_in_their_order() {
    let web = Web::new(app());
    let parts: [FormPart<'_>; 4] =
        [("sources", None, b"b"), ("topic", None, b"bees"), ("sources", None, b"a"), ("tone", None, b"formal")];
    let done = send(&web, "article", &parts).await.ok();
    assert_eq!(web.show(done["run"].as_str().unwrap()).await["input"]["sources"], json!(["b", "a"]));
}

#[tokio::test]
async fn a_start_that_cannot_be_is_refused_before_its_body_has_come() {
    let folder = tempfile::tempdir().unwrap();
    let without_end = || {
        let begun = open_form(&[("file", TEXT, LARGE)]);
        let begun = stream::iter([Ok::<_, std::io::Error>(Bytes::from(begun))]);
        Body::from_stream(begun.chain(stream::pending()))
    };
    let web = Web::of(keeps(folder.path()));
    let request = forms::request(&web, "nothing").body(without_end()).unwrap();
    web.send(request).await.problem(404, "unknown_workflow");
    let full = Web::of(keeps(folder.path()).max_runs(0));
    let request = forms::request(&full, "document").body(without_end()).unwrap();
    full.send(request).await.problem(429, "too_many_requests");
    assert!(kept(folder.path()).is_empty());
}

#[tokio::test]
async fn nothing_is_kept_of_a_start_that_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let web = Web::of(keeps(folder.path()));
    let no_title: [FormPart<'_>; 1] = [("file", TEXT, LARGE)];
    let whole: [FormPart<'_>; 2] = [("title", None, b"x"), ("file", TEXT, LARGE)];
    send(&web, "document", &no_title).await.problem(422, "invalid_input");
    send(&web, "document", &[("file", TEXT, LARGE), ("request", None, b"{")]).await.problem(400, "not_json");
    send(&web, "document", &[("file", TEXT, LARGE), ("file/name/x", None, b"1")]).await.problem(422, "invalid_body");
    assert!(kept(folder.path()).is_empty());
    // Once a run names it, it stays, whoever else is refused.
    send(&web, "document", &whole).await.ok();
    let names = kept(folder.path());
    assert_eq!(names.len(), 1);
    send(&web, "document", &no_title).await.problem(422, "invalid_input");
    assert_eq!(kept(folder.path()), names);
}

#[tokio::test]
async fn nothing_is_kept_that_the_run_does_not_name() {
    let folder = tempfile::tempdir().unwrap();
    let web = Web::of(keeps(folder.path()));
    let key = [("idempotency-key", "one")];
    let first: [FormPart<'_>; 3] = [("title", None, b"x"), ("file", TEXT, LARGE), ("other", TEXT, &[b'y'; 5_000])];
    send_with(&web, "document", &key, &first).await.ok();
    let names = kept(folder.path());
    assert_eq!(names.len(), 1, "what has no place in the input is gone");
    let again: [FormPart<'_>; 2] = [("title", None, b"x"), ("file", TEXT, &[b'z'; 5_000])];
    send_with(&web, "document", &key, &again).await.problem(409, "key_reused");
    assert_eq!(kept(folder.path()), names, "the run of this key has the file it was started with");
}

#[tokio::test]
async fn the_time_of_a_file_is_when_a_start_last_named_it() {
    let folder = tempfile::tempdir().unwrap();
    let web = Web::of(keeps(folder.path()));
    let parts: [FormPart<'_>; 2] = [("title", None, b"x"), ("file", TEXT, LARGE)];
    send(&web, "document", &parts).await.ok();
    let path = folder.path().join(&kept(folder.path())[0]);
    let long_ago = SystemTime::now() - Duration::from_secs(1_000_000);
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(long_ago).unwrap();
    send(&web, "document", &parts).await.ok();
    let named = std::fs::metadata(&path).unwrap().modified().unwrap();
    assert!(named > long_ago + Duration::from_secs(900_000));
    assert_eq!(std::fs::read(&path).unwrap(), LARGE);
}

#[tokio::test]
async fn what_was_begun_long_ago_is_removed_when_the_server_begins() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (format!("{}.part", "a".repeat(32)), format!("{}.part", "b".repeat(32)));
    let others = ["mine.part".to_owned(), "c".repeat(64)];
    for name in [&old, &new, &others[0], &others[1]] {
        let file = std::fs::File::create(folder.path().join(name)).unwrap();
        if *name != new {
            file.set_modified(SystemTime::now() - Duration::from_secs(100_000)).unwrap();
        }
    }
    let server = Listening::begin(keeps(folder.path())).await;
    let mut expected = vec![new, others[0].clone(), others[1].clone()];
    expected.sort();
    assert_eq!(kept(folder.path()), expected);
    server.stop().await;
}

#[tokio::test]
async fn routes_alone_make_the_folder_when_it_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("deep/files");
    let web = Web::of(keeps(&inside));
    send(&web, "document", &[("title", None, b"x"), ("file", TEXT, LARGE)]).await.ok();
    assert_eq!(kept(&inside).len(), 1);
}

#[tokio::test]
async fn what_stands_in_an_input_is_no_more_than_a_body_may_be() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<(String, String)> = (0..8).map(|n| (format!("{n}/title"), format!("{n}/file"))).collect();
    let contents: Vec<Vec<u8>> = (0..8).map(|n| vec![n; 900]).collect();
    let mut parts: Vec<FormPart<'_>> = Vec::new();
    for ((title, file), content) in names.iter().zip(&contents) {
        parts.push((title, None, b"x"));
        parts.push((file, TEXT, content));
    }
    let tight = || Server::new(app()).inline_file(1_000).max_body(4_000);
    let problem = send(&Web::of(tight()), "archive", &parts).await.problem(413, "too_large");
    assert_eq!(problem["limit"], 4_000);
    let web = Web::of(tight().files(folder.path()));
    let started = send(&web, "archive", &parts).await.ok();
    let input = web.show(started["run"].as_str().unwrap()).await["input"].clone();
    let is_inline = |paper: &&Value| paper["file"]["data"].is_string();
    assert_eq!(input.as_array().unwrap().iter().filter(is_inline).count(), 3);
    assert_eq!(kept(folder.path()).len(), 5);
    // Texts cannot go elsewhere, and the names of files stand in the input as well.
    let text = vec![b'x'; 3_000];
    send(&web, "document", &[("title", None, &text), ("more", None, &text)]).await.problem(413, "too_large");
    let name = "x".repeat(5_000);
    send(&web, "document", &[("title", None, b"x"), ("file", Some((&name, "text/plain")), b"1")])
        .await
        .problem(413, "too_large");
}
