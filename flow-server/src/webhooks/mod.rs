//! Events, sent to addresses that want to know: signed, again and again until they are taken, and across restarts.
//!
//! How far each webhook has got with each run is kept in an SQLite file. The events themselves are in the store, so nothing is
//! lost while this program does not run; what was sent and not noted before it died is sent again, under the same id.

mod cursors;
mod deliver;
mod follow;
mod send;
mod watch;

use std::{path::PathBuf, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flow_runtime::rusqlite;
use hyper::Uri;

use crate::state::Shared;
use cursors::{Cursors, FileError};
use follow::Follow;
use watch::Watch;

/// The shortest secret that is taken, in bytes.
const SHORTEST: usize = 16;

/// An address that is told of events.
///
/// Each event is a `POST` in the style of [Standard Webhooks](https://www.standardwebhooks.com): `webhook-id`, which is the same
/// each time an event is sent, `webhook-timestamp`, and `webhook-signature`. The body is JSON: `type`, the kind of the event,
/// `timestamp`, in milliseconds since the Unix epoch, and `data`, the event. What is answered with a status other than 2xx, or not
/// at all, is sent again, later and later; the events of one run come in their order.
///
/// ```
/// use flow_server::Webhook;
///
/// let hook = Webhook::new("http://127.0.0.1:9000/hooks", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?.kind("pause_asked");
/// # Ok::<(), flow_server::WebhookError>(())
/// ```
#[derive(Clone)]
pub struct Webhook {
    name: String,
    /// What it is called in logs. Its address may be a secret, and so may a name that was made of it.
    said: String,
    url: Uri,
    secret: Vec<u8>,
    kinds: Vec<String>,
    workflows: Vec<String>,
    give_up: Duration,
    timeout: Duration,
}

/// Why a webhook was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// The address is none.
    #[error("`{url}` is no address for a webhook: it begins with http:// or https://, and names a host")]
    Url {
        /// What was given, without what may be a secret in it: all but the scheme and the host.
        url: String,
    },
    /// The address needs TLS.
    #[error("`{url}` needs TLS: build flow-server with its feature `tls`")]
    NoTls {
        /// What was given, without what may be a secret in it.
        url: String,
    },
    /// The secret can be guessed.
    #[error("a secret of {length} bytes can be guessed: take {SHORTEST} at least")]
    Secret {
        /// How long it is.
        length: usize,
    },
    /// Two webhooks have one name.
    #[error("two webhooks are called `{name}`: give one of them another name")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// The file with what was sent cannot be used.
    #[error("the file of the webhooks cannot be used")]
    File(#[from] rusqlite::Error),
    /// The program was about to end.
    #[error("the program is about to end")]
    Stopped,
    /// The connections cannot be made safe.
    #[error("the certificates of this system cannot be read")]
    Certificates(#[source] std::io::Error),
}

impl Webhook {
    /// An address, and the secret that signs what is sent there: any text, or bytes as `whsec_` and base64.
    ///
    /// # Errors
    /// [`WebhookError`] for an address that is none, or a secret that is short.
    pub fn new(url: &str, secret: &str) -> Result<Self, WebhookError> {
        let invalid = || WebhookError::Url { url: said(url) };
        let uri: Uri = url.parse().map_err(|_| invalid())?;
        match (uri.scheme_str(), uri.host()) {
            (Some("http"), Some(_)) => {}
            (Some("https"), Some(_)) if cfg!(feature = "tls") => {}
            (Some("https"), Some(_)) => return Err(WebhookError::NoTls { url: said(url) }),
            _ => return Err(invalid()),
        }
        let bytes = secret.strip_prefix("whsec_").and_then(|coded| STANDARD.decode(coded).ok());
        let secret = bytes.unwrap_or_else(|| secret.as_bytes().to_vec());
        if secret.len() < SHORTEST {
            return Err(WebhookError::Secret { length: secret.len() });
        }
        Ok(Webhook {
            name: url.to_owned(),
            said: said(url),
            url: uri,
            secret,
            kinds: Vec::new(),
            workflows: Vec::new(),
            give_up: Duration::from_secs(3 * 24 * 60 * 60),
            timeout: Duration::from_secs(10),
        })
    }

    /// The name under which it is kept how far it has got, and by which logs call it. Without this it is kept under its address,
    /// of which logs have the scheme and the host only.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self.said.clone_from(&self.name);
        self
    }

    /// Sends events of this kind: `pause_asked`, `run_failed`. May be said again; without it, of all kinds.
    #[must_use]
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kinds.push(kind.into());
        self
    }

    /// Sends events of runs of this workflow. May be said again; without it, of all.
    #[must_use]
    pub fn workflow(mut self, workflow: impl Into<String>) -> Self {
        self.workflows.push(workflow.into());
        self
    }

    /// How long an event is sent again and again before it is left out: three days without a word.
    #[must_use]
    pub fn give_up_after(mut self, time: Duration) -> Self {
        self.give_up = time;
        self
    }

    /// How long an attempt may take: 10 seconds without a word.
    #[must_use]
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout = time;
        self
    }

    /// Whether it is told of runs of this workflow.
    fn wants(&self, workflow: &str) -> bool {
        self.workflows.is_empty() || self.workflows.iter().any(|wanted| wanted == workflow)
    }
}

/// An address as it may be said: its scheme and its host. Some have a secret in their path, in their query, or before the host.
fn said(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let scheme = if scheme.is_empty() { String::new() } else { format!("{scheme}://") };
    let more = if rest.len() > authority.len() + 1 { "/…" } else { "" };
    format!("{scheme}{host}{more}")
}

impl std::fmt::Debug for Webhook {
    /// Without the secret, and without what may be one.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook").field("name", &self.said).field("kinds", &self.kinds).finish_non_exhaustive()
    }
}

/// The webhooks of a server, before it runs.
pub(crate) struct Webhooks {
    pub(crate) file: PathBuf,
    pub(crate) hooks: Vec<Webhook>,
    pub(crate) pace: Duration,
}

impl Webhooks {
    /// Begins to send, each from a task of its own, until the server ends.
    pub(crate) async fn start(self, state: &Shared) -> Result<(), WebhookError> {
        for (n, hook) in self.hooks.iter().enumerate() {
            if self.hooks.iter().take(n).any(|other| other.name == hook.name) {
                return Err(WebhookError::Duplicate { name: hook.said.clone() });
            }
        }
        let file = Cursors::open(&self.file)?;
        let client = deliver::client()?;
        let watch = Arc::new(Watch::new(state.app.clone(), self.pace / 2, follow::WINDOW));
        for hook in self.hooks {
            let cursors = Cursors::of(file.clone(), &hook.name);
            let follow = Follow::begin(hook, state.clone(), cursors, client.clone(), watch.clone()).await;
            let follow = follow.map_err(|error| match error {
                FileError::Sqlite(error) => WebhookError::File(error),
                FileError::Stopped(_) => WebhookError::Stopped,
            })?;
            let (closed, pace) = (state.closed(), self.pace);
            tokio::spawn(async move {
                tokio::select! {
                    () = follow.run(pace) => {}
                    () = closed => {}
                }
            });
        }
        Ok(())
    }
}
