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
#[test]
fn dump2() {
    for seed in [4, 11, 23, 37] {
        let mut prng = common::programs::Prng::new(seed);
        let graph = common::programs::program(&mut prng, 40, true);
        std::fs::write(format!("/tmp/w/svg/seed{seed}.svg"), flow_graph::svg(&graph, &flow_graph::Standing::default()))
            .unwrap();
    }
}
