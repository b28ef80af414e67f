//! A server behind a proxy, and asked by probes: under which names it goes, and where others find it.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use axum::{body::Body, http::header};
use common::{Reply, Web, app, guarded};
use flow_server::{ServeError, Server};
use serde_json::{Value, json};

async fn asked(web: &Web, method: &str, path: &str, host: &str, origin: Option<&str>, body: &Value) -> Reply {
    let request = web.request(method, path).header(header::CONTENT_TYPE, "application/json");
    let mut request = request.body(Body::from(body.to_string())).unwrap();
    request.headers_mut().insert(header::HOST, host.parse().unwrap());
    if let Some(origin) = origin {
        request.headers_mut().insert(header::ORIGIN, origin.parse().unwrap());
    }
    web.send(request).await
}

#[tokio::test]
async fn pages_of_the_public_origin_are_the_servers_own() {
    let web = Web::of(Server::new(app()).public_url("https://Flow.example.com/x/"));
    // As a proxy sends it that asks by the address behind it.
    let start = async |origin: &str| {
        let body = json!({ "input": "x" });
        asked(&web, "POST", "/api/workflows/hello/runs", "10.0.0.7:8080", Some(origin), &body).await
    };
    assert_eq!(start("https://flow.example.com").await.status, 202);
    for origin in ["http://flow.example.com", "https://flow.example.com:8443", "https://example.com", "null"] {
        start(origin).await.problem(403, "other_origin");
    }
    // It is the same page, so there is nobody to be let in.
    assert!(start("https://flow.example.com").await.headers.get("access-control-allow-origin").is_none());
}

#[tokio::test]
async fn what_is_no_public_url_is_refused() {
    for wrong in ["flow.example.com", "ftp://flow.example.com", "https://flow.example.com/?x"] {
        let refused = Server::new(app()).addr(([127, 0, 0, 1], 0)).public_url(wrong).bind().await;
        let Err(error @ ServeError::PublicUrl { .. }) = refused else { panic!("{wrong}: {refused:?}") };
        assert!(error.to_string().contains(wrong), "{error}");
    }
}

#[tokio::test]
async fn the_public_name_is_one_of_the_servers() {
    let web = Web::of(Server::new(app()).host("inside.example").public_url("https://flow.example.com"));
    let status = async |host: &str| asked(&web, "GET", "/api/runs", host, None, &Value::Null).await.status;
    assert_eq!((status("inside.example").await.as_u16(), status("flow.example.com").await.as_u16()), (200, 200));
    assert_eq!(status("evil.example").await, 421);
}

#[tokio::test]
async fn probes_ask_by_any_name() {
    let web = Web::of(Server::new(app()).host("flow.example.com"));
    for path in ["/healthz", "/readyz"] {
        assert_eq!(asked(&web, "GET", path, "10.0.0.7:8080", None, &Value::Null).await.status, 200, "{path}");
    }
    asked(&web, "GET", "/metrics", "10.0.0.7:8080", None, &Value::Null).await.problem(421, "other_host");
    asked(&web, "GET", "/", "10.0.0.7:8080", None, &Value::Null).await.problem(421, "other_host");
}

#[tokio::test]
async fn links_begin_where_nobody_can_say() {
    let make = async |web: &Web, host: &str| {
        let run = web.as_("run").start("both", json!("bees")).await;
        let path = format!("/api/runs/{run}/pauses/choose-1/link");
        asked(&web.as_("admin"), "POST", &path, host, None, &json!({})).await
    };
    let open = Web::of(guarded(app()));
    for host in ["evil.example", "10.0.0.7:8080", "localhost:@evil.example", "localhost.evil.example"] {
        let problem = make(&open, host).await.problem(409, "no_public_url");
        assert!(problem["detail"].as_str().unwrap().contains("--public-url"), "{problem}");
    }
    for host in ["localhost:8080", "127.0.0.1:80", "[::1]:8080"] {
        let url = make(&open, host).await.ok()["url"].as_str().unwrap().to_owned();
        assert!(url.starts_with(&format!("http://{host}/p/")), "{url}");
    }
    let public = Web::of(guarded(app()).public_url("https://flow.example.com/x/"));
    let url = make(&public, "evil.example").await.ok()["url"].as_str().unwrap().to_owned();
    assert!(url.starts_with("https://flow.example.com/x/p/"), "{url}");
}
