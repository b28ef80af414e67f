//! A workflow as a graph a person can look at, and its text forms.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::machine::{CallKind, CallMeta, CallTree, PointInfo};

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
    #[doc(hidden)]
    pub points: &'static [PointInfo],
}

/// One node of a [`Graph`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// What it is in the workflow's code; [`Graph::kind`] says more.
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
    /// Another workflow.
    Child,
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
    /// The kind as text: `start`, `end`, `step`, `child`, `pause`, `timer`, `choice`, `fork`, `join`.
    pub fn as_str(self) -> &'static str {
        match self {
            NodeKind::Start => "start",
            NodeKind::End => "end",
            NodeKind::Step => "step",
            NodeKind::Child => "child",
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

/// How a graph is drawn inside of others.
struct Drawing<'g> {
    graph: &'g Graph,
    /// What its nodes' names begin with: `n`, `n3_` for the graph of the third node.
    prefix: String,
    /// The workflows around it, itself included: a workflow that calls itself is drawn once.
    around: Vec<&'static str>,
}

impl<'g> Drawing<'g> {
    fn of(graph: &'g Graph) -> Self {
        Drawing { graph, prefix: "n".to_owned(), around: vec![graph.name] }
    }

    /// The graph of a node that is another workflow, unless that is drawn around it already.
    fn inside(&self, id: usize, child: Option<&'g Graph>) -> Option<Drawing<'g>> {
        let graph = child.filter(|graph| !graph.nodes.is_empty() && !self.around.contains(&graph.name))?;
        let around = self.around.iter().copied().chain([graph.name]).collect();
        Some(Drawing { graph, prefix: format!("{}{id}_", self.prefix), around })
    }

    /// The graphs of its nodes that are other workflows.
    fn children(&self) -> Vec<Option<Graph>> {
        self.graph.nodes.iter().map(|node| self.graph.child(node)).collect()
    }

    /// Where an edge begins or ends: a workflow's own graph begins at its first node and ends at its second.
    fn end(&self, id: u32, children: &[Option<Graph>], own: usize) -> String {
        let inside = children.get(id as usize).and_then(Option::as_ref);
        match inside.filter(|graph| !graph.nodes.is_empty() && !self.around.contains(&graph.name)) {
            Some(_) => format!("{}{id}_{own}", self.prefix),
            None => format!("{}{id}", self.prefix),
        }
    }

    fn mermaid(&self, text: &mut String, indent: &str) {
        let children = self.children();
        for (id, node) in self.graph.nodes.iter().enumerate() {
            let (name, prefix) = (node.name.replace('"', "&quot;"), &self.prefix);
            if let Some(inside) = self.inside(id, children.get(id).and_then(Option::as_ref)) {
                let _ = writeln!(text, "{indent}subgraph {prefix}{id} [\"{name}\"]");
                inside.mermaid(text, &format!("{indent}    "));
                let _ = writeln!(text, "{indent}end");
                continue;
            }
            let (open, close) = match self.graph.kind(node) {
                NodeKind::Start | NodeKind::End => ("([\"", "\"])"),
                NodeKind::Step => ("[\"", "\"]"),
                NodeKind::Pause => ("[/\"", "\"/]"),
                NodeKind::Timer => ("((\"", "\"))"),
                NodeKind::Choice => ("{\"", "\"}"),
                NodeKind::Fork | NodeKind::Join | NodeKind::Child => ("[[\"", "\"]]"),
            };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{indent}{prefix}{id}{open}{name}{close}");
        }
        for Edge { from, to, when } in self.graph.edges {
            let (from, to) = (self.end(*from, &children, 1), self.end(*to, &children, 0));
            let _ = match *when {
                "" => writeln!(text, "{indent}{from} --> {to}"),
                when => writeln!(text, "{indent}{from} -->|\"{}\"| {to}", when.replace('"', "&quot;")),
            };
        }
    }

    fn dot(&self, text: &mut String, indent: &str) {
        let quote = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
        let children = self.children();
        for (id, node) in self.graph.nodes.iter().enumerate() {
            let (name, prefix) = (quote(node.name), &self.prefix);
            if let Some(inside) = self.inside(id, children.get(id).and_then(Option::as_ref)) {
                let _ = writeln!(text, "{indent}subgraph cluster_{prefix}{id} {{\n{indent}    label=\"{name}\";");
                inside.dot(text, &format!("{indent}    "));
                let _ = writeln!(text, "{indent}}}");
                continue;
            }
            let shape = match self.graph.kind(node) {
                NodeKind::Start | NodeKind::End => "oval",
                NodeKind::Step => "box",
                NodeKind::Pause => "parallelogram",
                NodeKind::Timer => "circle",
                NodeKind::Choice => "diamond",
                NodeKind::Fork | NodeKind::Join | NodeKind::Child => "box, peripheries=2",
            };
            let doc = quote(self.graph.doc(node));
            let _ = writeln!(text, "{indent}{prefix}{id} [label=\"{name}\", shape={shape}, tooltip=\"{doc}\"];");
        }
        for Edge { from, to, when } in self.graph.edges {
            let (from, to) = (self.end(*from, &children, 1), self.end(*to, &children, 0));
            let _ = match *when {
                "" => writeln!(text, "{indent}{from} -> {to};"),
                when => writeln!(text, "{indent}{from} -> {to} [label=\"{}\"];", quote(when)),
            };
        }
    }

    fn json(&self) -> Value {
        let children = self.children();
        let node = |(id, node): (usize, &Node)| {
            let (kind, doc) = (self.graph.kind(node).as_str(), self.graph.doc(node));
            let mut object = json!({ "id": id, "kind": kind, "name": node.name, "doc": doc, "line": node.line });
            if let Some(inside) = self.inside(id, children.get(id).and_then(Option::as_ref)) {
                object["graph"] = inside.json();
            }
            object
        };
        let edge = |edge: &Edge| json!({ "from": edge.from, "to": edge.to, "when": edge.when });
        json!({
            "name": self.graph.name,
            "nodes": self.graph.nodes.iter().enumerate().map(node).collect::<Vec<_>>(),
            "edges": self.graph.edges.iter().map(edge).collect::<Vec<_>>(),
        })
    }
}

impl Graph {
    fn call(&self, node: &Node) -> Option<&'static CallMeta> {
        node.call.and_then(|call| self.calls.list().get(call as usize).copied())
    }

