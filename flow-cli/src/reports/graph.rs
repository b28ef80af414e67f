//! `graph`.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::Report;

/// `graph`: a workflow as a graph.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct GraphReport {
    /// Id of the workflow.
    pub workflow: String,
    /// Nodes and edges: `nodes` with `id`, `kind`, `name`, `doc`, `line`, `edges` with `from`, `to`, `when`.
    pub graph: Value,
    /// Where the run stands, if one was given: `nodes` by their ids, with `state`, `done` and what else is known, and the edges
    /// that were `taken`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<Value>,
    #[serde(skip)]
    pub(crate) drawing: String,
}

impl Report for GraphReport {
    fn text(&self) -> String {
        self.drawing.clone()
    }
}
