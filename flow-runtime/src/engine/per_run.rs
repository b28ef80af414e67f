//! Things that exist for a run only while somebody has them.

use std::{
    collections::HashMap,
    ops::Deref,
    sync::{Arc, Mutex},
};

use crate::lock::lock;

/// One thing for each run, made when it is first asked for.
#[derive(Default)]
pub(super) struct PerRun<T>(Mutex<HashMap<String, Arc<T>>>);

/// The thing of one run. It is gone with the last of these.
pub(super) struct OfRun<'p, T> {
    all: &'p PerRun<T>,
    run: &'p str,
    value: Arc<T>,
}

impl<T: Default> PerRun<T> {
    /// The run's own.
    pub(super) fn of<'p>(&'p self, run: &'p str) -> OfRun<'p, T> {
        let value = lock(&self.0).entry(run.to_owned()).or_default().clone();
        OfRun { all: self, run, value }
    }
}

impl<T> PerRun<T> {
    /// Looks at those of all runs.
    pub(super) fn each(&self, look: impl Fn(&T)) {
        lock(&self.0).values().for_each(|value| look(value));
    }

    /// Looks at the run's own, if somebody has it.
    pub(super) fn if_known(&self, run: &str, look: impl FnOnce(&T)) {
        if let Some(value) = lock(&self.0).get(run) {
            look(value);
        }
    }
}

impl<T> Deref for OfRun<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Drop for OfRun<'_, T> {
    fn drop(&mut self) {
        let mut all = lock(&self.all.0);
        // This one and the one in the map.
        if Arc::strong_count(&self.value) == 2 {
            all.remove(self.run);
        }
    }
}
