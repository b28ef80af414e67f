//! The differential test: one source, compiled as plain async functions and as workflows, gives the same results, straight
//! through and killed and reloaded after every checkpoint.
//!
//! `build/` makes the two texts, from `bodies/` and from a generator of random programs; the tests include them and hand
//! their [`Case`]s to [`check`].

mod case;
mod check;
pub mod interpreter;
mod mortal;
pub mod plain;
mod process;
pub mod steps;
pub mod trace;
pub mod tried;
pub mod values;

pub use case::{Case, Running};
pub use check::{Depth, check};
pub use mortal::{Death, Mortal, Storage, faults};
