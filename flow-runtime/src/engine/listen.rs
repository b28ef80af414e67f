//! Hears what is done to runs elsewhere, where the store can tell.

use std::{
    sync::{Arc, Weak, atomic::Ordering},
    time::Duration,
};

use futures::StreamExt as _;

use super::driver::Engine;
use crate::store::Change;

/// How soon the store is asked to tell again when it has stopped.
const AGAIN: Duration = Duration::from_secs(1);

/// Hands on what the store tells, as long as the App lives. A store that cannot tell is asked once.
pub(super) async fn listen(engine: Weak<Engine>) {
    loop {
        let Some(strong) = engine.upgrade() else { return };
        let store = strong.store.clone();
        drop(strong);
        let heard = store.listen().await;
        drop(store);
        let mut changes = match heard {
            Ok(Some(changes)) => changes,
            Ok(None) => return,
            Err(_) => {
                tokio::time::sleep(AGAIN).await;
                continue;
            }
        };
        // Before it listened, anything may have happened.
        let mut change = Some(Change::Missed);
        while let Some(heard) = change {
            let Some(engine) = engine.upgrade() else { return };
            engine.hears.store(true, Ordering::Relaxed);
            engine.heard(&heard);
            drop(engine);
            change = changes.next().await;
        }
        if let Some(engine) = engine.upgrade() {
            engine.hears.store(false, Ordering::Relaxed);
            engine.heard(&Change::Missed);
        }
        tokio::time::sleep(AGAIN).await;
    }
}

impl Engine {
    fn heard(self: &Arc<Self>, change: &Change) {
        match change {
            Change::Run(run) => {
                if let Some(driven) = self.driven(run) {
                    driven.tell();
                }
                self.tell(run);
            }
            Change::Due => self.timers.given_back(),
            Change::Missed => {
                self.all_driven().iter().for_each(|driven| driven.tell());
                self.tell_all();
                self.timers.given_back();
            }
        }
    }
}
