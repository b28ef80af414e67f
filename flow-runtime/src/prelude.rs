//! What a module with workflows needs: `use flow_runtime::prelude::*;`.

pub use crate::{App, Outcome, Run, Workflow, parallel, pause, step, workflow, workflow_fn};
