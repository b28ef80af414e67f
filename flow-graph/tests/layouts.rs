//! What holds of every drawing, of whatever program.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::time::Instant;

use common::{
    checks::{assert_is_xml, mistakes},
    programs::{Prng, program, tangle},
    workflows::*,
};
use flow_graph::{Standing, layout, svg};
use flow_runtime::{Graph, Workflow};

fn check(graph: &Graph, name: &str) {
    let found = mistakes(graph, &layout(graph));
    if !found.is_empty() {
        std::fs::write("/tmp/w/svg/bad.svg", svg(graph, &Standing::default())).unwrap();
    }
    assert!(found.is_empty(), "{name}: {}\n{}", found.join("\n"), graph.to_mermaid());
    assert_is_xml(&svg(graph, &Standing::default()));
}

#[test]
fn workflows_are_drawn_well() {
    let graphs = [
        OneStep::GRAPH,
        ContentCreation::GRAPH,
        OrderSaga::GRAPH,
        Crawl::GRAPH,
        DataPipeline::GRAPH,
        ExecuteTrade::GRAPH,
        Measurement::GRAPH,
        Everything::GRAPH,
        AccountOpening::GRAPH,
    ];
    for graph in graphs {
        check(&graph, graph.name);
    }
}

#[test]
fn programs_are_drawn_well() {
    for seed in 0..600 {
        let mut prng = Prng::new(seed);
        let (size, jumps) = (1 + prng.below(60), seed % 3 != 0);
        check(&program(&mut prng, size, jumps), &format!("seed {seed}"));
    }
}

#[test]
fn large_programs_are_drawn_well_and_soon() {
    let mut times = Vec::new();
    for size in [125, 250, 500, 1000, 2000] {
        let large = (0..).map(|seed| program(&mut Prng::new(seed), size, true)).find(|graph| graph.nodes.len() >= size);
        let graph = large.unwrap();
        let began = Instant::now();
        let drawn = layout(&graph);
        times.push((
            graph.nodes.len(),
            drawn.nodes.len(),
            drawn.edges.len(),
            drawn.width,
            drawn.height,
            began.elapsed(),
        ));
        let found = mistakes(&graph, &drawn);
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
    println!("{times:#?}");
}

#[test]
fn whatever_there_is_is_drawn() {
    for seed in 0..2000 {
        let mut prng = Prng::new(seed);
        let count = 3 + prng.below(20);
        check(&tangle(&mut prng, count), &format!("tangle {seed}"));
    }
}
