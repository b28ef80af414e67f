//! `list`.

use crate::{
    CliError,
    context::Context,
    reports::{Said, WorkflowsReport},
};

/// Shows the workflows of the program. No store is opened.
pub(crate) fn list(cx: Context) -> Result<Said, CliError> {
    let (app, _) = cx.describe()?;
    Ok(WorkflowsReport::of(&app).into())
}
