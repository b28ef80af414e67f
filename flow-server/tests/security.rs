//! Who may do what, from where, and what is never told.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use axum::{body::Body, extract::Request, middleware::from_fn};
use common::{Listening, Web, app, guarded};
use flow_runtime::Memory;
use flow_server::{Access, Identity, ServeError, Server};
use serde_json::{Value, json};

/// Every operation of the description, with the access it says it needs.
fn operations(document: &Value) -> Vec<(String, String, Option<Access>)> {
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let description = operation["description"].as_str().unwrap_or_default();
            let needs = description.split('`').nth(1).map(|name| Access::parse(name).unwrap());
            let anyone = operation["security"] == json!([]);
            assert_eq!(needs.is_none(), anyone, "{method} {path}");
            found.push((method.to_ascii_uppercase(), path.clone(), needs));
        }
    }
    found
}

#[tokio::test]
async fn every_route_needs_what_it_says() {
    let web = Web::of(guarded(app()));
    let document = web.as_("read").get("/openapi.json").await.ok();
    let operations = operations(&document);
    assert!(operations.len() > 45, "{}", operations.len());
    for (method, path, needs) in &operations {
        let mut path = path.clone();
        for name in ["workflow", "run", "pause", "session", "file", "token"] {
            path = path.replace(&format!("{{{name}}}"), "nope");
        }
        let path = path.replace("{seq}", "1");
        let nobody = web.json(method, &path, &json!({})).await;
        assert_eq!(nobody.status == 401, needs.is_some(), "{method} {path}: {}", nobody.text);
        if needs.is_some() {
            nobody.problem(401, "unauthorized");
            assert_eq!(nobody.header("www-authenticate"), "Bearer");
        }
        for name in ["read", "run", "answer", "admin"] {
            let may = needs.is_none_or(|needs| match name {
                "admin" => true,
                name => needs == Access::Read || needs.as_str() == name,
            });
            let reply = web.as_(name).json(method, &path, &json!({})).await;
            assert_ne!(reply.status, 401, "{name}: {method} {path}");
            assert_eq!(reply.status == 403 && reply.json()["code"] == "forbidden", !may, "{name}: {method} {path}");
            assert_ne!(reply.status, 405, "{method} {path} is described and not there");
        }
    }
}

#[tokio::test]
async fn only_whole_tokens_are_taken() {
    let web = Web::of(guarded(app()));
    let ask = async |value: &str| web.with("GET", "/api/runs", &[("authorization", value)], &Value::Null).await.status;
    let secret = common::secret("read");
    assert_eq!(ask(&format!("Bearer {secret}")).await, 200);
    assert_eq!(ask(&format!("bearer {secret}")).await, 200);
    for wrong in [
        format!("Bearer {}", &secret[1..]),
        format!("Bearer {secret}x"),
        format!("Bearer {}", secret.to_uppercase()),
        format!("Basic {secret}"),
        format!("Bearer rita:read:{secret}"),
        secret.to_owned(),
        "Bearer ".to_owned(),
    ] {
        assert_eq!(ask(&wrong).await, 401, "{wrong}");
    }
    assert_eq!(web.get(&format!("/api/runs?access_token={secret}")).await.status, 401, "not in an address");
    let me = web.as_("answer").get("/api/me").await.ok();
    assert_eq!(me, json!({ "name": "ann", "roles": ["read", "answer", "editor"] }));
}

#[tokio::test]
async fn only_addresses_of_this_machine_are_open() {
    let open = Server::new(app()).addr(([0, 0, 0, 0], 0)).bind().await;
    let Err(error @ ServeError::Unprotected { .. }) = open else { panic!("{open:?}") };
    assert!(error.to_string().contains("0.0.0.0:0 can be reached from other machines"), "{error}");
    let _ = guarded(app()).addr(([0, 0, 0, 0], 0)).bind().await.unwrap();
    let _ = Server::new(app()).addr(([0, 0, 0, 0], 0)).protect(|router| router).bind().await.unwrap();
    let _ = Server::new(app()).addr(([127, 0, 0, 1], 0)).bind().await.unwrap();
}

#[tokio::test]
async fn a_layer_of_ones_own_says_who_asks() {
    let server = Server::new(app()).protect(|router| {
        router.layer(from_fn(async |mut request: Request<Body>, next: axum::middleware::Next| {
            let name = request.headers().get("x-user").and_then(|name| name.to_str().ok()).map(str::to_owned);
            if let Some(name) = name {
                request.extensions_mut().insert(Identity::new(name).access(Access::Read).role("editor"));
            }
            next.run(request).await
        }))
    });
    let web = Web::of(server);
    let me = web.with("GET", "/api/me", &[("x-user", "zoe")], &Value::Null).await.ok();
    assert_eq!(me, json!({ "name": "zoe", "roles": ["read", "editor"] }));
    let start = web.with("POST", "/api/workflows/hello/runs", &[("x-user", "zoe")], &json!({ "input": "x" })).await;
    assert_eq!(start.problem(403, "forbidden")["needs"], "run");
    // Whom it says nothing of is not known, and sees what anyone may.
    web.get("/api/runs").await.problem(401, "unauthorized");
    web.post("/api/workflows/hello/runs", &json!({ "input": "x" })).await.problem(401, "unauthorized");
    web.get("/metrics").await.problem(401, "unauthorized");
    for path in ["/", "/p/x", "/assets/app.js", "/healthz", "/readyz"] {
        assert_eq!(web.get(path).await.status, 200, "{path}");
    }
    web.get("/api/links/x").await.problem(403, "invalid_link");
}

