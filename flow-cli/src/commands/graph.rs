//! `graph`.

use clap::{Args, ValueEnum};
use flow_graph::Standing;

use crate::{
    CliError,
    context::Context,
    reports::{GraphReport, Said, json},
};

/// `graph WORKFLOW`.
#[derive(Debug, Clone, Args)]
pub struct GraphArgs {
    /// Which workflow; `list` shows them
    pub workflow: String,
    /// In which language
    #[arg(long, short, value_enum, default_value_t)]
    pub format: GraphFormat,
}

/// The languages of graphs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// For Markdown
    #[default]
    Mermaid,
    /// For Graphviz
    Dot,
    /// For the web: a drawing of its own, dark or light as its surroundings
    Svg,
    /// For programs
    Json,
}

/// Prints a workflow as a graph. No store is opened.
pub(crate) async fn graph(cx: Context, args: GraphArgs) -> Result<Said, CliError> {
    let workflow = cx.workflow(&args.workflow)?;
    let graph = workflow.graph.to_json();
    let drawing = match args.format {
        GraphFormat::Mermaid => workflow.graph.to_mermaid(),
        GraphFormat::Dot => workflow.graph.to_dot(),
        GraphFormat::Svg => flow_graph::svg(&workflow.graph, &Standing::default()),
        GraphFormat::Json => json(&graph),
    };
    Ok(GraphReport { workflow: workflow.id, graph, drawing }.into())
}
