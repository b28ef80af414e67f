//! `list`.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::Report;
use crate::output::{BOLD, DIM, Table, text};

/// `list`: the workflows of the program, in the order of their ids.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct ListReport(pub Vec<WorkflowReport>);

/// A workflow of the program.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WorkflowReport {
    /// Its id.
    pub id: String,
    /// The function's doc comment.
    pub doc: String,
    /// A short name for its points and what is saved there: runs of one can go on in another of the same.
    pub fingerprint: String,
    /// JSON Schema of its input.
    pub input: Value,
    /// How many steps it has.
    pub steps: usize,
    /// Names of the questions it may ask.
    pub asks: Vec<String>,
    /// The flags of its input, those that are needed first.
    #[serde(skip)]
    pub flags: Vec<String>,
}

impl Report for ListReport {
    fn text(&self) -> String {
        if self.0.is_empty() {
            return "This program has no workflows: `.register::<…>(deps)` adds one.\n".to_owned();
        }
        let mut table = Table::new(&["WORKFLOW", "VERSION", "INPUT", "DOES"]);
        for workflow in &self.0 {
            let doc = text::shorten(workflow.doc.lines().next().unwrap_or_default(), 90);
            let version = workflow.fingerprint.get(..8).unwrap_or_default().to_owned();
            let input = text::shorten(&workflow.flags.join(" "), 60);
            let plain = anstyle::Style::new();
            table.row([(BOLD, workflow.id.clone()), (DIM, version), (plain, input), (plain, doc)]);
        }
        table.to_string()
    }
}
