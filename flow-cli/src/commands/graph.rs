//! `graph`.

use clap::{Args, ValueEnum};
use flow_graph::{Standing, State};
use flow_runtime::WorkflowInfo;

use crate::{
    CliError,
    context::{Context, Mode, find_workflow},
    output::short,
    reports::{GraphReport, Said, json},
};

/// `graph WORKFLOW`.
#[derive(Debug, Clone, Args)]
pub struct GraphArgs {
    /// Which workflow; `list` shows them. With --run, that of the run
    pub workflow: Option<String>,
    /// In which language
    #[arg(long, short, value_enum, default_value_t)]
    pub format: GraphFormat,
    /// Show where this run stands: its id, the end of it, or `last`
    #[arg(long, value_name = "RUN")]
    pub run: Option<String>,
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

/// Prints a workflow as a graph. No store is opened, unless a run is to be shown in it.
pub(crate) async fn graph(cx: Context, args: GraphArgs) -> Result<Said, CliError> {
    let Some(run) = args.run else {
        let Some(workflow) = &args.workflow else {
            let hints = cx.workflows().iter().map(|workflow| cx.kit.shell.command(["graph", &workflow.id])).collect();
            return Err(CliError::Usage { what: "which workflow is missing".to_owned(), hints });
        };
        return Ok(report(&cx.workflow(workflow)?, args.format, None).into());
    };
    let wanted = args.workflow.map(|workflow| cx.workflow(&workflow)).transpose()?;
    let workflows = cx.workflows();
    let desk = cx.open(Mode::Look).await?;
    let run = desk.run(&run).await?;
    if let Some(wanted) = wanted.filter(|wanted| wanted.id != run.workflow()) {
        let what = format!("run {} is one of `{}`, not of `{}`", short(run.id()), run.workflow(), wanted.id);
        let hints = vec![desk.kit.shell.command(["graph", run.workflow(), "--run", short(run.id())])];
        return Err(CliError::Usage { what, hints });
    }
    let workflow = find_workflow(workflows, run.workflow())?;
    let standing = Standing::of(&run).await?;
    Ok(report(&workflow, args.format, Some(&standing)).into())
}

fn report(workflow: &WorkflowInfo, format: GraphFormat, standing: Option<&Standing>) -> GraphReport {
    let graph = workflow.graph.to_json();
    let standing_json = standing.map(|standing| serde_json::to_value(standing).unwrap_or_default());
    let drawing = match format {
        GraphFormat::Mermaid => workflow.graph.to_mermaid() + &standing.map(classes).unwrap_or_default(),
        GraphFormat::Dot => workflow.graph.to_dot(),
        GraphFormat::Svg => flow_graph::svg(&workflow.graph, standing.unwrap_or(&Standing::default())),
        GraphFormat::Json => match &standing_json {
            Some(standing) => json(&serde_json::json!({ "graph": graph, "standing": standing })),
            None => json(&graph),
        },
    };
    GraphReport { workflow: workflow.id.clone(), graph, standing: standing_json, drawing }
}

/// Where a run stands, as classes of a Mermaid chart.
fn classes(standing: &Standing) -> String {
    let mut out = String::from(
        "    classDef done stroke:#2e7d32,stroke-width:2px\n    classDef working stroke:#1565c0,stroke-width:3px\n    \
         classDef waiting stroke:#b26a00,stroke-width:3px\n    classDef sleeping stroke:#6a6a6a,stroke-width:2px\n    \
         classDef failed stroke:#c62828,stroke-width:3px\n    classDef skipped stroke-dasharray:4\n",
    );
    // The lanes of fan-outs are no nodes there.
    let nodes = standing.nodes.iter().filter(|(node, mark)| mark.state != State::Ahead && !node.contains('-'));
    for (node, mark) in nodes {
        out.push_str(&format!("    class n{} {}\n", node.replace('/', "_"), mark.state.as_str()));
    }
    out
}
