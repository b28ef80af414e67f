//! Following the runs for one webhook: finding those with something new.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
    time::Duration,
};

use flow_runtime::{
    App, StoreError,
    store::{RunFilter, RunRecord, RunStatus},
};
use tokio::time::Instant;

use super::{
    Webhook,
    cursors::{Cursor, Cursors, FileError},
    deliver::Sender,
    watch::{Counted, Group, OPEN, Watch},
};
use crate::{routes::links::now_ms, state::Shared};

/// How many runs are read at a time. They come with their inputs.
const RUNS: u32 = 50;
/// How many events of a run are passed over at a time.
const EVENTS: u32 = 2_000;
/// How long after its start a run may first be seen, in milliseconds: for clocks that differ, and writes that take their time.
pub(super) const WINDOW: i64 = 60_000;
/// How often all is looked at, whatever was counted, and runs that have failed as well, because somebody may have tried them
/// again.
const SLOW: Duration = Duration::from_secs(30);
/// How long a run that has failed is looked at, in milliseconds: a week.
const FAILED: i64 = 7 * 24 * 60 * 60 * 1_000;
/// How many times longer than a look the rest after it is at least, so that many runs do not keep the store busy with looks.
const EASY: u32 = 4;

/// One webhook at work.
pub(super) struct Follow {
    pub(super) hook: Webhook,
    pub(super) state: Shared,
    pub(super) cursors: Cursors,
    pub(super) client: Sender,
    watch: Arc<Watch>,
    /// Since when the webhook is there: what happened before is not sent.
    since: i64,
    /// Until when runs were looked for.
    seen: i64,
    /// What was counted before the last look.
    counted: Arc<Counted>,
    /// Groups to look at once more: what has come into one since it was counted may leave it again uncounted.
    again: BTreeSet<Group>,
}

/// Why a look came to nothing. The next one may do better.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    File(#[from] FileError),
}

impl Follow {
    pub(super) async fn begin(
        hook: Webhook,
        state: Shared,
        cursors: Cursors,
        client: Sender,
        watch: Arc<Watch>,
    ) -> Result<Self, FileError> {
        let (since, seen) = cursors.begin(now_ms()).await?;
        let (counted, again) = (Arc::default(), BTreeSet::new());
        Ok(Follow { hook, state, cursors, client, watch, since, seen, counted, again })
    }

    pub(super) fn app(&self) -> &App {
        &self.state.app
    }

    /// Looks and sends, again and again.
    pub(super) async fn run(mut self, pace: Duration) {
        let mut last_whole: Option<Instant> = None;
        loop {
            let begun = Instant::now();
            let whole = last_whole.is_none_or(|last| last.elapsed() >= SLOW);
            let looked = self.look(whole).await;
            let took = begun.elapsed();
            match &looked {
                Ok(()) if whole => last_whole = Some(begun),
                Ok(()) => {}
                // Something may have been missed.
                Err(_) => last_whole = None,
            }
            let sent = match looked {
                Ok(()) => self.send().await,
                Err(error) => Err(error),
            };
            if let Err(error) = sent {
                tracing::error!(webhook = self.hook.said, %error, "a webhook could not look for events");
            }
            tokio::time::sleep(pace.max(took * EASY)).await;
        }
    }

    /// Notes which runs may have something new.
    async fn look(&mut self, whole: bool) -> Result<(), Broken> {
        let now = now_ms();
        // Before anything is read: what changes meanwhile is different in the next count.
        let counted = self.watch.count(now).await?;
        let (mut open, mut new) = counted.since(&self.counted);
        open.append(&mut self.again.clone());
        open.retain(|(workflow, _)| self.hook.wants(workflow));
        new.retain(|(workflow, _)| self.hook.wants(workflow));
        if whole || !open.is_empty() || !new.is_empty() {
            self.again.clear();
            let new_from = RunFilter::new().created_from(self.seen.saturating_sub(WINDOW));
            match whole {
                true => self.look_at_all(new_from).await?,
                false => self.look_at(open, new, new_from).await?,
            }
            self.cursors.seen(now).await?;
            self.seen = now;
        }
        if whole {
            self.cursors.clean(now - 2 * WINDOW, now - 2 * WINDOW, now - FAILED).await?;
        }
        if counted.has_running() {
            self.cursors.running_have_news().await?;
        }
        self.counted = counted;
        Ok(())
    }

