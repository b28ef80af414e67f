//! `schema`.

use clap::Args;

use crate::{
    CliError,
    context::Context,
    reports::{Said, SchemaReport},
};

/// `schema WORKFLOW`.
#[derive(Debug, Clone, Args)]
pub struct SchemaArgs {
    /// Which workflow; `list` shows them
    pub workflow: String,
}

/// Prints the JSON Schemas of a workflow. No store is opened.
pub(crate) fn schema(cx: Context, args: SchemaArgs) -> Result<Said, CliError> {
    let workflow = cx.workflow(&args.workflow)?.id;
    let (app, _) = cx.describe()?;
    let definition = app.definition_of(&workflow)?;
    let pauses = definition.pauses.into_iter().map(|pause| (pause.name, pause.answer)).collect();
    Ok(SchemaReport { workflow, input: definition.input, pauses }.into())
}
