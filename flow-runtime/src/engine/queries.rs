//! Which runs there are: filters that read well, page by page, and counts.

use serde_json::Value;

use super::app::App;
use crate::store::{RunCount, RunFilter, RunRecord, RunStatus, StoreError};

impl App {
    /// Lists stored runs, the newest first, a page at a time.
    ///
    /// ```
    /// # use flow_runtime::{prelude::*, store::{RunFilter, RunStatus}};
    /// # use serde_json::json;
    /// # async fn example(app: &App) -> Result<(), Box<dyn std::error::Error>> {
    /// let failed = RunFilter::new().workflow("order").status(RunStatus::Failed).metadata("source", json!("cli"));
    /// let mut page = Some(failed);
    /// while let Some(filter) = page {
    ///     let runs = app.runs(&filter).await?;
    ///     for record in &runs {
    ///         println!("{} of {:?}", record.run.id, record.run.user);
    ///     }
    ///     page = filter.next_page(&runs);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of the store. A filter that names a workflow, session or user that is not there finds nothing.
    pub async fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRecord>, StoreError> {
        self.engine.store.list(filter).await
    }

    /// Counts stored runs by workflow and status: how many there are, and how long they took. The filter's limit does not
    /// count.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn stats(&self, filter: &RunFilter) -> Result<Vec<RunCount>, StoreError> {
        self.engine.store.stats(filter).await
    }
}

impl RunFilter {
    /// All runs, a hundred at most.
    pub fn new() -> Self {
        RunFilter::default()
    }

    /// Only runs of the workflow of this id.
    pub fn workflow(self, id: impl Into<String>) -> Self {
        RunFilter { workflow: Some(id.into()), ..self }
    }

    /// Only runs that stand so. Given more than once: so, or so.
    pub fn status(mut self, status: RunStatus) -> Self {
        self.status.push(status);
        self
    }

    /// Only runs of this session.
    pub fn session(self, id: impl Into<String>) -> Self {
        RunFilter { session: Some(id.into()), ..self }
    }

    /// Only runs started on behalf of this user.
    pub fn user(self, id: impl Into<String>) -> Self {
        RunFilter { user: Some(id.into()), ..self }
    }

    /// Only runs started with this [key](crate::StartRun::key).
    pub fn key(self, key: impl Into<String>) -> Self {
        RunFilter { key: Some(key.into()), ..self }
    }

    /// Only runs started at this time or later, in milliseconds since the Unix epoch.
    pub fn created_from(self, time: i64) -> Self {
        RunFilter { created_from: Some(time), ..self }
    }

    /// Only runs started before this time, in milliseconds since the Unix epoch.
    pub fn created_before(self, time: i64) -> Self {
        RunFilter { created_before: Some(time), ..self }
    }

    /// Only runs whose metadata is an object with this value under this key. Given more than once: with all of them.
    pub fn metadata(mut self, key: impl Into<String>, value: Value) -> Self {
        self.metadata.push((key.into(), value.to_string()));
        self
    }

    /// Only runs that are listed after this one: those of the page that ends with it come before.
    pub fn after(self, last: &RunRecord) -> Self {
        RunFilter { after: Some((last.run.created_at, last.run.id.clone())), ..self }
    }

    /// So many at most: the size of a page.
    pub fn limit(self, limit: u32) -> Self {
        RunFilter { limit, ..self }
    }

    /// The filter of the page after this one, `None` if this one was the last.
    pub fn next_page(&self, page: &[RunRecord]) -> Option<Self> {
        let last = page.last().filter(|_| page.len() >= self.limit as usize)?;
        Some(self.clone().after(last))
    }
}
