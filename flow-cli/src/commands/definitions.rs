//! `definitions`, `save`, `diff`.

use clap::Args;
use flow_runtime::{App, Definition, DefinitionError, SavedDefinition, store::Stage};

use crate::{
    CliError,
    context::{Context, Desk, Mode, find_workflow},
    reports::{DefinitionReport, DefinitionsReport, DiffReport, Said, changes},
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
    let stored = desk.app.definitions(args.workflow.as_deref()).await?;
    let report = |saved: &SavedDefinition| {
        let own = desk.app.definition_of(&saved.definition.id).ok();
        let diff = own.map(|own| saved.definition.changes_to(&own));
        DefinitionReport::of(saved, diff.as_ref())
    };
    Ok(DefinitionsReport { definitions: stored.iter().map(report).collect() }.into())
}

/// Stores what a workflow is.
pub(crate) async fn save(cx: Context, args: SaveArgs) -> Result<Said, CliError> {
    let workflow = cx.workflow(&args.workflow)?.id;
    let desk = cx.open(Mode::Write).await?;
    let stage = if args.publish { Stage::Published } else { Stage::Draft };
    let saved = desk.app.save_id(&workflow, stage, args.label.as_deref()).await?;
    let diff = saved.definition.changes_to(&desk.app.definition_of(&workflow)?);
    Ok(DefinitionReport::of(&saved, Some(&diff)).into())
}

/// Shows how two definitions differ.
pub(crate) async fn diff(cx: Context, args: DiffArgs) -> Result<Said, CliError> {
    let desk = cx.open(Mode::Look).await?;
    let (before, saved) = stored(&desk, &args.before).await?;
    let (after, now) = match &args.after {
        Some(after) => stored(&desk, after).await?,
        None => own(&desk.app, &args.before)?,
    };
    let diff = saved.changes_to(&now);
    let compatible = diff.points_gone.is_empty() && diff.bindings_missing.is_empty();
    Ok(DiffReport { before, after, compatible, changes: changes(&diff) }.into())
}

fn split(wanted: &str) -> (&str, Option<&str>) {
    wanted.rsplit_once('@').map_or((wanted, None), |(workflow, which)| (workflow, Some(which)))
}

/// What this program has.
fn own(app: &App, wanted: &str) -> Result<(String, Definition), CliError> {
    let workflow = find_workflow(app.workflows(), split(wanted).0)?.id;
    let definition = app.definition_of(&workflow)?;
    Ok((format!("{workflow} (this program)"), definition))
}

/// A stored definition, whether or not this program is what it says.
async fn stored(desk: &Desk, wanted: &str) -> Result<(String, Definition), CliError> {
    let (workflow, which) = split(wanted);
    let stored = desk.app.definitions(Some(workflow)).await?;
    let found = stored.iter().find(|saved| match which {
        None => saved.stage == Stage::Published,
        Some(which) => match which.parse::<u32>() {
            Ok(version) => saved.version == version,
            Err(_) => saved.label.as_deref() == Some(which),
        },
    });
    let Some(found) = found.or(stored.first().filter(|_| which.is_none())) else {
        // A name that nobody knows is more likely mistyped than not stored.
        if stored.is_empty() {
            find_workflow(desk.app.workflows(), workflow)?;
        }
        let known = stored.iter().map(|saved| match &saved.label {
            Some(label) => format!("{} ({label})", saved.version),
            None => saved.version.to_string(),
        });
        return Err(DefinitionError::NotStored { wanted: wanted.to_owned(), known: known.collect() }.into());
    };
    Ok((format!("{workflow}@{}", found.version), found.definition.clone()))
}
