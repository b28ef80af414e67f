//! `list`.

use flow_report::WorkflowsReport;

use super::Report;
use crate::{
    commands::run::command,
    form::{Form, Shape},
    output::{BOLD, DIM, Table, text},
};

/// `list`: the workflows of the program, in the order of their ids.
pub type ListReport = WorkflowsReport;

impl Report for WorkflowsReport {
    fn text(&self) -> String {
        if self.workflows.is_empty() {
            return "This program has no workflows: `.register::<…>(deps)` adds one.\n".to_owned();
        }
        let mut table = Table::new(&["WORKFLOW", "VERSION", "INPUT", "DOES"]);
        for workflow in &self.workflows {
            let description = text::shorten(workflow.description.trim().lines().next().unwrap_or_default(), 90);
            let version = workflow.fingerprint.get(..8).unwrap_or_default().to_owned();
            let flags = Form::new(&Shape::of(&workflow.input_schema), &command()).usage();
            let input = text::shorten(&flags.join(" "), 60);
            let plain = anstyle::Style::new();
            table.row([(BOLD, workflow.id.clone()), (DIM, version), (plain, input), (plain, description)]);
        }
        table.to_string()
    }
}
