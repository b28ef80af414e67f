//! What all requests share.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};

use flow_runtime::App;
use tokio::sync::{Semaphore, watch};

use crate::{
    auth::Token,
    links::Key,
    metrics::{Counted, Counters},
    public_url::PublicUrl,
};

/// What was chosen for a server.
#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) tokens: Vec<Token>,
    /// Whether a layer says who asks, so that whoever it says nothing of is not known.
    pub(crate) layer_says_who: bool,
    /// Names this server is asked under; empty for any.
    pub(crate) hosts: BTreeSet<String>,
    /// Other pages that may use it from a browser.
    pub(crate) origins: BTreeSet<String>,
    /// Where it is found from outside.
    pub(crate) public_url: Option<PublicUrl>,
    pub(crate) max_body: usize,
    pub(crate) max_upload: usize,
    pub(crate) inline_file: usize,
    pub(crate) files: Option<PathBuf>,
    pub(crate) header_time: Duration,
    pub(crate) body_time: Duration,
    pub(crate) write_time: Duration,
    pub(crate) max_wait: Duration,
    pub(crate) keep_alive: Duration,
    pub(crate) grace: Duration,
    pub(crate) max_connections: usize,
    pub(crate) max_requests: usize,
    /// How many requests wait for a run at once; half of all without a word.
    pub(crate) max_waits: Option<usize>,
    pub(crate) max_streams: usize,
    pub(crate) max_runs: Option<usize>,
    /// What signs links; none where there was nothing to make it of.
    pub(crate) key: Option<Key>,
    pub(crate) metrics: Option<Arc<dyn Fn() -> String + Send + Sync>>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            tokens: Vec::new(),
            layer_says_who: false,
            hosts: BTreeSet::new(),
            origins: BTreeSet::new(),
            public_url: None,
            max_body: 2 << 20,
            max_upload: 64 << 20,
            inline_file: 256 << 10,
            files: None,
            header_time: Duration::from_secs(15),
            body_time: Duration::from_secs(30),
            write_time: Duration::from_secs(30),
            max_wait: Duration::from_secs(60),
            keep_alive: Duration::from_secs(15),
            grace: Duration::from_secs(25),
            max_connections: 16_384,
            max_requests: 1_024,
            max_waits: None,
            max_streams: 8_192,
            max_runs: None,
            key: None,
            metrics: None,
        }
    }
}

/// What all requests share.
pub(crate) struct Inner {
    pub(crate) app: App,
    pub(crate) options: Options,
    /// Whether the server is about to end.
    pub(crate) closing: watch::Sender<bool>,
    pub(crate) requests: Arc<Semaphore>,
    pub(crate) waits: Semaphore,
    pub(crate) streams: Arc<Semaphore>,
    pub(crate) counters: Counters,
    pub(crate) counted: Counted,
}

/// What all requests share.
pub(crate) type Shared = Arc<Inner>;

impl Inner {
    pub(crate) fn new(app: App, options: Options) -> Shared {
        let (requests, streams) = (Semaphore::new(options.max_requests), Semaphore::new(options.max_streams));
        let waits = options.max_waits.unwrap_or((options.max_requests / 2).max(1));
        Arc::new(Inner {
            app,
            options,
            closing: watch::Sender::new(false),
            requests: Arc::new(requests),
            waits: Semaphore::new(waits),
            streams: Arc::new(streams),
            counters: Counters::default(),
            counted: Counted::default(),
        })
    }

    /// Returns when the server is about to end.
    pub(crate) fn closed(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut closing = self.closing.subscribe();
        async move {
            // The sender lives as long as whoever waits for this.
            let _ = closing.wait_for(|closing| *closing).await;
        }
    }

    pub(crate) fn is_closing(&self) -> bool {
        *self.closing.borrow()
    }
}
