//! For tests: of workflows, of what happens to them when things go wrong, and of stores.
//!
//! | to | there is |
//! |---|---|
//! | let time pass | [`VirtualClock`], or tokio's paused clock |
//! | answer what a run asks | [`Script`] |
//! | have another function in the place of a step | [`AppBuilder::replace_step`](crate::AppBuilder::replace_step) |
//! | kill a workflow everywhere | [`kill_at_every_checkpoint`] |
//! | have a store fail or die on command | [`Faults`] |
//! | look at what is written | [`Hooked`] |
//! | put a store of your own through its paces | [`conformance`] |

mod clock;
pub mod conformance;
mod faults;
mod hooked;
mod kill;
mod replace;
mod script;

pub(crate) use clock::Moved;
pub use clock::VirtualClock;
pub use faults::{Fault, Faults};
pub use hooked::{Content, Hook, Hooked, Operation};
pub use kill::{KillError, KillReport, kill_at_every_checkpoint};
pub(crate) use replace::Replaced;
#[doc(hidden)]
pub use replace::replacement;
pub use script::{Script, ScriptError};
