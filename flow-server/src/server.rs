//! A server: what was chosen for it, and its life from the first connection to the last.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use axum::Router;
use flow_runtime::{App, Shutdown};
use tokio::net::TcpListener;

use crate::{
    auth::Token,
    guard::LOCAL,
    links::Key,
    listen,
    public_url::PublicUrl,
    routes::{self, files},
    serve_error::ServeError,
    state::{Inner, Options, Shared},
    webhooks::{Webhook, Webhooks},
};

/// A server for the workflows of an [`App`].
///
/// Without a word it listens at `127.0.0.1:8080`, for programs and browsers of the same machine, who may do everything. Any other
/// address needs a [`token`](Server::token), or a layer of one's own that [says who asks](Server::protect).
///
/// ```no_run
/// use flow_runtime::prelude::*;
/// use flow_server::Server;
/// # #[step] async fn greet(name: &str) -> Result<String, std::fmt::Error> { Ok(format!("Hello, {name}")) }
/// # workflow! { async fn hello(name: String) -> Result<String, std::fmt::Error> { greet(&name).await } }
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let app = App::builder().register::<Hello>(()).build()?;
/// Server::new(app)
///     .addr(([0, 0, 0, 0], 8080))
///     .token("ann:answer,editor:3f9a5c2e7b1d8046".parse()?)
///     .serve(async { tokio::signal::ctrl_c().await.unwrap_or_default() })
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a server does nothing until it serves"]
pub struct Server {
    app: App,
    options: Options,
    addr: SocketAddr,
    layer: Option<Box<dyn FnOnce(Router) -> Router + Send>>,
    public_url: Option<String>,
    link_key: Option<Vec<u8>>,
    webhooks: Option<Webhooks>,
}

impl Server {
    /// A server for an App, with nothing chosen yet.
    pub fn new(app: App) -> Self {
        let addr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
        Server { app, options: Options::default(), addr, layer: None, public_url: None, link_key: None, webhooks: None }
    }

    /// Where to listen. Port 0 is one that is free.
    pub fn addr(mut self, addr: impl Into<SocketAddr>) -> Self {
        self.addr = addr.into();
        self
    }

    /// Takes requests that carry this token, as `Authorization: Bearer …`, and no others. May be said again.
    pub fn token(mut self, token: Token) -> Self {
        self.options.tokens.push(token);
        self
    }

    /// Wraps the routes in a layer of one's own that puts an [`Identity`](crate::Identity) into the extensions of a request, to
    /// say who asks and what they may do. Requests without one are answered with 401, unless they carry a token, or ask for what
    /// anyone may see: the files of the page, and links to single questions. A layer that lets nobody pass without an account
    /// has to let pass `/p/…`, `/assets/…` and `/api/links/…`, if such links are to be followed.
    pub fn protect(mut self, layer: impl FnOnce(Router) -> Router + Send + 'static) -> Self {
        self.layer = Some(Box::new(layer));
        self.options.layer_says_who = true;
        self
    }

    /// Wraps the routes in a layer of one's own that decides alone: whoever it lets pass without an
    /// [`Identity`](crate::Identity) **may do everything**, in any name. For layers that know but one kind of caller.
    pub fn trust_layer(mut self, layer: impl FnOnce(Router) -> Router + Send + 'static) -> Self {
        self.layer = Some(Box::new(layer));
        self.options.layer_says_who = false;
        self
    }

    /// A name this server is asked under, without a port. Requests to others are refused then. At an address of this machine and
    /// without tokens, `localhost`, `127.0.0.1` and `[::1]` are, so that no page of a browser can get there by another name.
    pub fn host(mut self, name: impl Into<String>) -> Self {
        self.options.hosts.insert(name.into().to_ascii_lowercase());
        self
    }

