//! What the peer does, and what it does wrong, written here: a case for each of its constructs, and for each of its faults that
//! concerns the language.
//!
//! Every case runs in memory and on SQLite, on tokio's paused clock. A second App on the same store stands for another process.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cancelling;
mod children;
mod choice;
mod common;
mod copies;
mod failure;
mod faults;
mod forks;
mod guide;
mod once;
mod people;
mod repetition;
mod sequence;
mod timers;
mod undoing;
