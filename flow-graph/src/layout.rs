//! Where everything of a drawing is.

use flow_runtime::{Graph, NodeKind};
use serde::{Serialize, Serializer};

use crate::{
    chart::{Chart, Item},
    place,
};

/// Space around the drawing.
const MARGIN: i32 = 24;

/// A workflow's graph, drawn top to bottom: boxes and lines with their coordinates, in pixels from the upper left corner.
///
/// What belongs to a page that draws by itself; [`svg`](crate::svg) draws the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Layout {
    /// Name of the workflow.
    pub name: String,
    /// How wide the drawing is.
    pub width: i32,
    /// How high it is.
    pub height: i32,
    /// Its boxes. A frame comes before what is inside.
    pub nodes: Vec<Node>,
    /// Its lines.
    pub edges: Vec<Edge>,
}

/// A box of a [`Layout`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Node {
    /// The node's index in its workflow's [`Graph`], after the ids of the nodes it is inside of: `4`, `4/2`. The lane of a
    /// fan-out has the id of its fork and `lane`: `3-lane`.
    pub id: String,
    /// What it is in the workflow.
    #[serde(serialize_with = "kind")]
    pub kind: NodeKind,
    /// What it is in the drawing.
    pub shape: Shape,
    /// Its name in the graph.
    pub name: String,
    /// The doc comment of its step, workflow or pause.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub doc: String,
    /// Its line in the source file, 0 if that is not known.
    pub line: u32,
    /// The text in the box, line by line; what did not fit ends with `…`.
    pub text: Vec<String>,
    /// Its left border.
    pub x: i32,
    /// Its upper border.
    pub y: i32,
    /// How wide it is.
    pub width: i32,
    /// How high it is.
    pub height: i32,
    /// Id of the frame or lane it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inside: Option<String>,
}

/// What a [`Node`] looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Shape {
    /// A filled pill with the workflow's name, or a dot inside of a frame.
    Start,
    /// A dot in a circle.
    End,
    /// A step: a box with round corners.
    Card,
    /// A pause: a box with cut corners.
    Question,
    /// A timer: a box with round ends.
    Pill,
    /// A decision: a box with pointed sides.
    Decision,
    /// A workflow whose graph is not drawn inside, because it is around it already: a box with double sides.
    Call,
    /// A workflow with its graph inside.
    Frame,
    /// The items of a fan-out: all of them do what is inside.
    Lane,
    /// The begin or the end of a fork.
    Bar,
}

/// A line of a [`Layout`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Edge {
    /// Id of the node it leaves.
    pub from: String,
    /// Id of the node it leads to.
    pub to: String,
    /// When it is taken, if not always: `yes`, a pattern, or several of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<String>,
    /// Its corners, from the border of the one box to the border of the other. All its pieces are horizontal or vertical.
    pub points: Vec<(i32, i32)>,
    /// What is written at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<Label>,
    /// Whether it leads back: to the begin of a loop.
    pub back: bool,
}

/// What is written at an [`Edge`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Label {
    /// The text, line by line; what did not fit ends with `…`.
    pub text: Vec<String>,
    /// Its left border.
    pub x: i32,
    /// Its upper border.
    pub y: i32,
    /// How wide it is.
    pub width: i32,
    /// How high it is.
    pub height: i32,
}

/// Puts a workflow's graph into a drawing, the graphs of the workflows it awaits inside of it. One that is around itself is
/// drawn once.
///
/// ```
/// use flow_runtime::prelude::*;
///
/// #[step]
/// async fn greet(name: &str) -> Result<String, std::fmt::Error> {
///     Ok(format!("Hello, {name}"))
/// }
///
/// workflow! {
///     async fn hello(name: String) -> Result<String, std::fmt::Error> {
///         greet(&name).await
///     }
/// }
///
/// let layout = flow_graph::layout(&Hello::GRAPH);
/// let greet = layout.nodes.iter().find(|node| node.name == "greet").expect("it has a box");
/// assert!(greet.x + greet.width <= layout.width);
/// ```
pub fn layout(graph: &Graph) -> Layout {
    let (name, empty) = (graph.name.to_owned(), graph.nodes.is_empty());
    if empty {
        return Layout { name, width: 2 * MARGIN, height: 2 * MARGIN, nodes: Vec::new(), edges: Vec::new() };
    }
    let drawn = place::chart(&Chart::of(graph), true);
    let (width, height) = (drawn.right - drawn.left + 2 * MARGIN, drawn.height + 2 * MARGIN);
    let drawn = drawn.shifted(MARGIN);
    let edges = drawn.wires.into_iter().map(|wire| {
        let label =
            wire.label.map(|place::Label { lines: text, x, y, width, height }| Label { text, x, y, width, height });
        Edge { from: wire.from, to: wire.to, when: wire.when, points: wire.points, label, back: wire.back }
    });
    Layout { name, width, height, nodes: drawn.nodes, edges: edges.collect() }
}

impl Node {
    pub(crate) fn new(item: &Item, shape: Shape, text: Vec<String>, at: (i32, i32), size: (i32, i32)) -> Self {
        let Item { id, kind, name, doc, line, .. } = item;
        Node {
            id: id.clone(),
            kind: *kind,
            shape,
            name: name.clone(),
            doc: doc.clone(),
            line: *line,
            text,
            x: at.0,
            y: at.1,
            width: size.0,
            height: size.1,
            inside: None,
        }
    }

    /// The lane of a fan-out.
    pub(crate) fn lane(fork: &Item, at: (i32, i32), size: (i32, i32)) -> Self {
        Node { id: format!("{}-lane", fork.id), ..Node::new(fork, Shape::Lane, Vec::new(), at, size) }
    }

    /// Whether it holds others.
    pub fn is_frame(&self) -> bool {
        matches!(self.shape, Shape::Frame | Shape::Lane)
    }
}

fn kind<S: Serializer>(kind: &NodeKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.as_str())
}
