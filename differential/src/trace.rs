//! What steps have run on this thread, which of their results were kept, and what they have left behind in the world.
//!
//! A test drives its runs on one thread, so a thread-local list tells its programs apart from those of other tests.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
};

thread_local! {
    static TRACE: RefCell<Trace> = RefCell::default();
}

/// What a run has done, over all of its processes.
#[derive(Default)]
struct Trace {
    /// The steps, and how many processes there have been before the present one.
    calls: Vec<Call>,
    process: usize,
    /// The attempts whose end was committed: with `true`, because their frame has moved on.
    settled: HashMap<(String, u32), bool>,
    /// What must not have happened.
    wrong: Vec<String>,
    /// What was committed together with what undoes it, in that order.
    undoable: Vec<String>,
    /// Effects of steps, by the key of their visit.
    effects: BTreeMap<String, String>,
    /// Effects taken back, by the key of the step that did so, in that order.
    undone: Vec<(String, String)>,
    /// How often something was called that counts its own failures.
    counts: HashMap<String, u32>,
    /// No step may begin any more.
    over: bool,
    fresh: u64,
}

/// A step that has run.
struct Call {
    /// The step with its arguments.
    name: String,
    /// Whether a checkpoint was written after it, so that it must not run again.
    kept: bool,
    /// The frame it ran in.
    path: String,
    /// The process it ran in.
    process: usize,
    /// What stands for it in all attempts and processes.
    key: Option<String>,
    attempt: u32,
    /// Somebody has said that it happened.
    accepted: bool,
}

impl Call {
    fn undoes(&self) -> bool {
        self.key.as_ref().is_some_and(|key| key.ends_with(":undo"))
    }

    fn settle(&mut self, settled: &mut HashMap<(String, u32), bool>, moved: bool) {
        self.kept = true;
        if let Some(key) = &self.key {
            *settled.entry((key.clone(), self.attempt)).or_default() |= moved;
        }
    }
}

/// The path in `run/path:visit.moves`, or in that with `:undo` after it.
fn path_of(key: &str) -> String {
    let key = key.strip_suffix(":undo").unwrap_or(key);
    let path = key.split_once('/').map_or("", |(_, rest)| rest);
    path.rsplit_once(':').map_or("", |(path, _)| path).to_owned()
}

/// Writes down a step.
pub fn note(name: String) {
    let (key, attempt) = (flow_runtime::idempotency_key(), flow_runtime::attempt());
    TRACE.with_borrow_mut(|trace| {
        let path = key.as_deref().map(path_of).unwrap_or_default();
        let call = Call { name, kept: false, path, process: trace.process, key, attempt, accepted: false };
        if let Some(key) = &call.key {
            if trace.settled.contains_key(&(key.clone(), attempt)) {
                trace.wrong.push(format!("`{}` ran again after it was committed, {key}", call.name));
            }
            if trace.over && !call.undoes() {
                trace.wrong.push(format!("`{}` ran after the run had ended", call.name));
            }
        }
        trace.calls.push(call);
    });
}

/// A step has had an effect on the world.
pub fn effect(effect: String) {
    TRACE.with_borrow_mut(|trace| {
        trace.fresh += 1;
        let key = flow_runtime::idempotency_key().unwrap_or_else(|| trace.fresh.to_string());
        trace.effects.insert(key, effect);
    });
}

/// A step has taken an effect back.
pub fn undone(effect: String) {
    TRACE.with_borrow_mut(|trace| {
        trace.fresh += 1;
        let key = flow_runtime::idempotency_key().unwrap_or_else(|| trace.fresh.to_string());
        if !trace.undone.iter().any(|(known, _)| *known == key) {
            trace.undone.push((key, effect));
        }
    });
}

/// How often this was asked by what runs now, in all processes.
pub fn times_called() -> u32 {
    let key = flow_runtime::idempotency_key().unwrap_or_default();
    TRACE.with_borrow_mut(|trace| {
        let count = trace.counts.entry(key).or_default();
        *count += 1;
        *count
    })
}

