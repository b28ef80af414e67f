//! What is at work now, below what has happened.

use std::{collections::BTreeMap, time::Duration};

use flow_runtime::{Event, EventKind};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::words::{Words, indent};

/// How often the lines move.
const TICK: Duration = Duration::from_millis(100);
/// How many steps are shown at once.
const SHOWN: usize = 12;

/// The lines that move.
pub(crate) struct Live {
    bars: MultiProgress,
    /// Steps at work, by path and name.
    steps: BTreeMap<(String, String), ProgressBar>,
    /// Forks with many branches, by path.
    forks: BTreeMap<String, ProgressBar>,
}

impl Live {
    pub(crate) fn new() -> Self {
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        Live { bars, steps: BTreeMap::new(), forks: BTreeMap::new() }
    }

    /// Writes a line that stays, above those that move.
    pub(crate) fn print(&self, line: &str) {
        let line = if console_has_colour() { line.to_owned() } else { anstream::adapter::strip_str(line).to_string() };
        // A terminal that is gone shows nothing.
        let _ = self.bars.println(line);
    }

    pub(crate) fn see(&mut self, event: &Event, words: &Words) {
        let path = &event.path;
        match &event.kind {
            EventKind::StepStarted { step, attempt } if self.steps.len() < SHOWN => {
                let again = if *attempt > 1 { format!("  attempt {attempt}") } else { String::new() };
                let bar = self.spinner(format!("{}{step}{again}", plain(&indent(path))));
                self.steps.insert((path.clone(), step.clone()), bar);
            }
            EventKind::StepProgress { step, fraction, message } => {
                if let Some(bar) = self.steps.get(&(path.clone(), step.clone())) {
                    let done = fraction.map(|done| format!("  {:.0} %", done * 100.0)).unwrap_or_default();
                    let message = message.as_ref().map(|message| format!("  {message}")).unwrap_or_default();
                    bar.set_message(format!("{}{step}{done}{message}", plain(&indent(path))));
                }
            }
            EventKind::StepCompleted { step, .. } | EventKind::StepFailed { step, .. } => {
                if let Some(bar) = self.steps.remove(&(path.clone(), step.clone())) {
                    bar.finish_and_clear();
                    self.bars.remove(&bar);
                }
            }
            EventKind::StepRetrying { step, attempt, .. } => {
                let bar = self.spinner(format!("{}{step}  waits for attempt {attempt}", plain(&indent(path))));
                if let Some(before) = self.steps.insert((path.clone(), step.clone()), bar) {
                    before.finish_and_clear();
                }
            }
            EventKind::ForkStarted { .. } | EventKind::BranchCompleted { .. } => {
                if let Some(many) = words.many.get(path) {
                    let (name, branches) = (many.name.clone(), many.branches);
                    let bars = &self.bars;
                    let bar = self.forks.entry(path.clone()).or_insert_with(|| {
                        let bar = bars.add(ProgressBar::new(branches));
                        bar.set_style(style("{spinner:.cyan} {msg}  {wide_bar:.cyan/dim} {pos}/{len}  {elapsed:.dim}"));
                        bar.set_message(name);
                        bar.enable_steady_tick(TICK);
                        bar
                    });
                    bar.set_position(many.done);
                }
            }
            EventKind::ForkJoined { .. } => {
                if let Some(bar) = self.forks.remove(path) {
                    bar.finish_and_clear();
                    self.bars.remove(&bar);
                }
                // Of branches that lost a race, nobody hears any more.
                let below = if path.is_empty() { String::new() } else { format!("{path}/") };
                self.steps.retain(|(at, _), bar| {
                    let is_below = at != path && at.starts_with(&below);
                    if is_below {
                        bar.finish_and_clear();
                    }
                    !is_below
                });
            }
            _ => {}
        }
    }

    /// Takes away what moves.
    pub(crate) fn clear(&mut self) {
        for bar in self.steps.values().chain(self.forks.values()) {
            bar.finish_and_clear();
        }
        self.steps.clear();
        self.forks.clear();
        let _ = self.bars.clear();
    }

    fn spinner(&self, message: String) -> ProgressBar {
        let bar = self.bars.add(ProgressBar::new_spinner());
        bar.set_style(style("{spinner:.cyan} {msg}  {elapsed:.dim}"));
        bar.set_message(message);
        bar.enable_steady_tick(TICK);
        bar
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// Whether stderr takes colours, by the same rules as everything else that is written.
fn console_has_colour() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}
