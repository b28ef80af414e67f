//! Sending what there is, for one webhook: the events of each run in their order.

use flow_report::EventReport;
use flow_runtime::StoreError;
use futures::{StreamExt as _, stream};
use serde_json::json;

use super::{
    cursors::Cursor,
    deliver::Message,
    follow::{Broken, Follow},
};
use crate::routes::links::now_ms;

/// How many runs, and how many events of one, are dealt with at a time.
const RUNS: u32 = 500;
const EVENTS: u32 = 200;
/// How many are sent to at once.
const AT_ONCE: usize = 8;
/// The longest rest between two attempts to send, in milliseconds.
const LONGEST: i64 = 60 * 60 * 1_000;

impl Follow {
    /// Sends what there is to send now.
    pub(super) async fn send(&self) -> Result<(), Broken> {
        loop {
            let due = self.cursors.with_news(now_ms(), RUNS).await?;
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
                    return Ok(self.cursors.forget(cursor.run).await?);
                }
                page => page?,
            };
            if page.is_empty() {
                cursor.news = false;
                return Ok(self.cursors.put(vec![cursor]).await?);
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
            self.cursors.put(vec![cursor.clone()]).await?;
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
            self.cursors.put(vec![cursor.clone()]).await?;
            return Ok(true);
        };
        self.state.counters.not_delivered.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let since = *cursor.failing_since.get_or_insert(now);
        let patience = i64::try_from(self.hook.give_up.as_millis()).unwrap_or(i64::MAX);
        if now.saturating_sub(since) >= patience {
            tracing::error!(webhook = self.hook.said, run = cursor.run, seq, why, "an event is left out");
            return Ok(true);
        }
        cursor.attempts = cursor.attempts.saturating_add(1);
        cursor.next = seq;
        cursor.retry_at = now.saturating_add(rest(cursor.attempts, &cursor.run));
        tracing::warn!(
            webhook = self.hook.said,
            run = cursor.run,
            seq,
            why,
            attempt = cursor.attempts,
            "an event was not taken"
        );
        self.cursors.put(vec![cursor.clone()]).await?;
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
