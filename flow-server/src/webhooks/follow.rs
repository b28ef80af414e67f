//! Following the runs for one webhook: finding those with something new, and sending it.

use std::{collections::HashSet, sync::Arc, time::Duration};

use flow_report::EventReport;
use flow_runtime::{
    App, StoreError, rusqlite,
    store::{RunFilter, RunRecord, RunStatus},
};
use futures::{StreamExt as _, stream};
use serde_json::json;

use super::{
    Webhook,
    cursors::{Cursor, Cursors},
    deliver::{Message, Sender},
};
use crate::{routes::links::now_ms, state::Shared};

/// How many runs, and how many events of one, are looked at, at a time.
const RUNS: u32 = 500;
const EVENTS: u32 = 200;
/// How many are sent to at once.
const AT_ONCE: usize = 8;
/// How long after its start a run may first be seen, in milliseconds: for clocks that differ, and writes that take their time.
const WINDOW: i64 = 60_000;
/// How often runs that have failed are looked at, because somebody may have tried them again.
const SLOW: Duration = Duration::from_secs(30);
/// How long a run that has failed is looked at, in milliseconds: a week.
const FAILED: i64 = 7 * 24 * 60 * 60 * 1_000;
/// The longest rest between two attempts to send, in milliseconds.
const LONGEST: i64 = 60 * 60 * 1_000;

/// One webhook at work.
pub(super) struct Follow {
    hook: Webhook,
    state: Shared,
    cursors: Arc<Cursors>,
    client: Sender,
    /// Since when the webhook is there: what happened before is not sent.
    since: i64,
}

/// Why a look came to nothing. The next one may do better.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    File(#[from] rusqlite::Error),
}

impl Follow {
    pub(super) fn new(
        hook: Webhook,
        state: Shared,
        cursors: Arc<Cursors>,
        client: Sender,
    ) -> Result<Self, rusqlite::Error> {
        let (since, _) = cursors.webhook(&hook.name, now_ms())?;
        Ok(Follow { hook, state, cursors, client, since })
    }

    fn app(&self) -> &App {
        &self.state.app
    }

    /// Looks and sends, again and again.
    pub(super) async fn run(self, pace: Duration) {
        let mut last_slow = tokio::time::Instant::now();
        let mut first = true;
        loop {
            let slow = first || last_slow.elapsed() >= SLOW;
            if slow {
                (first, last_slow) = (false, tokio::time::Instant::now());
            }
            let looked = match self.look(slow).await {
                Ok(()) => self.send().await,
                Err(error) => Err(error),
            };
            if let Err(error) = looked {
                tracing::error!(webhook = self.hook.name, %error, "a webhook could not look for events");
            }
            tokio::time::sleep(pace).await;
        }
    }

    /// Notes which runs may have something new.
    async fn look(&self, slow: bool) -> Result<(), Broken> {
        let now = now_ms();
        let (_, seen) = self.cursors.webhook(&self.hook.name, now)?;
        let mut met: HashSet<String> = HashSet::new();
        let open = [RunStatus::Running, RunStatus::Paused, RunStatus::Undoing];
        let open = open.into_iter().fold(RunFilter::new().limit(RUNS), RunFilter::status);
        let new = RunFilter::new().limit(RUNS).created_from(seen.saturating_sub(WINDOW));
        for filter in [open, new] {
            let mut page = Some(filter);
            while let Some(filter) = page {
                let runs = self.app().runs(&filter).await?;
                for record in &runs {
                    if self.wants(record) && met.insert(record.run.id.clone()) {
                        self.meet(record).await?;
                    }
                }
                page = filter.next_page(&runs);
            }
        }
        // Runs that have ended since, or were tried again.
        for cursor in self.cursors.that_may_change(&self.hook.name)? {
            if met.contains(&cursor.run) || cursor.status == RunStatus::Failed.as_str() && !slow {
                continue;
            }
            match self.app().store().find(&cursor.run).await? {
                Some(record) => self.meet(&record).await?,
                None => self.cursors.forget(&self.hook.name, &cursor.run)?,
            }
        }
        self.cursors.seen(&self.hook.name, now)?;
        self.cursors.clean(&self.hook.name, now - 2 * WINDOW, now - 2 * WINDOW, now - FAILED)?;
        Ok(())
    }

    fn wants(&self, record: &RunRecord) -> bool {
        self.hook.workflows.is_empty() || self.hook.workflows.contains(&record.run.workflow)
    }

    /// Notes how a run stands, and whether there may be something new of it.
    async fn meet(&self, record: &RunRecord) -> Result<(), Broken> {
        let status = record.status.as_str();
        let before = self.cursors.find(&self.hook.name, &record.run.id)?;
        let cursor = match before {
            // What happens in a run that is driven changes nothing of this.
            Some(cursor) => {
                let changed = cursor.status != status || cursor.updated_at != record.updated_at;
                if !changed && (cursor.news || record.status != RunStatus::Running) {
                    return Ok(());
                }
                Cursor { status: status.to_owned(), updated_at: record.updated_at, news: true, ..cursor }
            }
            None => Cursor {
                run: record.run.id.clone(),
                workflow: record.run.workflow.clone(),
                created_at: record.run.created_at,
                status: status.to_owned(),
                updated_at: record.updated_at,
                next: if record.run.created_at >= self.since { 1 } else { self.end_of(&record.run.id).await? },
                news: true,
                attempts: 0,
                failing_since: None,
                retry_at: 0,
            },
        };
        self.cursors.put(&self.hook.name, &cursor)?;
        Ok(())
    }

