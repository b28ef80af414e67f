//! A workflow as a graph a person can look at, and its text forms.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::machine::CallTree;

/// The graph of a workflow, made at compile time: what it does in which order, with the plain code in between left out.
#[derive(Debug, Clone, Copy)]
pub struct Graph {
    /// Name of the workflow.
    pub name: &'static str,
    /// Its nodes, in program order. A node's index is its id.
    pub nodes: &'static [Node],
    /// Its edges.
    pub edges: &'static [Edge],
    #[doc(hidden)]
    pub calls: &'static CallTree,
}

/// One node of a [`Graph`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// The step's or pause's name, the condition's text, and so on.
    pub name: &'static str,
    /// Its line in the source file, 0 if the compiler does not tell.
    pub line: u32,
    /// Position of its call among those of the workflow.
    #[doc(hidden)]
    pub call: Option<u32>,
}

/// The kinds of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NodeKind {
    /// Where the workflow begins.
    Start,
    /// Where it ends.
    End,
    /// A step.
    Step,
    /// A pause.
    Pause,
    /// A timer: `sleep` or `sleep_until`.
    Timer,
    /// An `if`, `match`, `while` or `for`.
    Choice,
    /// The begin of `parallel!`, `settle!` or `race!`.
    Fork,
    /// Its end.
    Join,
}

impl NodeKind {
    /// The kind as text: `start`, `end`, `step`, `pause`, `timer`, `choice`, `fork`, `join`.
    pub fn as_str(self) -> &'static str {
        match self {
            NodeKind::Start => "start",
            NodeKind::End => "end",
            NodeKind::Step => "step",
            NodeKind::Pause => "pause",
            NodeKind::Timer => "timer",
            NodeKind::Choice => "choice",
            NodeKind::Fork => "fork",
            NodeKind::Join => "join",
        }
    }
}

/// One edge of a [`Graph`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// Id of the node it leaves.
    pub from: u32,
    /// Id of the node it leads to.
    pub to: u32,
    /// When it is taken: `yes`, `no`, the text of a pattern, or empty if always.
    pub when: &'static str,
}

impl Graph {
    /// The doc comment of a node's step or pause; empty for other nodes.
    pub fn doc(&self, node: &Node) -> &'static str {
        let calls = self.calls.list();
        node.call.and_then(|call| calls.get(call as usize)).map_or("", |call| call.doc)
    }

    /// The graph as a [Mermaid](https://mermaid.js.org) flowchart.
    pub fn to_mermaid(&self) -> String {
        let mut text = String::from("flowchart TD\n");
        for (id, node) in self.nodes.iter().enumerate() {
            let name = node.name.replace('"', "&quot;");
            let (open, close) = match node.kind {
                NodeKind::Start | NodeKind::End => ("([\"", "\"])"),
                NodeKind::Step => ("[\"", "\"]"),
                NodeKind::Pause => ("[/\"", "\"/]"),
                NodeKind::Timer => ("((\"", "\"))"),
                NodeKind::Choice => ("{\"", "\"}"),
                NodeKind::Fork | NodeKind::Join => ("[[\"", "\"]]"),
            };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "    n{id}{open}{name}{close}");
        }
        for Edge { from, to, when } in self.edges {
            let _ = match *when {
                "" => writeln!(text, "    n{from} --> n{to}"),
                when => writeln!(text, "    n{from} -->|\"{}\"| n{to}", when.replace('"', "&quot;")),
            };
        }
        text
    }

    /// The graph in the [DOT language](https://graphviz.org/doc/info/lang.html) of Graphviz.
    pub fn to_dot(&self) -> String {
        let quote = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
        let mut text = format!("digraph \"{}\" {{\n    node [fontname=\"sans-serif\"];\n", quote(self.name));
        for (id, node) in self.nodes.iter().enumerate() {
            let shape = match node.kind {
                NodeKind::Start | NodeKind::End => "oval",
                NodeKind::Step => "box",
                NodeKind::Pause => "parallelogram",
                NodeKind::Timer => "circle",
                NodeKind::Choice => "diamond",
                NodeKind::Fork | NodeKind::Join => "box, peripheries=2",
            };
            let (name, doc) = (quote(node.name), quote(self.doc(node)));
            let _ = writeln!(text, "    n{id} [label=\"{name}\", shape={shape}, tooltip=\"{doc}\"];");
        }
        for Edge { from, to, when } in self.edges {
            let _ = match *when {
                "" => writeln!(text, "    n{from} -> n{to};"),
                when => writeln!(text, "    n{from} -> n{to} [label=\"{}\"];", quote(when)),
            };
        }
        text + "}\n"
    }

    /// The graph as JSON: `name`, `nodes` with `id`, `kind`, `name`, `doc` and `line`, `edges` with `from`, `to` and `when`.
    pub fn to_json(&self) -> Value {
        let node = |(id, node): (usize, &Node)| {
            let (kind, doc) = (node.kind.as_str(), self.doc(node));
            json!({ "id": id, "kind": kind, "name": node.name, "doc": doc, "line": node.line })
        };
        let edge = |edge: &Edge| json!({ "from": edge.from, "to": edge.to, "when": edge.when });
        json!({
            "name": self.name,
            "nodes": self.nodes.iter().enumerate().map(node).collect::<Vec<_>>(),
            "edges": self.edges.iter().map(edge).collect::<Vec<_>>(),
        })
    }
}
