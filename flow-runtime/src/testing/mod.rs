//! For tests: of stores, and of workflows.

pub mod conformance;
mod hooked;

pub use hooked::{Content, Hook, Hooked, Operation};
