//! What drawings look like. `cargo xtask bless` draws the expected ones anew; look at them before they are committed.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{checks::assert_is_xml, workflows::*};
use expect_test::{ExpectFile, expect_file};
use flow_graph::{Standing, layout, svg};
use flow_runtime::{Graph, prelude::*};

fn check(graph: &Graph, standing: &Standing, expected: &ExpectFile) {
    let drawn = svg(graph, standing);
    assert_is_xml(&drawn);
    expected.assert_eq(&drawn);
}

#[test]
fn drawings_of_workflows() {
    let no_run = Standing::default();
    check(&OneStep::GRAPH, &no_run, &expect_file!["snapshots/one_step.svg"]);
    check(&OrderSaga::GRAPH, &no_run, &expect_file!["snapshots/order_saga.svg"]);
    check(&ContentCreation::GRAPH, &no_run, &expect_file!["snapshots/content_creation.svg"]);
    check(&Crawl::GRAPH, &no_run, &expect_file!["snapshots/crawl.svg"]);
    check(&DataPipeline::GRAPH, &no_run, &expect_file!["snapshots/data_pipeline.svg"]);
    check(&ExecuteTrade::GRAPH, &no_run, &expect_file!["snapshots/execute_trade.svg"]);
    check(&Everything::GRAPH, &no_run, &expect_file!["snapshots/everything.svg"]);
    check(&AccountOpening::GRAPH, &no_run, &expect_file!["snapshots/account_opening.svg"]);
    assert_eq!(OneStep::GRAPH.nodes.len(), 3);
    assert!(layout(&AccountOpening::GRAPH).nodes.len() > 60);
}

#[tokio::test]
async fn the_drawing_of_a_run() {
    let app = App::builder().register::<ContentCreation>(()).build().unwrap();
    let run = app.start::<ContentCreation>(0).await.unwrap();
    run.wait().await.unwrap();
    let mut standing = Standing::of(run.any()).await.unwrap();
    standing.run = Some("a-run".to_owned());
    check(&ContentCreation::GRAPH, &standing, &expect_file!["snapshots/content_creation_waits.svg"]);
}

#[test]
fn what_is_written_in_a_drawing_is_escaped() {
    let drawn = svg(&DataPipeline::GRAPH, &Standing::default());
    assert!(drawn.contains("Is &quot;this&quot; &lt;one&gt; &amp; that one right?"), "{drawn}");
    assert!(drawn.contains("survey &gt; 0?") && drawn.contains(r#"data-node="4""#));
    assert!(!drawn.contains("<script") && !drawn.contains("href"));
}

#[test]
fn a_layout_is_json() {
    let json = serde_json::to_value(layout(&OneStep::GRAPH)).unwrap();
    let find = json["nodes"].as_array().unwrap().iter().find(|node| node["name"] == "find").unwrap();
    assert_eq!((&find["kind"], &find["shape"], &find["id"]), (&"step".into(), &"card".into(), &"2".into()));
    assert_eq!(json["edges"][0]["points"].as_array().unwrap().len(), 2);
}

workflow! {
    /// Goes round for ever, and has no end.
    pub async fn forever(n: u64) -> Result<u64> {
        #[forever]
        loop {
            tidy(n).await?;
        }
    }
}

#[test]
fn a_workflow_without_an_end_has_none_in_the_drawing() {
    let drawn = layout(&Forever::GRAPH);
    assert!(drawn.nodes.iter().all(|node| node.name != "end"));
    assert!(drawn.edges.iter().any(|edge| edge.back && edge.from == edge.to));
}
