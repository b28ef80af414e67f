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
    links::Key,
    listen, routes,
    state::{Inner, Options, Shared},
    webhooks::{Webhook, WebhookError, Webhooks},
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
    webhooks: Option<Webhooks>,
}

/// Why a server does not serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Anybody could do anything.
    #[error(
        "{addr} can be reached from other machines, and anybody there could do everything: give the server a token, \
         a layer that says who asks, or an address of this machine only, as 127.0.0.1"
    )]
    Unprotected {
        /// The address.
        addr: SocketAddr,
    },
    /// The address cannot be listened at.
    #[error("the server cannot listen at {addr}")]
    Bind {
        /// The address.
        addr: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The webhooks cannot be told of anything.
    #[error(transparent)]
    Webhooks(#[from] WebhookError),
    /// The folder for files cannot be made.
    #[error("the folder for files cannot be made")]
    Files {
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl Server {
    /// A server for an App, with nothing chosen yet.
    pub fn new(app: App) -> Self {
        let addr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
        Server { app, options: Options::default(), addr, layer: None, webhooks: None }
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

    /// Wraps the routes in a layer of one's own that lets nobody pass whom it does not know. It may put an
    /// [`Identity`](crate::Identity) into the extensions of a request, to say who asks and what they may do; who has none may do
    /// everything.
    pub fn protect(mut self, layer: impl FnOnce(Router) -> Router + Send + 'static) -> Self {
        self.layer = Some(Box::new(layer));
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

    /// Where the server is found from outside, for links: `https://flow.example.com`. Without it, where it was asked.
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.options.public_url = Some(url.into());
        self
    }

    /// The secret that signs links. Servers that share it take each other's links; without it, links end with the process.
    pub fn link_key(mut self, secret: impl AsRef<[u8]>) -> Self {
        self.options.key = Key::of(secret.as_ref());
        self
    }

    /// The folder for files that are too large to stand in an input. It is made if it is not there.
    pub fn files(mut self, folder: impl Into<PathBuf>) -> Self {
        self.options.files = Some(folder.into());
        self
    }

    /// The largest file that stands in an input itself, in bytes: 256 KiB without a word.
    pub fn inline_file(mut self, bytes: usize) -> Self {
        self.options.inline_file = bytes;
        self
    }

    /// The largest body, in bytes: 2 MiB without a word.
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
    pub fn router(self) -> Router {
        let router = routes::router(Inner::new(self.app, self.options));
        match self.layer {
            Some(layer) => layer(router),
            None => router,
        }
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
            self.options.hosts.extend(["localhost", "127.0.0.1", "[::1]"].map(str::to_owned));
        }
        if let Some(folder) = &self.options.files {
            std::fs::create_dir_all(folder).map_err(|source| ServeError::Files { source })?;
        }
        let bind = |source| ServeError::Bind { addr: self.addr, source };
        let listener = TcpListener::bind(self.addr).await.map_err(bind)?;
        let addr = listener.local_addr().map_err(bind)?;
        let state = Inner::new(self.app, self.options);
        if let Some(webhooks) = self.webhooks {
            webhooks.start(&state)?;
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
