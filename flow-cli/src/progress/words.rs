//! What has happened, in a line.

use std::collections::HashMap;

use flow_runtime::{Event, EventKind};

use crate::output::{DIM, GOOD, MARK, NEWS, WRONG, ago, in_words, paint, text};

/// How many branches a fork may have for each of their steps to be told.
const FEW: u64 = 8;

/// What has to be known of a run to tell what happens in it.
#[derive(Debug, Default)]
pub(crate) struct Words {
    /// Forks with many branches, by the path of the frame and their name.
    pub(crate) many: HashMap<String, Many>,
}

/// A fork with many branches.
#[derive(Debug)]
pub(crate) struct Many {
    pub(crate) name: String,
    pub(crate) branches: u64,
    pub(crate) done: u64,
}

impl Words {
    /// The line for an event, if it is worth one.
    pub(crate) fn line(&mut self, event: &Event) -> Option<String> {
        let at = indent(&event.path);
        let is_one_of_many = self.many_around(&event.path).is_some();
        let line = match &event.kind {
            EventKind::StepCompleted { .. } | EventKind::ChildCompleted { .. } if is_one_of_many => return None,
            EventKind::StepCompleted { step, attempt, ms } => {
                let took = paint(DIM, &in_words(i64::try_from(*ms).unwrap_or(i64::MAX)));
                let again = if *attempt > 1 { format!("  attempt {attempt}") } else { String::new() };
                format!("{} {at}{step}{again}  {took}", paint(GOOD, "✓"))
            }
            EventKind::StepFailed { step, attempt, error } => {
                let again = if *attempt > 1 { format!("  attempt {attempt}") } else { String::new() };
                format!("{} {at}{step}{again}  {}", paint(WRONG, "✗"), text::shorten(error, 100))
            }
            EventKind::StepRetrying { step, attempt, at: when } => {
                let line = format!("  {at}{step}  attempt {attempt} {}", ago(*when));
                paint(DIM, &line)
            }
            EventKind::StepUndone { step, error: None } => format!("{} {at}{step}  undone", paint(DIM, "↩")),
            EventKind::StepUndone { step, error: Some(error) } => {
                format!("{} {at}{step}  could not be undone: {error}", paint(WRONG, "✗"))
            }
            EventKind::TimerSet { until } => paint(DIM, &format!("  {at}goes on {}", ago(*until))),
            EventKind::PauseExpired { pause } => format!("{} {at}{pause}  nobody answered in time", paint(NEWS, "!")),
            EventKind::PauseAnswered { pause, by, comment } => {
                let by = by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
                let comment = comment.as_ref().map(|comment| format!(": {comment}")).unwrap_or_default();
                format!("{} {at}{pause}  answered{by}{comment}", paint(GOOD, "✓"))
            }
            EventKind::PauseWithdrawn { pause } => paint(DIM, &format!("  {at}{pause}  withdrawn")),
            EventKind::PauseReminded { pause, times } => {
                format!("{} {at}{pause}  waits for its answer, reminder {times}", paint(NEWS, "!"))
            }
            EventKind::Custom { name, data } => {
                let data = text::shorten(&crate::form::label(data).replace('\n', " "), 80);
                format!("{} {at}{name}  {data}", paint(MARK, "•"))
            }
            EventKind::RunRetried => paint(DIM, "  tried again"),
            EventKind::ForkStarted { fork, branches } if *branches > FEW => {
                let many = Many { name: fork.clone(), branches: *branches, done: 0 };
                self.many.insert(event.path.clone(), many);
                return None;
            }
            EventKind::BranchCompleted { .. } => {
                if let Some(many) = self.many.get_mut(&event.path) {
                    many.done += 1;
                }
                return None;
            }
            EventKind::ForkJoined { .. } => {
                let Many { name, branches, .. } = self.many.remove(&event.path)?;
                format!("{} {at}{name}  {branches} branches", paint(GOOD, "✓"))
            }
            _ => return None,
        };
        Some(line)
    }

    /// The fork with many branches that is nearest around a path.
    pub(crate) fn many_around(&self, path: &str) -> Option<&str> {
        let around = self.many.keys().filter(|fork| {
            let below = path.strip_prefix(fork.as_str());
            below.is_some_and(|below| !below.is_empty() && (fork.is_empty() || below.starts_with('/')))
        });
        around.max_by_key(|fork| fork.len()).map(String::as_str)
    }
}

/// How far in a line begins: once for every fork around it. What is in a branch is told with the branch.
pub(crate) fn indent(path: &str) -> String {
    if path.is_empty() {
        return String::new();
    }
    let depth = path.split('/').count();
    let last = path.rsplit('/').next().unwrap_or(path);
    format!("{}{}  ", "  ".repeat(depth - 1), paint(DIM, last))
}
