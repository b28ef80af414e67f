//! What the language looks like from outside: names, types, inputs, dependencies, graphs.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use flow_runtime::{NodeKind, Workflow, prelude::*};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

type Result<T> = std::result::Result<T, String>;

/// Where the article goes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Target {
    /// The folder, relative to the site.
    folder: String,
    draft: Option<bool>,
}

trait Model: Send + Sync + 'static {
    fn shorten(&self, text: &str) -> String;
}

struct Half;

impl Model for Half {
    fn shorten(&self, text: &str) -> String {
        text.chars().take(text.chars().count() / 2).collect()
    }
}

/// Makes a text shorter.
#[step]
async fn shorten<M: Model>(model: &M, text: &str) -> Result<String> {
    Ok(model.shorten(text))
}

#[step]
async fn parse<T>(text: &str) -> Result<T>
where
    T: std::str::FromStr + Send,
{
    text.parse().map_err(|_| format!("`{text}` is not a number"))
}

#[step]
async fn join(parts: impl IntoIterator<Item = String> + Send, [left, right]: [&str; 2]) -> Result<String> {
    Ok(format!("{left}{}{right}", parts.into_iter().collect::<Vec<_>>().join(",")))
}

workflow! {
    /// Makes a text shorter, again and again.
    async fn summarise<M: Model>(model: &M, text: String, rounds: u32) -> Result<String> {
        let mut text = text;
        for _ in 0..rounds {
            text = shorten(model, &text).await?;
        }
        Ok(text)
    }
}

struct Left(u64);
struct Right(u64);

#[step]
async fn add(left: &Left, right: &Right, third: u64) -> Result<u64> {
    Ok(left.0 + right.0 + third)
}

workflow! {
    async fn several_dependencies(left: &Left, right: &Right, text: String, target: Target) -> Result<String> {
        let third = parse::<u64>(&text).await?;
        let sum = add(left, right, third).await?;
        let parts = vec![sum.to_string(), target.folder];
        join(parts, ["<", ">"]).await
    }
}

workflow! {
    async fn nothing() -> Result<()> {
        let n = parse::<i8>("7").await?;
        assert_eq!(n, 7);
        Ok(())
    }
}

/// The same language as an attribute.
#[workflow_fn]
async fn as_attribute(text: String) -> Result<u16> {
    let number: u16 = parse(&text).await?;
    Ok(number + 1)
}

mod elsewhere {
    pub(crate) mod deep {
        use super::super::{Result, parse};
        use flow_runtime as f;

        #[f::step]
        pub(crate) async fn double(n: u32) -> Result<u32> {
            Ok(2 * n)
        }

        /// Is it right?
        #[f::pause]
        pub(crate) fn agree(n: u32) -> bool;

        f::workflow! {
            pub(crate) async fn twice(text: String) -> Result<u32> {
                let n = parse(&text).await?;
                let (a, b) = f::parallel!(double(n), double(n + 1))?;
                Ok(a + b)
            }
        }
    }
    pub(crate) use deep::{Agree as Yes, Twice as Again, agree as is_right, double as times_two};
}

workflow! {
    async fn through_other_names(n: u32) -> Result<u32> {
        let n = elsewhere::times_two(n).await?;
        match flow_runtime::pause(elsewhere::is_right(n)).await {
            true => Ok(n),
            false => Err("no".to_owned()),
        }
    }
}

/// Workflows can be made by macros, from tokens of theirs and of their callers.
macro_rules! adder {
    ($name:ident, $step:ident, $start:expr) => {
        workflow! {
            #![crate = flow_runtime]
            async fn $name(text: String) -> Result<u64> {
                let start: u64 = $start;
                let more: u64 = $step(&text).await?;
                let sum = start + more;
                let (same, text) = parallel!($step::<u64>(&text), async { Ok(text.clone()) })?;
                let again: u64 = $step(&text).await?;
                Ok(sum + same + again)
            }
        }
    };
}

adder!(add_to_ten, parse, 10);
adder!(add_to_ninety, parse, 90);

#[tokio::test]
async fn generic_workflows_and_steps_run() {
    let text = "abcdefgh".to_owned();
    assert_eq!(Summarise::<Half>::run(&Half, (text, 2)).await.unwrap(), "ab");
    let app = App::builder().register::<Summarise<Half>>(Half).build().unwrap();
    let run = app.start_json("summarise", json!({"text": "abcdefgh", "rounds": 1})).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(text) if text == "abcd"));
}

#[tokio::test]
async fn steps_stay_ordinary_functions() {
    assert_eq!(shorten(&Half, "abcd").await.unwrap(), "ab");
    assert_eq!(parse::<u8>("12").await.unwrap(), 12);
    assert_eq!(join(["a".to_owned()], ["(", ")"]).await.unwrap(), "(a)");
}