    async fn look_at_all(&mut self, new: RunFilter) -> Result<(), Broken> {
        let mut met = HashSet::new();
        self.list(OPEN.into_iter().fold(RunFilter::new(), RunFilter::status), &mut met).await?;
        self.list(new, &mut met).await?;
        // Runs that have ended since, or were tried again.
        let known = self.cursors.that_may_change().await?;
        self.find(known, &mut met).await
    }

    /// Looks at runs that are in these groups, or were.
    async fn look_at(
        &mut self,
        open: BTreeSet<Group>,
        new: BTreeSet<Group>,
        new_from: RunFilter,
    ) -> Result<(), Broken> {
        let mut met = HashSet::new();
        for (workflow, status) in &open {
            if let Some(status) = RunStatus::parse(status) {
                self.list(RunFilter::new().workflow(workflow).status(status), &mut met).await?;
            }
        }
        let workflows: BTreeSet<String> = new.into_iter().map(|(workflow, _)| workflow).collect();
        for workflow in workflows {
            self.list(new_from.clone().workflow(workflow), &mut met).await?;
        }
        for (workflow, status) in open {
            let known = self.cursors.that_stood(workflow, status).await?;
            self.find(known, &mut met).await?;
        }
        Ok(())
    }

    /// Meets all runs of a filter.
    async fn list(&mut self, filter: RunFilter, met: &mut HashSet<String>) -> Result<(), Broken> {
        let mut page = Some(filter.limit(RUNS));
        while let Some(filter) = page {
            let runs = self.app().runs(&filter).await?;
            self.meet(&runs, met).await?;
            page = filter.next_page(&runs);
        }
        Ok(())
    }

    /// Meets those of these runs that were not met yet.
    async fn find(&mut self, runs: Vec<String>, met: &mut HashSet<String>) -> Result<(), Broken> {
        for run in runs {
            if met.contains(&run) {
                continue;
            }
            match self.app().store().find(&run).await? {
                Some(record) => self.meet(&[record], met).await?,
                None => self.cursors.forget(run).await?,
            }
        }
        Ok(())
    }

    /// Notes how runs stand, and which may have something new.
    async fn meet(&mut self, records: &[RunRecord], met: &mut HashSet<String>) -> Result<(), Broken> {
        let wanted = |record: &&RunRecord| self.hook.wants(&record.run.workflow);
        let records: Vec<&RunRecord> =
            records.iter().filter(wanted).filter(|record| met.insert(record.run.id.clone())).collect();
        let ids = records.iter().map(|record| record.run.id.clone()).collect();
        let mut known = self.cursors.of_runs(ids).await?;
        let mut changed = Vec::new();
        for record in records {
            let status = record.status.as_str();
            let cursor = match known.remove(&record.run.id) {
                Some(cursor) if cursor.status == status && cursor.updated_at == record.updated_at => continue,
                Some(cursor) => {
                    Cursor { status: status.to_owned(), updated_at: record.updated_at, news: true, ..cursor }
                }
                None => self.new_cursor(record).await?,
            };
            if OPEN.contains(&record.status) {
                self.again.insert((record.run.workflow.clone(), status));
            }
            changed.push(cursor);
        }
        Ok(self.cursors.put(changed).await?)
    }

    async fn new_cursor(&self, record: &RunRecord) -> Result<Cursor, StoreError> {
        let RunRecord { run, status, updated_at, .. } = record;
        let next = if run.created_at >= self.since { 1 } else { self.end_of(&run.id).await? };
        Ok(Cursor {
            run: run.id.clone(),
            workflow: run.workflow.clone(),
            created_at: run.created_at,
            status: status.as_str().to_owned(),
            updated_at: *updated_at,
            next,
            news: true,
            attempts: 0,
            failing_since: None,
            retry_at: 0,
        })
    }

    /// The number after the last event of a run.
    async fn end_of(&self, run: &str) -> Result<u64, StoreError> {
        let mut next = 1;
        loop {
            let page = self.app().store().events(run, next, EVENTS).await?;
            match page.last() {
                Some(last) => next = last.seq + 1,
                None => return Ok(next),
            }
        }
    }
}
