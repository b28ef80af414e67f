//! What is heard of a store in memory through its other handles.

use std::sync::{OnceLock, Weak};

use futures::stream::unfold;
use tokio::sync::broadcast::{self, error::RecvError};

use super::super::{Change, Changes};

/// How much a listener may be behind before it misses something.
const BEHIND: usize = 1024;

/// Tells those who listen, from when the first of them does.
#[derive(Debug, Default)]
pub(super) struct Told(OnceLock<broadcast::Sender<(Weak<()>, Change)>>);

impl Told {
    /// Tells what was done through this handle.
    pub(super) fn tell(&self, by: Weak<()>, change: Change) {
        if let Some(told) = self.0.get() {
            // Nobody may be there any more to hear it.
            let _ = told.send((by, change));
        }
    }

    /// What is done through other handles than this.
    pub(super) fn listen(&self, own: Weak<()>) -> Changes {
        Box::pin(unfold(
            (self.0.get_or_init(|| broadcast::Sender::new(BEHIND)).subscribe(), own),
            |(mut told, own)| async move {
                loop {
                    let change = match told.recv().await {
                        Ok((by, _)) if by.ptr_eq(&own) => continue,
                        Ok((_, change)) => change,
                        Err(RecvError::Lagged(_)) => Change::Missed,
                        Err(RecvError::Closed) => return None,
                    };
                    return Some((change, (told, own)));
                }
            },
        ))
    }
}
