//! Events, sent to addresses that want to know: signed, again and again until they are taken, and across restarts.
//!
//! How far each webhook has got with each run is kept in an SQLite file. The events themselves are in the store, so nothing is
//! lost while this program does not run; what was sent and not noted before it died is sent again, under the same id.

mod cursors;
mod deliver;
mod follow;

use std::{path::PathBuf, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flow_runtime::rusqlite;
use hyper::Uri;

use crate::state::Shared;
use cursors::Cursors;

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
        /// What was given.
        url: String,
    },
    /// The address needs TLS.
    #[error("`{url}` needs TLS: build flow-server with its feature `tls`")]
    NoTls {
        /// What was given.
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
        let invalid = || WebhookError::Url { url: url.to_owned() };
        let uri: Uri = url.parse().map_err(|_| invalid())?;
        match (uri.scheme_str(), uri.host()) {
            (Some("http"), Some(_)) => {}
            (Some("https"), Some(_)) if cfg!(feature = "tls") => {}
            (Some("https"), Some(_)) => return Err(WebhookError::NoTls { url: url.to_owned() }),
            _ => return Err(invalid()),
        }
        let bytes = secret.strip_prefix("whsec_").and_then(|coded| STANDARD.decode(coded).ok());
        let secret = bytes.unwrap_or_else(|| secret.as_bytes().to_vec());
        if secret.len() < SHORTEST {
            return Err(WebhookError::Secret { length: secret.len() });
        }
        Ok(Webhook {
            name: url.to_owned(),
            url: uri,
            secret,
            kinds: Vec::new(),
            workflows: Vec::new(),
            give_up: Duration::from_secs(3 * 24 * 60 * 60),
            timeout: Duration::from_secs(10),
        })
    }

    /// The name under which it is kept how far it has got: its address without this.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
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
}

impl std::fmt::Debug for Webhook {
    /// Without the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook").field("name", &self.name).field("kinds", &self.kinds).finish_non_exhaustive()
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
    pub(crate) fn start(self, state: &Shared) -> Result<(), WebhookError> {
        for (n, hook) in self.hooks.iter().enumerate() {
            if self.hooks.iter().take(n).any(|other| other.name == hook.name) {
                return Err(WebhookError::Duplicate { name: hook.name.clone() });
            }
        }
        let cursors = Arc::new(Cursors::open(&self.file)?);
        let client = deliver::client()?;
        for hook in self.hooks {
            let follow = follow::Follow::new(hook, state.clone(), cursors.clone(), client.clone())?;
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
