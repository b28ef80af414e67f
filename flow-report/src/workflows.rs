//! The workflows of a program.

use flow_runtime::{App, Definition, DefinitionError, PauseDefinition};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The workflows of a program, in the order of their ids.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorkflowsReport {
    /// The workflows.
    pub workflows: Vec<WorkflowReport>,
}

/// A workflow of a program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorkflowReport {
    /// Its id.
    pub id: String,
    /// The function's name.
    pub name: String,
    /// The function's doc comment.
    pub description: String,
    /// A short name for its points and what is saved there: runs of one can go on in another of the same.
    pub fingerprint: String,
    /// JSON Schema of its input.
    pub input_schema: Value,
    /// How many steps it has, those of the workflows it awaits included.
    pub steps: usize,
    /// What it may ask.
    pub pauses: Vec<QuestionReport>,
}

/// Something a workflow may ask.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QuestionReport {
    /// What kind of question it is: `approve`.
    pub name: String,
    /// The question in words.
    pub question: String,
    /// JSON Schema of the answer. Options that are known at run time only are not in it.
    pub schema: Value,
}

impl WorkflowsReport {
    /// Those of an App.
    pub fn of(app: &App) -> Self {
        let definitions = app.workflows().into_iter().filter_map(|info| app.definition_of(&info.id).ok());
        WorkflowsReport { workflows: definitions.map(WorkflowReport::new).collect() }
    }
}

impl WorkflowReport {
    /// The workflow of this id.
    ///
    /// # Errors
    /// [`DefinitionError::NotRegistered`], with the id that was probably meant.
    pub fn of(app: &App, id: &str) -> Result<Self, DefinitionError> {
        Ok(WorkflowReport::new(app.definition_of(id)?))
    }

    /// The workflow of a definition.
    pub fn new(definition: Definition) -> Self {
        let Definition { id, fingerprint, name, doc, input, steps, pauses, .. } = definition;
        let mut questions: Vec<QuestionReport> = Vec::new();
        for PauseDefinition { name, doc, answer, .. } in pauses {
            let question = QuestionReport { name, question: doc, schema: answer };
            if !questions.contains(&question) {
                questions.push(question);
            }
        }
        let steps = steps.iter().filter(|step| step.kind == "step").count();
        WorkflowReport { id, name, description: doc, fingerprint, input_schema: input, steps, pauses: questions }
    }
}
