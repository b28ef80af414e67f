//! `definitions`, `save`, `diff`, `schema`.

use flow_runtime::{DefinitionDiff, SavedDefinition};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::Report;
use crate::{
    drive::done,
    output::{BOLD, DIM, GOOD, NEWS, Table, ago, paint},
};

/// `definitions`: what is stored, by workflow, the newest version first.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DefinitionsReport {
    /// The definitions.
    pub definitions: Vec<DefinitionReport>,
}

/// A stored definition. Also what `save` prints.
#[derive(Debug, Clone, Serialize, JsonSchema)]
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

impl DefinitionReport {
    /// A stored definition, and how the program's own differs from it.
    pub(crate) fn of(saved: &SavedDefinition, diff: Option<&DefinitionDiff>) -> Self {
        DefinitionReport {
            workflow: saved.definition.id.clone(),
            version: saved.version,
            stage: saved.stage.as_str().to_owned(),
            label: saved.label.clone(),
            saved_at: saved.saved_at,
            fingerprint: saved.definition.fingerprint.clone(),
            differs: diff.map(changes),
        }
    }
}

/// A diff, one change after the other.
pub(crate) fn changes(diff: &DefinitionDiff) -> Vec<String> {
    if diff.is_empty() { Vec::new() } else { diff.to_string().split("; ").map(str::to_owned).collect() }
}

impl Report for DefinitionsReport {
    fn text(&self) -> String {
        if self.definitions.is_empty() {
            return "No definitions are stored: `save WORKFLOW` stores one.\n".to_owned();
        }
        let mut table = Table::new(&["WORKFLOW", "VERSION", "STAGE", "LABEL", "SAVED", "THIS PROGRAM"]);
        for definition in &self.definitions {
            let stage = if definition.stage == "published" { GOOD } else { NEWS };
            let differs = match definition.differs.as_deref() {
                Some([]) => "is this".to_owned(),
                Some(changes) => format!("differs in {}", changes.len()),
                None => "has no such workflow".to_owned(),
            };
            let plain = anstyle::Style::new();
            table.row([
                (BOLD, definition.workflow.clone()),
                (plain, definition.version.to_string()),
                (stage, definition.stage.clone()),
                (plain, definition.label.clone().unwrap_or_default()),
                (plain, ago(definition.saved_at)),
                (DIM, differs),
            ]);
        }
        table.to_string()
    }
}

impl Report for DefinitionReport {
    fn text(&self) -> String {
        let DefinitionReport { workflow, version, stage, label, .. } = self;
        let label = label.as_ref().map(|label| format!(", label `{label}`")).unwrap_or_default();
        done(&format!("Version {version} of {workflow} is stored: {stage}{label}."))
    }
}

/// `diff`: how a definition differs from another.
#[derive(Debug, Clone, Serialize, JsonSchema)]
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

impl Report for DiffReport {
    fn text(&self) -> String {
        let DiffReport { before, after, compatible, changes } = self;
        let head = format!("{} → {}\n", paint(BOLD, before), paint(BOLD, after));
        if changes.is_empty() {
            return format!("{head}  nothing has changed\n");
        }
        let list: String = changes.iter().map(|change| format!("  - {change}\n")).collect();
        let verdict = match compatible {
            true => paint(GOOD, "Runs of the one before can go on in the one after."),
            false => paint(NEWS, "Some runs of the one before cannot go on in the one after."),
        };
        format!("{head}{list}\n{verdict}\n")
    }
}

/// `schema`: JSON Schemas of what a workflow takes and asks.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SchemaReport {
    /// Id of the workflow.
    pub workflow: String,
    /// That of its input.
    pub input: Value,
    /// Those of the answers to its questions, by their names.
    pub pauses: Map<String, Value>,
}

impl Report for SchemaReport {
    /// Schemas are JSON for people, too.
    fn text(&self) -> String {
        super::json(self)
    }
}
