//! What a module with workflows needs: `use flow_runtime::prelude::*;`.

pub use crate::{
    Answered, App, Choose, ChooseMany, Confirm, Confirmation, Context, Form, Outcome, Recovery, Review, ReviewOf, Run,
    TimedOut, Unknown, Workflow, ask, choose, choose_many, confirm, parallel, pause, race, review, settle, sleep,
    sleep_until, step, workflow, workflow_fn,
};
#[cfg(feature = "garde")]
pub use crate::{ValidForm, ask_valid};
