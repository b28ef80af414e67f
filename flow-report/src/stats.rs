//! How many runs there are.

use flow_runtime::{
    App, StoreError,
    store::{RunCount, RunFilter},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many runs there are in the store, by workflow and status.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StatsReport {
    /// The counts.
    pub counts: Vec<CountReport>,
    /// How many runs this process drives now.
    pub driving: usize,
}

/// How many runs there are of one workflow and one status.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CountReport {
    /// Id of the workflow.
    pub workflow: String,
    /// The status.
    pub status: String,
    /// How many.
    pub runs: u64,
    /// When the first of them was started.
    pub oldest: i64,
    /// From start to the last change of status, all of them together, in milliseconds.
    pub total_ms: u64,
    /// The same of the one that took longest.
    pub longest_ms: u64,
}

impl StatsReport {
    /// The counts of the runs this filter lists.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn of(app: &App, filter: &RunFilter) -> Result<Self, StoreError> {
        let counts = app.stats(filter).await?.into_iter().map(|count| {
            let RunCount { workflow, status, runs, oldest, total_ms, longest_ms } = count;
            CountReport { workflow, status: status.as_str().to_owned(), runs, oldest, total_ms, longest_ms }
        });
        Ok(StatsReport { counts: counts.collect(), driving: app.driving() })
    }
}
