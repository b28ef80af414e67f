//! What steps have run on this thread, and which of their results were kept.
//!
//! A test drives its runs on one thread, so a thread-local list tells its programs apart from those of other tests.

use std::cell::RefCell;

thread_local! {
    static TRACE: RefCell<Vec<Call>> = const { RefCell::new(Vec::new()) };
}

/// A step that has run to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The step with its arguments.
    pub name: String,
    /// Whether a checkpoint was written after it and before the next step ended.
    pub kept: bool,
}

/// Writes down a step.
pub fn note(name: String) {
    TRACE.with_borrow_mut(|trace| trace.push(Call { name, kept: false }));
}

/// A checkpoint was written.
pub(crate) fn kept() {
    TRACE.with_borrow_mut(|trace| {
        if let Some(last) = trace.last_mut() {
            last.kept = true;
        }
    });
}

/// The trace so far; the next one begins.
pub(crate) fn take() -> Vec<Call> {
    TRACE.take()
}