    /// Lets pages of this origin use the server from a browser: `https://example.com`. Without a word, none but its own may.
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.options.origins.insert(origin.into());
        self
    }

    /// Where the server is found from outside: `https://flow.example.com`. Links begin with it, and a page of this origin is the
    /// server's own, whatever a proxy makes of the header `Host`. Without it, links are made only for those who ask at this machine,
    /// as `localhost`: a `Host` that anybody could have written is not taken for the server's.
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.public_url = Some(url.into());
        self
    }

    /// The secret that signs links, of 16 bytes at least. Servers that share it take each other's links; without it, links end
    /// with the process.
    pub fn link_key(mut self, secret: impl AsRef<[u8]>) -> Self {
        self.link_key = Some(secret.as_ref().to_owned());
        self
    }

    /// The folder for files that are too large to stand in an input. It is made if it is not there. A file stays there until
    /// somebody removes it; when a start last named it is its time of modification.
    pub fn files(mut self, folder: impl Into<PathBuf>) -> Self {
        self.options.files = Some(folder.into());
        self
    }

    /// The largest file that stands in an input itself, in bytes: 256 KiB without a word.
    pub fn inline_file(mut self, bytes: usize) -> Self {
        self.options.inline_file = bytes;
        self
    }

    /// The largest body, in bytes, and of a form with files the most that comes to stand in the input: 2 MiB without a word.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.options.max_body = bytes;
        self
    }

    /// The largest body with files, in bytes: 64 MiB without a word.
    pub fn max_upload(mut self, bytes: usize) -> Self {
        self.options.max_upload = bytes;
        self
    }

    /// How long the head of a request may take to arrive, which is also how long a connection may be idle: 15 seconds without a
    /// word.
    pub fn header_time(mut self, time: Duration) -> Self {
        self.options.header_time = time;
        self
    }

    /// How long a body may take to arrive: 30 seconds without a word, and ten times that with files.
    pub fn body_time(mut self, time: Duration) -> Self {
        self.options.body_time = time;
        self
    }

    /// How long an answer may wait for the other side to read any of it, which goes for streams, too; after that the connection is
    /// ended. 30 seconds without a word.
    pub fn write_time(mut self, time: Duration) -> Self {
        self.options.write_time = time;
        self
    }

    /// The longest a request with `Prefer: wait=…` waits for its run: a minute without a word.
    pub fn max_wait(mut self, time: Duration) -> Self {
        self.options.max_wait = time;
        self
    }

    /// How often a stream without events says that it is still there: every 15 seconds without a word.
    pub fn keep_alive(mut self, time: Duration) -> Self {
        self.options.keep_alive = time;
        self
    }

    /// How long requests and steps may take to finish when the server is to end, both at the same time: 25 seconds without a word.
    /// What is there of either after that is cut off.
    pub fn grace(mut self, time: Duration) -> Self {
        self.options.grace = time;
        self
    }

    /// How many connections are taken at once; more wait in the queue of the operating system. 16,384 without a word.
    pub fn max_connections(mut self, number: usize) -> Self {
        self.options.max_connections = number;
        self
    }

    /// How many requests are dealt with at once, those that wait for a run included; more are answered with 429. 1,024 without a
    /// word.
    pub fn max_requests(mut self, number: usize) -> Self {
        self.options.max_requests = number;
        self
    }

    /// How many requests with `Prefer: wait=…` wait for their run at once; more are answered at once, with 202, as if they had
    /// not asked to wait. Half of [all requests](Self::max_requests) without a word, so that there is always room for others.
    pub fn max_waits(mut self, number: usize) -> Self {
        self.options.max_waits = Some(number);
        self
    }

    /// How many streams of events may be open at once; more are answered with 429. 8,192 without a word.
    pub fn max_streams(mut self, number: usize) -> Self {
        self.options.max_streams = number;
        self
    }

    /// How many runs this process may drive at once when another is to be started; more are answered with 429. As many as come
    /// without a word.
    pub fn max_runs(mut self, number: usize) -> Self {
        self.options.max_runs = Some(number);
        self
    }

    /// Adds what this returns to `/metrics`: the text of an exporter's handle, in Prometheus' form.
    pub fn metrics(mut self, render: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.options.metrics = Some(Arc::new(render));
        self
    }

    /// Tells these addresses of events, from when each is first named on. `file` is an SQLite file that keeps how far each has got;
    /// it is made if it is not there. Of the servers of one store, one has the webhooks.
    pub fn webhooks(mut self, file: impl Into<PathBuf>, hooks: impl IntoIterator<Item = Webhook>) -> Self {
        let (file, hooks) = (file.into(), hooks.into_iter().collect());
        self.webhooks = Some(Webhooks { file, hooks, pace: Duration::from_millis(500) });
        self
    }

    /// How often webhooks look for events: twice a second without a word.
    pub fn webhook_pace(mut self, pace: Duration) -> Self {
        if let Some(webhooks) = &mut self.webhooks {
            webhooks.pace = pace;
        }
        self
    }

    /// The routes alone, to be nested in a server of one's own. What listens, ends and protects is that server's affair,
    /// and webhooks are told of nothing.
    ///
    /// # Errors
    /// [`ServeError::LinkKey`], [`ServeError::Randomness`], [`ServeError::PublicUrl`].
    pub fn router(mut self) -> Result<Router, ServeError> {
        self.check()?;
        let router = routes::router(Inner::new(self.app, self.options));
        Ok(match self.layer {
            Some(layer) => layer(router),
            None => router,
        })
    }

    /// Makes of what was given what the routes work with, if it is of any use.
    fn check(&mut self) -> Result<(), ServeError> {
        self.options.key = Some(match &self.link_key {
            Some(secret) => Key::of(secret)?,
            None => Key::random()?,
        });
        if let Some(url) = self.public_url.take() {
            let read = PublicUrl::parse(&url).ok_or(ServeError::PublicUrl { url })?;
            if !self.options.hosts.is_empty() {
                self.options.hosts.insert(read.name().to_owned());
            }
            self.options.public_url = Some(read);
        }
        Ok(())
    }

    /// Listens, and serves nobody yet.
    ///
    /// # Errors
    /// [`ServeError`].
    pub async fn bind(mut self) -> Result<Bound, ServeError> {
        let is_local = self.addr.ip().is_loopback();
        if !is_local && self.options.tokens.is_empty() && self.layer.is_none() {
            return Err(ServeError::Unprotected { addr: self.addr });
        }
        if is_local && self.options.tokens.is_empty() {
            self.options.hosts.extend(LOCAL.map(str::to_owned));
        }
        self.check()?;
        if let Some(folder) = &self.options.files {
            files::prepare(folder, files::longest(&self.options)).map_err(|source| ServeError::Files { source })?;
        }
        let bind = |source| ServeError::Bind { addr: self.addr, source };
        let listener = TcpListener::bind(self.addr).await.map_err(bind)?;
        let addr = listener.local_addr().map_err(bind)?;
        let state = Inner::new(self.app, self.options);
        if let Some(webhooks) = self.webhooks {
            webhooks.start(&state).await?;
        }
        let router = routes::router(state.clone());
        let router = match self.layer {
            Some(layer) => layer(router),
            None => router,
        };
        Ok(Bound { listener, addr, router, state })
    }

    /// Serves until `shutdown` is done. Then streams end with the number at which they can be taken up again, requests may finish,
    /// and the runs are given back, as [`App::shutdown_within`] does it.
    ///
    /// # Errors
    /// [`ServeError`].
    pub async fn serve(self, shutdown: impl Future<Output = ()> + Send) -> Result<Shutdown, ServeError> {
        Ok(self.bind().await?.serve(shutdown).await)
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("addr", &self.addr).finish_non_exhaustive()
    }
}

/// A server that listens.
#[must_use = "a server does nothing until it serves"]
pub struct Bound {
    pub(crate) listener: TcpListener,
    addr: SocketAddr,
    pub(crate) router: Router,
    pub(crate) state: Shared,
}

impl Bound {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// As [`Server::serve`].
    pub async fn serve(self, shutdown: impl Future<Output = ()> + Send) -> Shutdown {
        listen::serve(self, shutdown).await
    }
}

impl std::fmt::Debug for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bound").field("addr", &self.addr).finish_non_exhaustive()
    }
}