#[tokio::test]
async fn several_dependencies_and_inputs_are_taken() {
    let target = Target { folder: "blog".to_owned(), draft: None };
    let deps = (Left(1), Right(2));
    assert_eq!(SeveralDependencies::run(&deps, ("3".to_owned(), target)).await.unwrap(), "<6,blog>");
    Nothing::run(&(), ()).await.unwrap();
    assert_eq!(AsAttribute::run(&(), "41".to_owned()).await.unwrap(), 42);
}

#[tokio::test]
async fn modules_other_names_and_macros_make_no_difference() {
    assert_eq!(elsewhere::Again::run(&(), "3".to_owned()).await.unwrap(), 14);
    let app = App::builder().register::<ThroughOtherNames>(()).build().unwrap();
    let run = app.start::<ThroughOtherNames>(4).await.unwrap();
    run.wait().await.unwrap();
    run.answer::<elsewhere::Yes>(true).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), Outcome::Done(8)));
    assert_eq!(AddToTen::run(&(), "3".to_owned()).await.unwrap(), 19);
    assert_eq!(AddToNinety::run(&(), "3".to_owned()).await.unwrap(), 99);
}

#[test]
fn inputs_are_described() {
    let schema = SeveralDependencies::input_schema();
    assert_eq!(schema["required"], json!(["text", "target"]));
    assert_eq!(schema["properties"]["text"]["type"], "string");
    let target = &schema["properties"]["target"];
    assert_eq!(target["description"], "Where the article goes.");
    assert_eq!(target["properties"]["folder"]["description"], "The folder, relative to the site.");
    assert_eq!(target["required"], json!(["folder"]));
    assert_eq!(AsAttribute::input_schema()["type"], "string");
    assert_eq!(Nothing::input_schema()["properties"], json!({}));
}

#[test]
fn inputs_are_read_with_the_field_named() {
    let read = |text: &str| SeveralDependencies::input_from_json(text).map(|_| ()).unwrap_err().to_string();
    assert_eq!(read(r#"{"text": "1"}"#), "at `target`: missing field");
    let wrong = read(r#"{"text": "1", "target": {"folder": 1}}"#);
    assert!(wrong.starts_with("at `target.folder`: invalid type: integer `1`, expected a string"), "{wrong}");
    let unknown = read(r#"{"text": "1", "target": {"folder": ""}, "txt": 2}"#);
    assert_eq!(unknown, "at `txt`: unknown field, expected `text` or `target`");
    let input = SeveralDependencies::input_from_json(r#"{"text": "1", "target": {"folder": "f"}}"#).unwrap();
    let text = SeveralDependencies::input_to_json(&input).unwrap();
    assert_eq!(text, r#"{"text":"1","target":{"folder":"f","draft":null}}"#);
    assert!(Nothing::input_from_json("3").is_err());
    assert!(Nothing::input_from_json("{}").is_ok());
}

#[test]
fn names_ids_and_docs_come_from_the_function() {
    assert_eq!((SeveralDependencies::NAME, SeveralDependencies::ID), ("several_dependencies", "several-dependencies"));
    assert_eq!(Summarise::<Half>::DOC, "Makes a text shorter, again and again.");
}

#[test]
fn the_graph_is_a_constant_with_docs_and_lines() {
    const GRAPH: flow_runtime::Graph = <Summarise<Half> as Workflow>::GRAPH;
    let kinds: Vec<NodeKind> = GRAPH.nodes.iter().map(|node| node.kind).collect();
    assert_eq!(kinds, [NodeKind::Start, NodeKind::End, NodeKind::Choice, NodeKind::Step]);
    let step = &GRAPH.nodes[3];
    assert_eq!((step.name, GRAPH.doc(step)), ("shorten", "Makes a text shorter."));
    let source = include_str!("language.rs").lines().nth(step.line as usize - 1).unwrap();
    assert_eq!(source.trim(), "text = shorten(model, &text).await?;");
    let edges: Vec<_> = GRAPH.edges.iter().map(|edge| (edge.from, edge.to, edge.when)).collect();
    assert_eq!(edges, [(0, 2, ""), (2, 3, "_"), (3, 2, ""), (2, 1, "done")]);
}

#[test]
fn the_graph_is_exported() {
    let graph = <elsewhere::Again as Workflow>::GRAPH;
    let mermaid = graph.to_mermaid();
    assert!(mermaid.starts_with("flowchart TD\n    n0([\"start\"])\n"), "{mermaid}");
    assert!(mermaid.contains("n3[[\"parallel\"]]"), "{mermaid}");
    let dot = graph.to_dot();
    assert!(dot.starts_with("digraph \"twice\" {"), "{dot}");
    assert!(dot.ends_with("}\n") && dot.contains("label=\"double\""), "{dot}");
    let json = <ThroughOtherNames as Workflow>::GRAPH.to_json();
    let pause = json["nodes"].as_array().unwrap().iter().find(|node| node["kind"] == "pause").unwrap();
    assert_eq!((&pause["name"], &pause["doc"]), (&json!("is_right"), &json!("Is it right?")));
    assert_eq!(json["edges"].as_array().unwrap().iter().filter(|edge| edge["when"] == "true").count(), 1);
}
