//! For tests: of stores, and of workflows.

pub mod conformance;
