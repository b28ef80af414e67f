//! What the tests share.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, unreachable_pub)]

pub mod checks;
pub mod programs;
pub mod workflows;
