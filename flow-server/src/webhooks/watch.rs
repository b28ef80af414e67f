//! Which runs may have something new, told by counts. These cost little however large the runs are, and are the same as long as
//! none of them changes its status.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use flow_runtime::{
    App, StoreError,
    store::{RunCount, RunFilter, RunStatus},
};
use tokio::{sync::Mutex, time::Instant};

/// The statuses of runs that may change by themselves.
pub(super) const OPEN: [RunStatus; 3] = [RunStatus::Running, RunStatus::Paused, RunStatus::Undoing];

/// The runs of one workflow that stand alike: its id, and the status.
pub(super) type Group = (String, &'static str);

/// What was counted.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Counted {
    /// Runs that have not ended.
    open: BTreeMap<Group, RunCount>,
    /// Runs that were started a moment ago, however they stand.
    new: BTreeMap<Group, RunCount>,
}

impl Counted {
    /// The groups that are not as they were before: of open runs, and of new ones.
    pub(super) fn since(&self, before: &Counted) -> (BTreeSet<Group>, BTreeSet<Group>) {
        (differences(&self.open, &before.open), differences(&self.new, &before.new))
    }

    /// Whether something is going on.
    pub(super) fn has_running(&self) -> bool {
        self.open.keys().any(|(_, status)| *status == RunStatus::Running.as_str())
    }
}

fn differences(now: &BTreeMap<Group, RunCount>, before: &BTreeMap<Group, RunCount>) -> BTreeSet<Group> {
    let groups = now.keys().chain(before.keys());
    groups.filter(|group| now.get(*group) != before.get(*group)).cloned().collect()
}

/// Counts for all webhooks of a server, once for those that ask at about the same time.
pub(super) struct Watch {
    app: App,
    /// How long a count is good for.
    fresh: Duration,
    /// How long runs are new, in milliseconds.
    window: i64,
    last: Mutex<Option<(Instant, Arc<Counted>)>>,
}

impl Watch {
    pub(super) fn new(app: App, fresh: Duration, window: i64) -> Self {
        Watch { app, fresh, window, last: Mutex::new(None) }
    }

    /// How the runs stand now, or stood a moment ago. What changes later is different in the next count.
    pub(super) async fn count(&self, now: i64) -> Result<Arc<Counted>, StoreError> {
        let mut last = self.last.lock().await;
        if let Some((_, counted)) = last.as_ref().filter(|(at, _)| at.elapsed() < self.fresh) {
            return Ok(counted.clone());
        }
        let begun = Instant::now();
        let open = OPEN.into_iter().fold(RunFilter::new(), RunFilter::status);
        let new = RunFilter::new().created_from(now.saturating_sub(self.window));
        let counted = Counted { open: groups(self.app.stats(&open).await?), new: groups(self.app.stats(&new).await?) };
        let (_, counted) = last.insert((begun, Arc::new(counted)));
        Ok(counted.clone())
    }
}

fn groups(counts: Vec<RunCount>) -> BTreeMap<Group, RunCount> {
    counts.into_iter().map(|count| ((count.workflow.clone(), count.status.as_str()), count)).collect()
}