    /// The number after the last event of a run.
    async fn end_of(&self, run: &str) -> Result<u64, StoreError> {
        let mut next = 1;
        loop {
            let page = self.app().store().events(run, next, 10 * EVENTS).await?;
            match page.last() {
                Some(last) => next = last.seq + 1,
                None => return Ok(next),
            }
        }
    }

    /// Sends what there is to send now.
    async fn send(&self) -> Result<(), Broken> {
        loop {
            let due = self.cursors.with_news(&self.hook.name, now_ms(), RUNS)?;
            let all = due.len() < RUNS as usize;
            let sent: Vec<Result<(), Broken>> =
                stream::iter(due).map(|cursor| self.send_of(cursor)).buffer_unordered(AT_ONCE).collect().await;
            sent.into_iter().collect::<Result<(), Broken>>()?;
            if all {
                return Ok(());
            }
        }
    }

    /// Sends the events of one run, in their order, until all are sent or one is not taken.
    async fn send_of(&self, mut cursor: Cursor) -> Result<(), Broken> {
        loop {
            let page = match self.app().store().events(&cursor.run, cursor.next, EVENTS).await {
                Err(StoreError::UnknownRun { .. }) => {
                    return Ok(self.cursors.forget(&self.hook.name, &cursor.run)?);
                }
                page => page?,
            };
            if page.is_empty() {
                cursor.news = false;
                return Ok(self.cursors.put(&self.hook.name, &cursor)?);
            }
            for record in page {
                let event = EventReport::stored(&cursor.run, &cursor.workflow, &record);
                if self.hook.kinds.is_empty() || self.hook.kinds.contains(&event.kind) {
                    let taken = self.send_one(&mut cursor, &event, record.seq).await?;
                    if !taken {
                        return Ok(());
                    }
                }
                cursor = Cursor { next: record.seq + 1, attempts: 0, failing_since: None, retry_at: 0, ..cursor };
            }
            self.cursors.put(&self.hook.name, &cursor)?;
        }
    }

    /// Sends one event. Returns whether the next one may be sent.
    async fn send_one(&self, cursor: &mut Cursor, event: &EventReport, seq: u64) -> Result<bool, Broken> {
        let body = json!({ "type": event.kind, "timestamp": event.time, "data": event }).to_string();
        let message = Message { id: format!("msg_{}_{seq}", cursor.run), body };
        let now = now_ms();
        let Err(why) = message.send(&self.hook, &self.client, now).await else {
            self.state.counters.delivered.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            *cursor = Cursor { next: seq + 1, attempts: 0, failing_since: None, retry_at: 0, ..cursor.clone() };
            // What is noted is not sent again.
            self.cursors.put(&self.hook.name, cursor)?;
            return Ok(true);
        };
        self.state.counters.not_delivered.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let since = *cursor.failing_since.get_or_insert(now);
        let patience = i64::try_from(self.hook.give_up.as_millis()).unwrap_or(i64::MAX);
        if now.saturating_sub(since) >= patience {
            tracing::error!(webhook = self.hook.name, run = cursor.run, seq, why, "an event is left out");
            return Ok(true);
        }
        cursor.attempts = cursor.attempts.saturating_add(1);
        cursor.next = seq;
        cursor.retry_at = now.saturating_add(rest(cursor.attempts, &cursor.run));
        tracing::warn!(
            webhook = self.hook.name,
            run = cursor.run,
            seq,
            why,
            attempt = cursor.attempts,
            "an event was not taken"
        );
        self.cursors.put(&self.hook.name, cursor)?;
        Ok(false)
    }
}

/// How long to wait before the next attempt, in milliseconds: twice as long each time, and not the same for all runs.
fn rest(attempts: u32, run: &str) -> i64 {
    let whole = 1_000_i64.saturating_mul(1 << attempts.saturating_sub(1).min(20)).min(LONGEST);
    let sum = run.bytes().fold(0_i64, |sum, byte| (sum * 31 + i64::from(byte)) % 1_000);
    whole + whole * sum / 4_000
}

#[cfg(test)]
mod tests {
    use super::rest;

    #[test]
    fn rests_grow_up_to_an_hour() {
        let rests: Vec<i64> = [1, 2, 5, 30].iter().map(|attempts| rest(*attempts, "")).collect();
        assert_eq!(rests, [1_000, 2_000, 16_000, 3_600_000]);
        assert!((1_000..=1_250).contains(&rest(1, "a run")));
    }
}
