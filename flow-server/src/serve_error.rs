//! Why a server does not serve.

use std::net::SocketAddr;

use crate::{links::KeyError, webhooks::WebhookError};

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
    /// The secret that is to sign links can be guessed.
    #[error(
        "a link key of {length} bytes can be guessed, and with it links be forged: take {shortest} at least, from \
         `openssl rand -hex 16` for instance"
    )]
    LinkKey {
        /// How long it is.
        length: usize,
        /// How long it has to be.
        shortest: usize,
    },
    /// There is nothing to make a key of that nobody can guess.
    #[error(
        "the system has no random numbers to make a key of that signs links ({reason}): give the server a link key"
    )]
    Randomness {
        /// What the system says.
        reason: String,
    },
    /// Where the server is found is no address.
    #[error("`{url}` is not where a server is found: write it as https://flow.example.com")]
    PublicUrl {
        /// What was given.
        url: String,
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

impl From<KeyError> for ServeError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Short { length, shortest } => ServeError::LinkKey { length, shortest },
            KeyError::Randomness(error) => ServeError::Randomness { reason: error.to_string() },
        }
    }
}
