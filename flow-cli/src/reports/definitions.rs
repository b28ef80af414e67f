//! `definitions`, `save`, `diff`, `schema`.

use flow_report::{DefinitionReport, DefinitionsReport, DiffReport};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::Report;
use crate::{
    drive::done,
    output::{BOLD, DIM, GOOD, NEWS, Table, ago, paint},
};

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

impl Report for DiffReport {
    fn text(&self) -> String {
        let DiffReport { before, after, compatible, changes } = self;
        // What is not stored has no version.
        let is_stored = after.rsplit_once('@').is_some_and(|(_, version)| version.parse::<u32>().is_ok());
        let whose = if is_stored { "" } else { " (this program)" };
        let head = format!("{} → {}\n", paint(BOLD, before), paint(BOLD, &format!("{after}{whose}")));
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
