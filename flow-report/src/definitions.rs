//! Definitions that are stored.

use flow_runtime::{App, DefinitionDiff, DefinitionError, SavedDefinition};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is stored, by workflow, the newest version first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DefinitionsReport {
    /// The definitions.
    pub definitions: Vec<DefinitionReport>,
}

/// A stored definition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DefinitionReport {
    /// Id of the workflow.
    pub workflow: String,
    /// Its number in its workflow, from 1.
    pub version: u32,
    /// `draft` or `published`.
    pub stage: String,
    /// Its label.
    pub label: Option<String>,
    /// When it was saved.
    pub saved_at: i64,
    /// A short name for its points and what is saved there.
    pub fingerprint: String,
    /// How this program differs from it, in words; empty if it does not, `null` if this program has no such workflow.
    pub differs: Option<Vec<String>>,
}

/// How a definition differs from another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DiffReport {
    /// The one before: `order@1`.
    pub before: String,
    /// The one after: `order@2`, or `order` for that of this program.
    pub after: String,
    /// Whether runs of the one before can go on in the one after, as far as that shows without a look at the types.
    pub compatible: bool,
    /// What has changed, in words.
    pub changes: Vec<String>,
}

impl DefinitionsReport {
    /// The stored definitions of a workflow, or of all.
    ///
    /// # Errors
    /// [`DefinitionError::Unreadable`], and those of the store.
    pub async fn of(app: &App, workflow: Option<&str>) -> Result<Self, DefinitionError> {
        let stored = app.definitions(workflow).await?;
        Ok(DefinitionsReport { definitions: stored.iter().map(|saved| DefinitionReport::of(app, saved)).collect() })
    }
}

impl DefinitionReport {
    /// A stored definition, and how that of the program differs from it.
    pub fn of(app: &App, saved: &SavedDefinition) -> Self {
        let linked = app.definition_of(&saved.definition.id).ok();
        let diff = linked.map(|linked| saved.definition.changes_to(&linked));
        DefinitionReport {
            workflow: saved.definition.id.clone(),
            version: saved.version,
            stage: saved.stage.as_str().to_owned(),
            label: saved.label.clone(),
            saved_at: saved.saved_at,
            fingerprint: saved.definition.fingerprint.clone(),
            differs: diff.as_ref().map(changes),
        }
    }
}

impl DiffReport {
    /// How a stored definition differs from another stored one, or from that of this program.
    ///
    /// # Errors
    /// [`DefinitionError::NotRegistered`] if this program is meant and has no such workflow.
    pub fn of(app: &App, before: &SavedDefinition, after: Option<&SavedDefinition>) -> Result<Self, DefinitionError> {
        let name = |saved: &SavedDefinition| format!("{}@{}", saved.definition.id, saved.version);
        let (after, now) = match after {
            Some(after) => (name(after), after.definition.clone()),
            None => (before.definition.id.clone(), app.definition_of(&before.definition.id)?),
        };
        let diff = before.definition.changes_to(&now);
        let compatible = diff.points_gone.is_empty() && diff.bindings_missing.is_empty();
        Ok(DiffReport { before: name(before), after, compatible, changes: changes(&diff) })
    }
}

/// Of these stored versions of a workflow the one of this number or label; without either, the newest.
///
/// # Errors
/// [`DefinitionError::NotStored`], with the versions there are.
pub fn find_version<'s>(
    workflow: &str,
    stored: &'s [SavedDefinition],
    which: Option<&str>,
) -> Result<&'s SavedDefinition, DefinitionError> {
    let is_meant = |saved: &&SavedDefinition| match which.map(|which| (which, which.parse::<u32>())) {
        None => true,
        Some((_, Ok(version))) => saved.version == version,
        Some((label, Err(_))) => saved.label.as_deref() == Some(label),
    };
    let known = |saved: &SavedDefinition| match &saved.label {
        Some(label) => format!("{} ({label})", saved.version),
        None => saved.version.to_string(),
    };
    stored.iter().find(is_meant).ok_or_else(|| DefinitionError::NotStored {
        wanted: which.map_or_else(|| workflow.to_owned(), |which| format!("{workflow}@{which}")),
        known: stored.iter().map(known).collect(),
    })
}

/// A diff, one change after the other.
fn changes(diff: &DefinitionDiff) -> Vec<String> {
    if diff.is_empty() { Vec::new() } else { diff.to_string().split("; ").map(str::to_owned).collect() }
}
