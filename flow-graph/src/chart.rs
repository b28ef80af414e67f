//! A [`Graph`] as this crate works on it: owned, the graphs of other workflows inside, parallel edges as one.

use flow_runtime::{Graph, NodeKind};

/// Beyond so many nodes workflows inside of workflows are drawn as boxes: a workflow that is called in many places would be
/// drawn in each of them.
const MOST_NODES: usize = 4000;

/// One workflow.
pub(crate) struct Chart {
    pub(crate) name: String,
    pub(crate) nodes: Vec<Item>,
    pub(crate) arrows: Vec<Arrow>,
    /// By node, the arrows that leave it, in the order of the code.
    pub(crate) outs: Vec<Vec<usize>>,
}

/// One node of it.
pub(crate) struct Item {
    /// Its index in the graph, after the ids of the nodes it is inside of: `4`, `4/2`.
    pub(crate) id: String,
    pub(crate) kind: NodeKind,
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) line: u32,
    /// What a node that is another workflow does, unless that workflow is drawn around it already.
    pub(crate) inside: Option<Chart>,
}

/// All edges from one node to another.
pub(crate) struct Arrow {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// When they are taken, without those that always are.
    pub(crate) whens: Vec<String>,
}

impl Chart {
    pub(crate) fn of(graph: &Graph) -> Self {
        let mut left = MOST_NODES;
        Chart::inside(graph, "", &mut vec![graph.name], &mut left)
    }

    fn inside(graph: &Graph, prefix: &str, around: &mut Vec<&'static str>, left: &mut usize) -> Self {
        *left = left.saturating_sub(graph.nodes.len());
        let nodes = graph.nodes.iter().enumerate().map(|(index, node)| {
            let id = format!("{prefix}{index}");
            let child = graph.child(node).filter(|child| !child.nodes.is_empty());
            let again = child.is_some_and(|child| around.contains(&child.name));
            let drawn = child.filter(|child| !again && child.nodes.len() <= *left);
            let inside = drawn.map(|child| {
                around.push(child.name);
                let chart = Chart::inside(&child, &format!("{id}/"), around, left);
                around.pop();
                chart
            });
            let (kind, name, doc) = (graph.kind(node), node.name.to_owned(), graph.doc(node).trim().to_owned());
            Item { id, kind, name, doc, line: node.line, inside }
        });
        let nodes: Vec<Item> = nodes.collect();
        let mut arrows: Vec<Arrow> = Vec::new();
        let mut outs: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
        for edge in graph.edges {
            let (from, to) = (edge.from as usize, edge.to as usize);
            let (Some(out), true) = (outs.get_mut(from), to < nodes.len()) else { continue };
            let known = out.iter().copied().find(|arrow| arrows[*arrow].to == to);
            let arrow = known.unwrap_or_else(|| {
                arrows.push(Arrow { from, to, whens: Vec::new() });
                out.push(arrows.len() - 1);
                arrows.len() - 1
            });
            if !edge.when.is_empty() {
                arrows[arrow].whens.push(edge.when.to_owned());
            }
        }
        Chart { name: graph.name.to_owned(), nodes, arrows, outs }
    }

    /// The node where the branches of a fork meet.
    pub(crate) fn join_of(&self, fork: usize) -> Option<usize> {
        let join = fork + 1;
        let is = |node: usize, kind| self.nodes.get(node).is_some_and(|node| node.kind == kind);
        (is(fork, NodeKind::Fork) && is(join, NodeKind::Join)).then_some(join)
    }
}

impl Item {
    /// Whether it is a fork over the items of a list.
    pub(crate) fn is_fan_out(&self) -> bool {
        self.kind == NodeKind::Fork && self.name.ends_with(" for each")
    }
}
