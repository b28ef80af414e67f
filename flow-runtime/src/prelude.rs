//! What a module with workflows needs: `use flow_runtime::prelude::*;`.

pub use crate::{
    App, Context, Outcome, Run, TimedOut, Workflow, parallel, pause, race, settle, sleep, sleep_until, step, workflow,
    workflow_fn,
};
