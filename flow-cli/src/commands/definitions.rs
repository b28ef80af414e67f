//! `definitions`, `save`, `diff`.

use clap::Args;
use flow_report::find_version;
use flow_runtime::{SavedDefinition, store::Stage};

use crate::{
    CliError,
    context::{Context, Desk, Mode, find_workflow},
    reports::{DefinitionReport, DefinitionsReport, DiffReport, Said},
};

/// `definitions [WORKFLOW]`.
#[derive(Debug, Clone, Args)]
pub struct DefinitionsArgs {
    /// Only those of this workflow
    pub workflow: Option<String>,
}

/// `save WORKFLOW`.
#[derive(Debug, Clone, Args)]
pub struct SaveArgs {
    /// Which workflow; `list` shows them
    pub workflow: String,
    /// As one that stays as it is; without it, as a draft that the next one replaces
    #[arg(long)]
    pub publish: bool,
    /// A name for this version: `stable`
    #[arg(long, value_name = "NAME")]
    pub label: Option<String>,
}

/// `diff WORKFLOW`.
#[derive(Debug, Clone, Args)]
pub struct DiffArgs {
    /// What it was: `order@3`, `order@stable`, or `order` for the last one published
    pub before: String,
    /// What it is; without it, what this program has
    pub after: Option<String>,
}

/// Shows what is stored.
pub(crate) async fn definitions(cx: Context, args: DefinitionsArgs) -> Result<Said, CliError> {
    let desk = cx.open(Mode::Look).await?;
    Ok(DefinitionsReport::of(&desk.app, args.workflow.as_deref()).await?.into())
}

/// Stores what a workflow is.
pub(crate) async fn save(cx: Context, args: SaveArgs) -> Result<Said, CliError> {
    let workflow = cx.workflow(&args.workflow)?.id;
    let desk = cx.open(Mode::Write).await?;
    let stage = if args.publish { Stage::Published } else { Stage::Draft };
    let saved = desk.app.save_id(&workflow, stage, args.label.as_deref()).await?;
    Ok(DefinitionReport::of(&desk.app, &saved).into())
}

/// Shows how two definitions differ.
pub(crate) async fn diff(cx: Context, args: DiffArgs) -> Result<Said, CliError> {
    let desk = cx.open(Mode::Look).await?;
    let before = stored(&desk, &args.before).await?;
    let after = match &args.after {
        Some(after) => Some(stored(&desk, after).await?),
        None => {
            find_workflow(desk.app.workflows(), &before.definition.id)?;
            None
        }
    };
    Ok(DiffReport::of(&desk.app, &before, after.as_ref())?.into())
}

/// A stored definition, whether or not this program is what it says: without a version or a label the last one published, or
/// the last draft.
async fn stored(desk: &Desk, wanted: &str) -> Result<SavedDefinition, CliError> {
    let (workflow, which) = wanted.rsplit_once('@').map_or((wanted, None), |(id, which)| (id, Some(which)));
    let stored = desk.app.definitions(Some(workflow)).await?;
    // A name that nobody knows is more likely mistyped than not stored.
    if stored.is_empty() {
        find_workflow(desk.app.workflows(), workflow)?;
    }
    let published = stored.iter().find(|saved| which.is_none() && saved.stage == Stage::Published);
    let found = published.map_or_else(|| find_version(workflow, &stored, which), Ok);
    Ok(found?.clone())
}
