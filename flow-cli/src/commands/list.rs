//! `list`.

use crate::{
    CliError,
    context::Context,
    form::{Form, Shape},
    reports::{ListReport, Said, WorkflowReport},
};

/// Shows the workflows of the program. No store is opened.
pub(crate) fn list(cx: Context) -> Result<Said, CliError> {
    let (app, _) = cx.describe()?;
    let mut workflows = Vec::new();
    for info in app.workflows() {
        let definition = app.definition_of(&info.id)?;
        let form = Form::new(&Shape::of(&info.input_schema), &super::run::command());
        let mut asks: Vec<String> = definition.pauses.iter().map(|pause| pause.name.clone()).collect();
        asks.dedup();
        workflows.push(WorkflowReport {
            id: info.id,
            doc: info.doc.trim().to_owned(),
            fingerprint: definition.fingerprint,
            input: info.input_schema,
            steps: definition.steps.iter().filter(|step| step.kind == "step").count(),
            asks,
            flags: form.usage(),
        });
    }
    Ok(ListReport(workflows).into())
}
