//! Who has the connection that writes, and who waits for it: the concurrent core of group commit.
//!
//! It knows neither SQLite nor threads, and its locks come from the module above, so that `tests/loom_commit.rs` can try it with
//! every order in which threads may run.

use std::{
    collections::VecDeque,
    sync::{Arc, PoisonError},
};

use super::sync::{Condvar, Mutex, MutexGuard};

/// Something that is done with the connection.
pub(super) trait Task {
    /// Whether it is done together with others of its kind that wait beside it.
    fn joins(&self) -> bool;
}

/// One connection, and the queue of what is to be done with it.
pub(super) struct Group<C, T> {
    state: Mutex<State<C, T>>,
    /// Tells whoever works the queue off that the connection and tasks are there, or the end.
    wake: Condvar,
}

struct State<C, T> {
    /// `None` while somebody has it.
    conn: Option<C>,
    tasks: VecDeque<T>,
    closed: bool,
}

/// The connection, for as long as somebody has it.
pub(super) struct Lease<C, T> {
    group: Arc<Group<C, T>>,
    conn: Option<C>,
}

impl<C, T> Group<C, T> {
    pub(super) fn new(conn: C) -> Arc<Self> {
        let state = State { conn: Some(conn), tasks: VecDeque::new(), closed: false };
        Arc::new(Group { state: Mutex::new(state), wake: Condvar::new() })
    }

    fn lock(&self) -> MutexGuard<'_, State<C, T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection, if nobody has it and nobody waits for it.
    pub(super) fn try_take(self: &Arc<Self>) -> Option<Lease<C, T>> {
        let mut state = self.lock();
        let conn = if state.tasks.is_empty() { state.conn.take() } else { None };
        drop(state);
        conn.map(|conn| Lease { group: self.clone(), conn: Some(conn) })
    }

    /// Adds a task at the end of the queue.
    pub(super) fn push(&self, task: T) {
        let mut state = self.lock();
        state.tasks.push_back(task);
        self.notify(&state);
    }

    /// Waits for the connection and for something to do, and takes both: the first task, with all behind it that join it.
    /// `None` when the group is closed and all is done.
    pub(super) fn next(self: &Arc<Self>) -> Option<(Lease<C, T>, Vec<T>)>
    where
        T: Task,
    {
        let mut state = self.lock();
        loop {
            if state.tasks.is_empty() && state.closed {
                return None;
            }
            if let Some(first) = state.conn.as_ref().and(state.tasks.front()) {
                let count = match first.joins() {
                    true => state.tasks.iter().take_while(|task| task.joins()).count(),
                    false => 1,
                };
                let tasks = state.tasks.drain(..count).collect();
                let lease = Lease { group: self.clone(), conn: state.conn.take() };
                return Some((lease, tasks));
            }
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Says that nobody will push any more. What is queued is still to be done.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.wake.notify_one();
    }

    /// Takes all that waits, should there be nobody to do it.
    pub(super) fn drain(&self) -> Vec<T> {
        self.lock().tasks.drain(..).collect()
    }

    fn notify(&self, state: &State<C, T>) {
        if state.conn.is_some() && !state.tasks.is_empty() {
            self.wake.notify_one();
        }
    }

    fn give(&self, conn: C, first: Option<T>) {
        let mut state = self.lock();
        state.conn = Some(conn);
        if let Some(task) = first {
            state.tasks.push_front(task);
        }
        self.notify(&state);
    }
}

impl<C, T> Lease<C, T> {
    /// The connection, which is there until it is given back.
    pub(super) fn conn(&self) -> Option<&C> {
        self.conn.as_ref()
    }

    /// Gives the connection back, with a task that is done before all others.
    pub(super) fn leave(mut self, task: T) {
        if let Some(conn) = self.conn.take() {
            self.group.give(conn, Some(task));
        }
    }
}

impl<C, T> Drop for Lease<C, T> {
    fn drop(&mut self) {
        if let Some(conn) = self.conn.take() {
            self.group.give(conn, None);
        }
    }
}