/// A step that must not be repeated has had its effect.
pub fn effect_once(effect: String) {
    let key = flow_runtime::idempotency_key();
    TRACE.with_borrow_mut(|trace| {
        if let Some(key) = key.filter(|key| trace.effects.contains_key(key)) {
            trace.wrong.push(format!("{effect} was repeated, {key}"));
        }
    });
    self::effect(effect);
}

/// The effect of a step that ran in the frame of this path and was never committed; it counts as committed now.
pub(crate) fn happened(path: &str) -> Option<String> {
    TRACE.with_borrow_mut(|trace| {
        let settled = &trace.settled;
        let open =
            |key: &&String| path_of(key) == path && !settled.iter().any(|((known, _), done)| known == *key && *done);
        let key = trace.effects.keys().find(open)?.clone();
        for call in trace.calls.iter_mut().filter(|call| call.key.as_ref() == Some(&key)) {
            (call.kept, call.accepted) = (true, true);
        }
        trace.effects.get(&key).cloned()
    })
}

/// The frame of this path has moved: what ran in it and below it is done for good.
pub(crate) fn moved(path: &str, undoable: impl Iterator<Item = String>) {
    let below = |call: &Call| call.path == path || path.is_empty() || call.path.starts_with(&format!("{path}/"));
    TRACE.with_borrow_mut(|trace| {
        let process = trace.process;
        let now = |call: &&mut Call| (call.process == process || call.accepted) && !call.undoes() && below(call);
        for call in trace.calls.iter_mut().filter(now) {
            call.settle(&mut trace.settled, true);
        }
        trace.counts.retain(|key, _| path_of(key) != path || key.ends_with(":undo"));
        trace.undoable.extend(undoable);
    });
}

/// The frame of this path has written down how far its step has got; or that it begins from anew.
pub(crate) fn marked(path: &str, anew: bool) {
    TRACE.with_borrow_mut(|trace| {
        let process = trace.process;
        for call in trace.calls.iter_mut().filter(|call| call.process == process && !call.kept && call.path == path) {
            call.settle(&mut trace.settled, false);
        }
        if anew {
            trace.settled.retain(|(key, _), done| *done || path_of(key) != path);
        }
    });
}

/// One effect has been taken back, and that was written down.
pub(crate) fn undo_kept() {
    TRACE.with_borrow_mut(|trace| {
        let process = trace.process;
        for call in trace.calls.iter_mut().filter(|call| call.process == process && call.undoes()) {
            call.settle(&mut trace.settled, true);
        }
    });
}

/// The run goes no further: it has ended, or is being undone.
pub(crate) fn over() {
    moved("", std::iter::empty());
    TRACE.with_borrow_mut(|trace| trace.over = true);
}

/// The next process begins.
pub(crate) fn next_process() {
    TRACE.with_borrow_mut(|trace| trace.process += 1);
}

/// All of it, when a run has ended; the next run begins.
pub(crate) fn finish() -> World {
    let Trace { calls, process, wrong, undoable, effects, undone, .. } = TRACE.take();
    let count = |effects: &mut dyn Iterator<Item = String>| {
        let mut counts: BTreeMap<String, i64> = BTreeMap::new();
        effects.for_each(|effect| *counts.entry(effect).or_default() += 1);
        counts
    };
    let undone: Vec<String> = undone.into_iter().map(|(_, effect)| effect).collect();
    let mut left = count(&mut effects.into_values());
    for effect in &undone {
        *left.entry(effect.clone()).or_default() -= 1;
    }
    left.retain(|_, count| *count != 0);
    // What was in flight when a process died may have run again; nothing else has.
    let ran = calls.into_iter().filter(|call| call.kept || call.process == process).map(|call| call.name);
    World { ran: count(&mut { ran }), left, undoable, undone, wrong }
}

/// What a run has done, and what it has left behind.
#[derive(Debug)]
pub(crate) struct World {
    /// Steps, and how often each has run.
    pub(crate) ran: BTreeMap<String, i64>,
    /// Effects, and how often each is there.
    pub(crate) left: BTreeMap<String, i64>,
    /// What was committed and can be undone, in that order.
    pub(crate) undoable: Vec<String>,
    /// What was undone, in that order.
    pub(crate) undone: Vec<String>,
    /// What must not have happened.
    pub(crate) wrong: Vec<String>,
}