    /// The doc comment of a node's step, workflow or pause; empty for other nodes.
    pub fn doc(&self, node: &Node) -> &'static str {
        self.call(node).map_or("", |call| call.doc)
    }

    /// What a node is. Only here steps are told from other workflows: to the code of a workflow they look alike.
    pub fn kind(&self, node: &Node) -> NodeKind {
        match self.call(node).map(|call| call.kind) {
            Some(CallKind::Child(_)) => NodeKind::Child,
            _ => node.kind,
        }
    }

    /// The node a point of the workflow belongs to: the step, or the [`Join`](NodeKind::Join), that is done when a frame gets
    /// there, or the pause, timer or fork it is at. `start` belongs to the first node of a branch.
    ///
    /// `path` says where in this workflow: empty for its body, `parallel.1` for the second branch of its first fork,
    /// `parallel.7` or `parallel.*` for an item of a fan-out. Points are named as in
    /// [`CheckpointRecord::at`](crate::store::CheckpointRecord::at). `None` for what the workflow does not have.
    pub fn node_at(&self, path: &str, point: &str) -> Option<u32> {
        let mut region = String::new();
        for segment in path.split('/').filter(|segment| !segment.is_empty()) {
            let around = if region.is_empty() { String::new() } else { format!("{region}/") };
            let exact = format!("{around}{segment}");
            let (fork, _) = segment.rsplit_once('.')?;
            let is_there = self.points.iter().any(|point| point.region == exact);
            region = if is_there { exact } else { format!("{around}{fork}.*") };
        }
        self.points.iter().find(|info| info.region == region && info.name == point)?.node
    }

    /// The graph of a node that is another workflow.
    pub fn child(&self, node: &Node) -> Option<Graph> {
        match self.call(node)?.kind {
            CallKind::Child(child) => Some((child.graph)()),
            _ => None,
        }
    }

    /// The graph as a [Mermaid](https://mermaid.js.org) flowchart, the graphs of other workflows inside of it.
    pub fn to_mermaid(&self) -> String {
        let mut text = String::from("flowchart TD\n");
        Drawing::of(self).mermaid(&mut text, "    ");
        text
    }

    /// The graph in the [DOT language](https://graphviz.org/doc/info/lang.html) of Graphviz, the graphs of other workflows
    /// inside of it.
    pub fn to_dot(&self) -> String {
        let name = self.name.replace('\\', "\\\\").replace('"', "\\\"");
        let mut text = format!("digraph \"{name}\" {{\n    node [fontname=\"sans-serif\"];\n");
        Drawing::of(self).dot(&mut text, "    ");
        text + "}\n"
    }

    /// The graph as JSON: `name`, `nodes` with `id`, `kind`, `name`, `doc` and `line`, `edges` with `from`, `to` and `when`.
    /// A node of kind `child` has the workflow's own `graph`, unless that workflow is around it already.
    pub fn to_json(&self) -> Value {
        Drawing::of(self).json()
    }
}
