//! What the tests of a server share: an App, requests, and a server that listens.

#![allow(dead_code)]

pub(crate) mod forms;
pub(crate) mod workflows;

use std::{net::SocketAddr, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use flow_runtime::{App, Shutdown};
use flow_server::Server;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::oneshot,
    task::JoinHandle,
};
use tower::ServiceExt as _;

/// A token for each access, and what may be done with it.
pub(crate) const TOKENS: [(&str, &str); 5] = [
    ("read", "rita:read:read-0123456789abcdef"),
    ("run", "rob:run:run-0123456789abcdef"),
    ("answer", "ann:answer,editor:answer-0123456789abcdef"),
    ("admin", "ada:admin:admin-0123456789abcdef"),
    ("editor", "eve:answer,editor:editor-0123456789abcdef"),
];

pub(crate) fn app() -> App {
    workflows::workflows().build().unwrap()
}

/// A server whose callers say who they are.
pub(crate) fn guarded(app: App) -> Server {
    TOKENS.iter().fold(Server::new(app), |server, (_, token)| server.token(token.parse().unwrap()))
}

/// The secret of the token of this name.
pub(crate) fn secret(name: &str) -> &'static str {
    TOKENS.iter().find(|(known, _)| *known == name).and_then(|(_, token)| token.rsplit(':').next()).unwrap()
}

/// The routes, asked directly.
pub(crate) struct Web {
    router: Router,
    token: Option<&'static str>,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Web {
    pub(crate) fn new(app: App) -> Self {
        Web::of(Server::new(app))
    }

    pub(crate) fn of(server: Server) -> Self {
        Web { router: server.router().unwrap(), token: None }
    }

    /// The same routes, asked by whoever has the token of this name.
    pub(crate) fn as_(&self, name: &str) -> Web {
        Web { router: self.router.clone(), token: Some(secret(name)) }
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        let request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(path);
        let request = request.header(header::HOST, "localhost");
        match self.token {
            Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        self.bytes(request).await.0
    }

    /// What was answered, and its body as it came.
    pub(crate) async fn bytes(&self, request: Request<Body>) -> (Reply, Vec<u8>) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        (Reply { status: parts.status, headers: parts.headers, text }, bytes.to_vec())
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(self.request("GET", path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn json(&self, method: &str, path: &str, body: &Value) -> Reply {
        let request = self.request(method, path).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.json("POST", path, body).await
    }

    pub(crate) async fn with(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
        let request = self.request(method, path).header(header::CONTENT_TYPE, "application/json");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// Starts a run and waits until it rests. Returns its id.
    pub(crate) async fn start(&self, workflow: &str, input: Value) -> String {
        let reply = self.start_with(workflow, json!({ "input": input })).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()["run"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn start_with(&self, workflow: &str, body: Value) -> Reply {
        self.with("POST", &format!("/api/workflows/{workflow}/runs"), &[("prefer", "wait=30")], &body).await
    }

    pub(crate) async fn answer(&self, run: &str, pause: &str, answer: Value) -> Reply {
        let path = format!("/api/runs/{run}/pauses/{pause}/answer");
        self.with("POST", &path, &[("prefer", "wait=30")], &json!({ "answer": answer })).await
    }

    pub(crate) async fn show(&self, run: &str) -> Value {
        self.get(&format!("/api/runs/{run}")).await.ok()
    }
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The body of a request that went well.
    pub(crate) fn ok(&self) -> Value {
        assert!(self.status.is_success(), "{}: {}", self.status, self.text);
        self.json()
    }

    /// The problem of a request that did not, which is as the RFC says.
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json");
        let problem = self.json();
        assert_eq!((&problem["code"], &problem["status"]), (&json!(code), &json!(status)), "{problem}");
        assert_eq!(problem["type"], format!("urn:flow:problem:{code}"));
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{problem}");
        problem
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}: {:?}", self.headers)).to_str().unwrap()
    }
}

/// A server that listens.
pub(crate) struct Listening {
    pub(crate) addr: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Shutdown>,
}

impl Listening {
    pub(crate) async fn begin(server: Server) -> Self {
        let bound = server.addr(([127, 0, 0, 1], 0)).bind().await.unwrap();
        let (addr, (stop, stopped)) = (bound.addr(), oneshot::channel());
        let task = tokio::spawn(bound.serve(async { stopped.await.unwrap_or_default() }));
        Listening { addr, stop, task }
    }

    pub(crate) async fn stop(self) -> Shutdown {
        self.stop.send(()).unwrap();
        self.task.await.unwrap()
    }

    /// Tells it to end, without waiting for it.
    pub(crate) fn ask_to_stop(self) -> JoinHandle<Shutdown> {
        self.stop.send(()).unwrap();
        self.task
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.addr).await.unwrap()
    }

    /// Sends a request as it is and reads all that comes back.
    pub(crate) async fn raw(&self, request: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = Vec::new();
        stream.read_to_end(&mut text).await.unwrap();
        String::from_utf8_lossy(&text).into_owned()
    }

    pub(crate) async fn get(&self, path: &str) -> String {
        self.raw(&format!("GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.addr)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> String {
        let (body, host) = (body.to_string(), self.addr);
        let length = body.len();
        self.raw(&format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
             connection: close\r\nprefer: wait=30\r\n\r\n{body}"
        ))
        .await
    }

    /// The JSON of a response as it came.
    pub(crate) fn body(response: &str) -> Value {
        let (_, body) = response.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no body: {response}"));
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {response}"))
    }

    /// Reads the events of a run, after this one.
    pub(crate) async fn events(&self, run: &str, after: u64) -> Stream {
        self.events_by(self.connect().await, run, after).await
    }

    /// The same, by a connection that is there already.
    pub(crate) async fn events_by(&self, connection: TcpStream, run: &str, after: u64) -> Stream {
        let (read, mut write) = connection.into_split();
        let host = self.addr;
        let request = format!(
            "GET /api/runs/{run}/events HTTP/1.1\r\nhost: {host}\r\naccept: text/event-stream\r\nconnection: close\r\n\
             last-event-id: {after}\r\n\r\n"
        );
        write.write_all(request.as_bytes()).await.unwrap();
        Stream { lines: BufReader::new(read).lines(), _write: write }
    }
}

/// A stream of events that is being read.
pub(crate) struct Stream {
    lines: Lines<BufReader<OwnedReadHalf>>,
    _write: OwnedWriteHalf,
}

/// An event of a stream.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Told {
    pub(crate) id: Option<u64>,
    pub(crate) event: String,
    pub(crate) data: Value,
}

impl Stream {
    /// The next event, `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Told> {
        let mut told = Told { id: None, event: String::new(), data: Value::Null };
        loop {
            let line = tokio::time::timeout(Duration::from_secs(30), self.lines.next_line()).await;
            let line = line.expect("the stream says something").ok()??;
            match line.split_once(": ") {
                Some(("id", id)) => told.id = Some(id.parse().unwrap()),
                Some(("event", event)) => told.event = event.to_owned(),
                Some(("data", data)) => told.data = serde_json::from_str(data).unwrap(),
                _ if line.is_empty() && !told.event.is_empty() => return Some(told),
                // The head of the response, the sizes of its parts, and what says that it is still there.
                _ => {}
            }
        }
    }

    /// All that is left.
    pub(crate) async fn rest(mut self) -> Vec<Told> {
        let mut all = Vec::new();
        while let Some(told) = self.next().await {
            all.push(told);
        }
        all
    }
}