#[tokio::test]
async fn tokens_go_with_a_layer_of_ones_own() {
    let web = Web::of(guarded(app()).protect(|router| router));
    web.get("/api/runs").await.problem(401, "unauthorized");
    assert_eq!(web.as_("read").get("/api/me").await.ok()["name"], "rita");
}

#[tokio::test]
async fn a_layer_that_is_trusted_lets_do_everything() {
    let web = Web::of(Server::new(app()).trust_layer(|router| router));
    let me = web.get("/api/me").await.ok();
    assert_eq!(me, json!({ "name": null, "roles": ["read", "run", "answer", "admin"] }));
    let _ = Server::new(app()).addr(([0, 0, 0, 0], 0)).trust_layer(|router| router).bind().await.unwrap();
    // So does whatever is around the routes alone.
    let bare = Web::of(Server::new(app()));
    assert_eq!(bare.get("/api/runs").await.status, 200);
}

#[tokio::test]
async fn pages_of_other_origins_change_nothing() {
    let web = Web::new(app());
    let start = async |origin: &str| {
        let headers = [("origin", origin), ("host", "localhost:8080")];
        let request = web.request("POST", "/api/workflows/hello/runs").header("content-type", "application/json");
        let mut request = request.body(Body::from(r#"{"input":"x"}"#)).unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        web.send(request).await
    };
    assert_eq!(start("http://localhost:8080").await.status, 202);
    for origin in [
        "http://evil.example",
        "null",
        "http://localhost",
        "http://localhost:8081",
        "http://localhost:8080.evil.example",
    ] {
        start(origin).await.problem(403, "other_origin");
    }
    assert_eq!(web.get("/api/runs").await.ok()["runs"].as_array().unwrap().len(), 1);
    let read = web.with("GET", "/api/runs", &[("origin", "http://evil.example")], &Value::Null).await;
    assert!(read.headers.get("access-control-allow-origin").is_none(), "a page of another origin reads nothing");

    let friendly = Web::of(Server::new(app()).allow_origin("https://app.example"));
    let origin = [("origin", "https://app.example"), ("access-control-request-method", "POST")];
    let preflight = friendly.with("OPTIONS", "/api/workflows/hello/runs", &origin, &Value::Null).await;
    assert_eq!(
        (preflight.status.as_u16(), preflight.header("access-control-allow-origin")),
        (204, "https://app.example")
    );
    let started = friendly.with("POST", "/api/workflows/hello/runs", &origin[..1], &json!({ "input": "x" })).await;
    assert_eq!((started.status.as_u16(), started.header("access-control-allow-origin")), (202, "https://app.example"));
    let other =
        friendly.with("POST", "/api/workflows/hello/runs", &[("origin", "https://x.example")], &json!({})).await;
    other.problem(403, "other_origin");
}

#[tokio::test]
async fn a_server_of_this_machine_goes_by_its_own_names_only() {
    let server = Listening::begin(Server::new(app())).await;
    let port = server.addr.port();
    let ask = async |host: &str| {
        let reply = server.raw(&format!("GET /api/runs HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n")).await;
        reply.split(' ').nth(1).unwrap().to_owned()
    };
    for host in
        [format!("127.0.0.1:{port}"), format!("localhost:{port}"), "localhost".to_owned(), format!("[::1]:{port}")]
    {
        assert_eq!(ask(&host).await, "200", "{host}");
    }
    for host in ["evil.example", "localhost.evil.example", ""] {
        assert_eq!(ask(host).await, "421", "{host}");
    }
    server.stop().await;
    let named = Web::of(Server::new(app()).host("flow.example"));
    named.get("/api/runs").await.problem(421, "other_host");
}

#[tokio::test]
async fn every_response_keeps_browsers_from_harm() {
    let web = Web::of(guarded(app()));
    for path in ["/", "/p/x", "/assets/app.js", "/api/runs", "/nope", "/healthz"] {
        let reply = web.get(path).await;
        let policy = reply.header("content-security-policy");
        for part in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "form-action 'none'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(reply.header("referrer-policy"), "no-referrer", "{path}");
        assert!(reply.headers.get("access-control-allow-origin").is_none(), "{path}");
        assert!(reply.headers.get("server").is_none(), "{path}");
    }
    for file in ["index.html", "pause.html"] {
        let page = std::fs::read_to_string(format!("{}/assets/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert!(!page.contains("<style") && !page.contains(" style=") && !page.contains("=\"http"), "{file}");
        assert!(!page.contains("<script>") && !page.contains(" onclick="), "{file}");
    }
}

#[tokio::test]
async fn errors_of_the_store_stay_in_the_log() {
    use flow_runtime::testing::{Fault, Faults};
    let faults = Faults::at(1, Fault::Refused);
    let store = faults.before(Memory::new());
    let web = Web::new(common::workflows::workflows().store(store).build().unwrap());
    let reply = web.post("/api/workflows/hello/runs", &json!({ "input": "x" })).await;
    let problem = reply.problem(503, "store");
    assert_eq!(reply.header("retry-after"), "1");
    assert_eq!(problem["detail"], "The store could not do this; the log of the server says why.");
    assert_eq!(problem.as_object().unwrap().len(), 5, "{problem}");
}
