#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]
mod common;
use common::workflows::*;
use flow_runtime::Workflow;

#[test]
fn dump() {
    for graph in [
        OneStep::GRAPH,
        ContentCreation::GRAPH,
        OrderSaga::GRAPH,
        Crawl::GRAPH,
        DataPipeline::GRAPH,
        ExecuteTrade::GRAPH,
        Measurement::GRAPH,
        Everything::GRAPH,
        AccountOpening::GRAPH,
    ] {
        let svg = flow_graph::svg(&graph, &flow_graph::Standing::default());
        std::fs::write(format!("/tmp/w/svg/{}.svg", graph.name), svg).unwrap();
    }
}
