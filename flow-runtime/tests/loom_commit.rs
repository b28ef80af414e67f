//! The concurrent core of group commit, with every order in which its threads may run (up to a number of preemptions).

#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod sync {
    pub(super) use loom::sync::{Condvar, Mutex, MutexGuard};
}

// The very file of the store, with the locks above.
#[path = "../src/store/sqlite/group.rs"]
#[allow(dead_code, reason = "not every test uses all of it")]
mod group;

use std::sync::Arc;

use group::{Group, Lease, Task};
use loom::{sync::Mutex, thread};

/// What was written, in its order; it is what the connection is.
type Log = Vec<&'static str>;
type Conn = Arc<Mutex<Log>>;

enum Job {
    Write(&'static str),
    /// Wants the connection for itself.
    Borrow(Arc<Mutex<Option<Lease<Conn, Job>>>>),
    /// What somebody who had it has left to be done.
    End(&'static str),
}

impl Task for Job {
    fn joins(&self) -> bool {
        matches!(self, Job::Write(_))
    }
}

fn model(check: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(check);
}

/// The writer thread: works the queue off until it is closed. Every group ends with a mark.
fn work(group: &Arc<Group<Conn, Job>>) {
    while let Some((lease, jobs)) = group.next() {
        assert!(!jobs.is_empty());
        let log = lease.conn().unwrap().clone();
        let mut lease = Some(lease);
        for job in jobs {
            match job {
                Job::Write(text) | Job::End(text) => log.lock().unwrap().push(text),
                Job::Borrow(to) => *to.lock().unwrap() = lease.take(),
            }
        }
        log.lock().unwrap().push("commit");
    }
}

/// Writes on the spot or leaves it to the thread.
fn write(group: &Arc<Group<Conn, Job>>, text: &'static str) {
    match group.try_take() {
        Some(lease) => lease.conn().unwrap().lock().unwrap().push(text),
        None => group.push(Job::Write(text)),
    }
}

fn texts(conn: &Conn) -> Log {
    conn.lock().unwrap().iter().copied().filter(|text| *text != "commit").collect()
}

fn position(log: &Log, text: &str) -> usize {
    let found: Vec<usize> = (0..log.len()).filter(|&at| log[at] == text).collect();
    assert_eq!(found.len(), 1, "`{text}` is written exactly once: {log:?}");
    found[0]
}

#[test]
fn all_that_is_pushed_is_done_once_and_in_order() {
    model(|| {
        let conn = Conn::default();
        let group = Group::new(conn.clone());
        let writer = thread::spawn({
            let group = group.clone();
            move || work(&group)
        });
        let other = thread::spawn({
            let group = group.clone();
            move || {
                group.push(Job::Write("a1"));
                group.push(Job::Write("a2"));
            }
        });
        group.push(Job::Write("b1"));
        group.push(Job::Write("b2"));
        other.join().unwrap();
        group.close();
        // With a wake-up that was lost, this would wait for ever, which loom reports.
        writer.join().unwrap();
        let log = texts(&conn);
        assert_eq!(log.len(), 4);
        assert!(position(&log, "a1") < position(&log, "a2"), "{log:?}");
        assert!(position(&log, "b1") < position(&log, "b2"), "{log:?}");
        assert!(group.try_take().is_some(), "the connection is back");
    });
}

#[test]
fn who_writes_on_the_spot_and_who_queues_lose_nothing() {
    model(|| {
        let conn = Conn::default();
        let group = Group::new(conn.clone());
        let writer = thread::spawn({
            let group = group.clone();
            move || work(&group)
        });
        let other = thread::spawn({
            let group = group.clone();
            move || {
                write(&group, "a1");
                write(&group, "a2");
            }
        });
        group.push(Job::Write("b1"));
        write(&group, "b2");
        other.join().unwrap();
        group.close();
        writer.join().unwrap();
        let log = texts(&conn);
        assert_eq!(log.len(), 4);
        assert!(position(&log, "a1") < position(&log, "a2"), "{log:?}");
        assert!(position(&log, "b1") < position(&log, "b2"), "{log:?}");
    });
}

#[test]
fn nobody_comes_between_a_transaction_and_its_end() {
    model(|| {
        let conn = Conn::default();
        let group = Group::new(conn.clone());
        let mine = group.try_take().unwrap();
        let writer = thread::spawn({
            let group = group.clone();
            move || work(&group)
        });
        let other = thread::spawn({
            let group = group.clone();
            move || {
                write(&group, "a1");
                write(&group, "a2");
            }
        });
        mine.conn().unwrap().lock().unwrap().push("begin");
        mine.leave(Job::End("end"));
        other.join().unwrap();
        group.close();
        writer.join().unwrap();
        let log = texts(&conn);
        assert_eq!(position(&log, "end"), position(&log, "begin") + 1, "{log:?}");
        assert!(position(&log, "a1") < position(&log, "a2"), "{log:?}");
    });
}

#[test]
fn a_connection_that_was_lent_comes_back() {
    model(|| {
        let conn = Conn::default();
        let group = Group::new(conn.clone());
        let writer = thread::spawn({
            let group = group.clone();
            move || work(&group)
        });
        let lent = Arc::new(Mutex::new(None));
        group.push(Job::Write("first"));
        group.push(Job::Borrow(lent.clone()));
        group.push(Job::Write("last"));
        let borrower = thread::spawn({
            let (group, lent) = (group.clone(), lent.clone());
            move || {
                // It may not be there yet: then it comes back with what holds it.
                if let Some(lease) = lent.lock().unwrap().take() {
                    assert!(group.try_take().is_none());
                    lease.conn().unwrap().lock().unwrap().push("borrowed");
                    drop(lease);
                    return true;
                }
                false
            }
        });
        let borrowed = borrower.join().unwrap();
        group.close();
        if !borrowed {
            // The writer may have lent it meanwhile, or may be about to.
            loop {
                let lease = lent.lock().unwrap().take();
                if lease.is_some() {
                    break;
                }
                thread::yield_now();
            }
        }
        writer.join().unwrap();
        let log = texts(&conn);
        let (first, last) = (position(&log, "first"), position(&log, "last"));
        assert!(first < last);
        if borrowed {
            assert!((first..last).contains(&position(&log, "borrowed")), "{log:?}");
        }
    });
}
