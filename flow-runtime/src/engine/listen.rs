//! Hears what is done to runs elsewhere, where the store can tell.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
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
        let Some(hears) = engine.upgrade().map(|engine| Hears::begin(&engine.hears)) else { return };
        // Before it listened, anything may have happened.
        let mut change = Some(Change::Missed);
        while let Some(heard) = change {
            let Some(engine) = engine.upgrade() else { return };
            engine.heard(&heard);
            drop(engine);
            change = changes.next().await;
        }
        drop(hears);
        if let Some(engine) = engine.upgrade() {
            engine.heard(&Change::Missed);
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// The store tells what is done elsewhere, until this is dropped: also when the listener is.
struct Hears(Arc<AtomicBool>);

impl Hears {
    fn begin(hears: &Arc<AtomicBool>) -> Self {
        hears.store(true, Ordering::Relaxed);
        Hears(hears.clone())
    }
}

impl Drop for Hears {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
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
