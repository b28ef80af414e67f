//! What holds of every drawing, of whatever program.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::time::{Duration, Instant};

use common::{
    checks::{assert_is_xml, mistakes},
    programs::{Prng, chain, ladder, nest, program, tangle},
    workflows::*,
};
use flow_graph::{Standing, layout, svg};
use flow_runtime::{Graph, Workflow};

fn check(graph: &Graph, name: &str) {
    let found = mistakes(graph, &layout(graph));
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
    for seed in 0..300 {
        let mut prng = Prng::new(seed);
        let (size, jumps) = (1 + prng.below(60), seed % 3 != 0);
        check(&program(&mut prng, size, jumps), &format!("seed {seed}"));
    }
}

/// The work grows with the size and little more: a layout of 2000 nodes takes a fraction of a second, and one of eight times
/// the size not much more than eight times as long, with much to spare for a machine that is busy.
#[test]
fn large_programs_are_drawn_well_and_soon() {
    let mut times = Vec::new();
    for size in [250, 500, 1000, 2000] {
        let large = (0..).map(|seed| program(&mut Prng::new(seed), size, true)).find(|graph| graph.nodes.len() >= size);
        let graph = large.unwrap();
        let time = (0..3).map(|_| {
            let began = Instant::now();
            let drawn = layout(&graph);
            (began.elapsed(), drawn)
        });
        let (time, drawn) = time.min_by_key(|(time, _)| *time).unwrap();
        let found = mistakes(&graph, &drawn);
        assert!(found.is_empty(), "{}", found.join("\n"));
        times.push(time);
    }
    assert!(times[3] < times[0] * 80 + Duration::from_millis(50), "{times:?}");
}

/// Long chains and deep nests: what random programs do not have.
#[test]
fn long_chains_and_deep_nests() {
    for size in [3, 12, 60, 500, 3000] {
        check(&chain(size), &format!("a chain of {size}"));
    }
    for depth in [3, 12, 60, 150] {
        check(&ladder(depth), &format!("{depth} early returns"));
        check(&nest(depth), &format!("{depth} decisions inside of each other"));
    }
}

#[test]
fn whatever_there_is_is_drawn() {
    for seed in 0..500 {
        let mut prng = Prng::new(seed);
        let count = 3 + prng.below(20);
        check(&tangle(&mut prng, count), &format!("tangle {seed}"));
    }
}
