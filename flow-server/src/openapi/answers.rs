//! Answers: a type for each question a workflow may ask, and, where these are all there are, one of them for every answer.

use flow_report::WorkflowReport;
use flow_runtime::Definition;
use serde_json::{Value, json};

use super::{
    names::pascal,
    schemas::{Kind, Schemas},
};

/// Takes in the answers to all questions that are known, and says of answers in general that they are these.
pub(super) fn describe(definitions: &[Definition], workflows: &[(String, WorkflowReport)], schemas: &mut Schemas) {
    let mut known: Vec<Value> = Vec::new();
    for (name, workflow) in workflows {
        for pause in &workflow.pauses {
            // One name may stand for two questions, with an answer each.
            known.push(schemas.adopt(&format!("{name}{}Answer", pascal(&pause.name)), pause.schema.clone()));
        }
    }
    // What is asked about a step takes what the step returns, and is not among these.
    let complete = !known.is_empty() && !definitions.iter().any(Definition::asks_about_steps);
    let text = "The answer, as the schema of the pause describes it";
    let described = if known.is_empty() {
        return;
    } else if complete {
        json!({ "description": format!("{text}."), "anyOf": known })
    } else {
        let names: Vec<String> = known.iter().filter_map(name_of).collect();
        json!({ "description": format!("{text}: {}, or what is asked about a step.", names.join(", ")) })
    };
    for kind in [Kind::AnswerBody, Kind::LinkAnswerBody] {
        schemas.change(kind, |schema| schema["properties"]["answer"] = described.clone());
    }
}

/// The name of a component, in code.
fn name_of(reference: &Value) -> Option<String> {
    Some(format!("`{}`", reference["$ref"].as_str()?.rsplit('/').next()?))
}
