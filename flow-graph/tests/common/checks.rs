//! What has to hold of every drawing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use flow_graph::{Edge, Label, Layout, Node, Shape};
use flow_runtime::Graph;

#[derive(Debug, Clone, Copy)]
struct Rect {
    left: i32,
    top: i32,
    right: i32,
    bottom: i32,
}

impl Rect {
    fn of(node: &Node) -> Self {
        Rect { left: node.x, top: node.y, right: node.x + node.width, bottom: node.y + node.height }
    }

    fn of_label(label: &Label) -> Self {
        Rect { left: label.x, top: label.y, right: label.x + label.width, bottom: label.y + label.height }
    }

    fn of_piece(one: (i32, i32), other: (i32, i32)) -> Self {
        let (left, right) = (one.0.min(other.0), one.0.max(other.0));
        Rect { left, top: one.1.min(other.1), right, bottom: one.1.max(other.1) }
    }

    /// Whether they have more in common than their borders. A line has no inside of its own.
    fn overlaps(self, other: Rect) -> bool {
        let meet = |(from, to): (i32, i32), (from2, to2): (i32, i32)| {
            from.max(from2) < to.min(to2) || from == to && from2 < from && from < to2
        };
        meet((self.left, self.right), (other.left, other.right))
            && meet((self.top, self.bottom), (other.top, other.bottom))
    }

    fn is_within(self, other: Rect) -> bool {
        other.left <= self.left && other.top <= self.top && self.right <= other.right && self.bottom <= other.bottom
    }

    fn has_on_border(self, (x, y): (i32, i32)) -> bool {
        let across = (self.left..=self.right).contains(&x) && (y == self.top || y == self.bottom);
        let along = (self.top..=self.bottom).contains(&y) && (x == self.left || x == self.right);
        across || along
    }
}

/// Everything that is wrong with a drawing.
pub fn mistakes(graph: &Graph, layout: &Layout) -> Vec<String> {
    let mut found = Vec::new();
    let nodes: HashMap<&str, &Node> = layout.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
    if nodes.len() != layout.nodes.len() {
        found.push("an id is not unique".to_owned());
    }
    let around = |node: &Node| -> Vec<String> {
        let mut frames = Vec::new();
        let mut inside = node.inside.clone();
        while let Some(frame) = inside {
            inside = nodes[frame.as_str()].inside.clone();
            frames.push(frame);
        }
        frames
    };
    let frames: HashMap<&str, Vec<String>> = layout.nodes.iter().map(|node| (node.id.as_str(), around(node))).collect();
    let all = Rect { left: 0, top: 0, right: layout.width, bottom: layout.height };

    for (at, node) in layout.nodes.iter().enumerate() {
        if !Rect::of(node).is_within(all) {
            found.push(format!("{} is outside", node.id));
        }
        for other in &layout.nodes[at + 1..] {
            let (rect, other_rect) = (Rect::of(node), Rect::of(other));
            if frames[other.id.as_str()].contains(&node.id) {
                if !other_rect.is_within(rect) {
                    found.push(format!("{} sticks out of {}", other.id, node.id));
                }
            } else if rect.overlaps(other_rect) {
                found.push(format!("{} and {} overlap", node.id, other.id));
            }
        }
    }
    for edge in &layout.edges {
        check_edge(layout, &nodes, &frames, edge, all, &mut found);
    }
    check_labels(layout, &frames, all, &mut found);
    check_apart(layout, &mut found);
    check_complete(graph, layout, &mut found);
    found
}

fn check_edge(
    layout: &Layout,
    nodes: &HashMap<&str, &Node>,
    frames: &HashMap<&str, Vec<String>>,
    edge: &Edge,
    all: Rect,
    found: &mut Vec<String>,
) {
    let name = format!("{} → {}", edge.from, edge.to);
    let (Some(from), Some(to)) = (nodes.get(edge.from.as_str()), nodes.get(edge.to.as_str())) else {
        return found.push(format!("{name} has no box at an end"));
    };
    let [first, .., last] = edge.points[..] else { return found.push(format!("{name} is a point")) };
    if !Rect::of(from).has_on_border(first) {
        found.push(format!("{name} does not begin at its box"));
    }
    if !Rect::of(to).has_on_border(last) {
        found.push(format!("{name} does not end at its box"));
    }
    for piece in edge.points.windows(2) {
        let (one, other) = (piece[0], piece[1]);
        if one == other || one.0 != other.0 && one.1 != other.1 {
            found.push(format!("{name} is not made of straight pieces: {:?}", edge.points));
        }
        let rect = Rect::of_piece(one, other);
        if !rect.is_within(all) {
            found.push(format!("{name} is outside"));
        }
        for node in &layout.nodes {
            let is_around = |end: &Node| frames[end.id.as_str()].contains(&node.id);
            let may = match node.shape {
                Shape::Frame => is_around(from) && is_around(to),
                Shape::Lane => is_around(from) || is_around(to),
                _ => false,
            };
            if !may && rect.overlaps(Rect::of(node)) {
                found.push(format!("{name} runs through {}: {:?}", node.id, edge.points));
            }
        }
    }
}

fn check_labels(layout: &Layout, frames: &HashMap<&str, Vec<String>>, all: Rect, found: &mut Vec<String>) {
    let labels: Vec<(&Edge, Rect)> =
        layout.edges.iter().filter_map(|edge| Some((edge, Rect::of_label(edge.label.as_ref()?)))).collect();
    for (at, (edge, label)) in labels.iter().enumerate() {
        let name = format!("the label of {} → {}", edge.from, edge.to);
        if !label.is_within(all) {
            found.push(format!("{name} is outside"));
        }
        for node in &layout.nodes {
            let is_around = frames[edge.from.as_str()].contains(&node.id);
            if !is_around && label.overlaps(Rect::of(node)) {
                found.push(format!("{name} overlaps {}", node.id));
            }
        }
        for (other, other_label) in &labels[at + 1..] {
            if label.overlaps(*other_label) {
                found.push(format!("{name} overlaps that of {} → {}", other.from, other.to));
            }
        }
        for other in layout.edges.iter().filter(|other| other.from != edge.from) {
            let pieces = other.points.windows(2).map(|piece| Rect::of_piece(piece[0], piece[1]));
            if pieces.into_iter().any(|piece| piece.overlaps(*label)) {
                found.push(format!("{} → {} runs through {name}", other.from, other.to));
            }
        }
    }
}

/// Two lines run along each other only where they come from the same node or lead to the same one.
fn check_apart(layout: &Layout, found: &mut Vec<String>) {
    /// From where, to where, and of which edge.
    type Piece<'l> = (i32, i32, &'l Edge);
    // By direction and place, the pieces on it.
    let mut pieces: BTreeMap<(bool, i32), Vec<Piece<'_>>> = BTreeMap::new();
    for edge in &layout.edges {
        for piece in edge.points.windows(2) {
            let (one, other) = (piece[0], piece[1]);
            let (key, from, to) = match one.0 == other.0 {
                true => ((true, one.0), one.1.min(other.1), one.1.max(other.1)),
                false => ((false, one.1), one.0.min(other.0), one.0.max(other.0)),
            };
            pieces.entry(key).or_default().push((from, to, edge));
        }
    }
    for on_one_line in pieces.values() {
        for (at, (from, to, edge)) in on_one_line.iter().enumerate() {
            for (other_from, other_to, other) in &on_one_line[at + 1..] {
                let related = edge.from == other.from || edge.to == other.to;
                if !related && from.max(other_from) < to.min(other_to) {
                    let names = format!("{} → {} and {} → {}", edge.from, edge.to, other.from, other.to);
                    found.push(format!("{names} cannot be told apart: {:?} and {:?}", edge.points, other.points));
                }
            }
        }
    }
}

/// Every node and every edge that can be reached is drawn, once.
fn check_complete(graph: &Graph, layout: &Layout, found: &mut Vec<String>) {
    let mut reached = BTreeSet::from([0]);
    let mut work = vec![0];
    while let Some(node) = work.pop() {
        for edge in graph.edges.iter().filter(|edge| edge.from == node) {
            if reached.insert(edge.to) {
                work.push(edge.to);
            }
        }
    }
    let drawn: BTreeSet<u32> = layout.nodes.iter().filter_map(|node| node.id.parse().ok()).collect();
    for node in &reached {
        if !drawn.contains(node) {
            found.push(format!("{node} is not drawn"));
        }
    }
    let edges: HashSet<(String, String)> =
        layout.edges.iter().map(|edge| (edge.from.clone(), edge.to.clone())).collect();
    if edges.len() != layout.edges.len() {
        found.push("an edge is drawn twice".to_owned());
    }
    for edge in graph.edges.iter().filter(|edge| reached.contains(&edge.from)) {
        if !edges.contains(&(edge.from.to_string(), edge.to.to_string())) {
            found.push(format!("{} → {} is not drawn", edge.from, edge.to));
        }
    }
}

/// Whether a text is XML, as far as this simple reader sees.
pub fn assert_is_xml(text: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        assert_is_text(before);
        let end = tag.find('>').expect("a tag ends");
        let inside = &tag[1..end];
        if let Some(name) = inside.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "tags are closed in their order");
        } else {
            let name = inside.split([' ', '/']).next().unwrap_or_default();
            assert!(!inside.contains('<'), "<{inside}>");
            assert_eq!(inside.matches('"').count() % 2, 0, "<{inside}>");
            if !inside.ends_with('/') {
                open.push(name);
            }
        }
        rest = &tag[end + 1..];
    }
    assert!(open.is_empty() && rest.trim().is_empty());
}

fn assert_is_text(text: &str) {
    assert!(!text.contains("]]>"), "{text}");
    for (at, _) in text.match_indices('&') {
        let entity = text[at..].split_inclusive(';').next().unwrap_or_default();
        assert!(["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"].contains(&entity), "{entity}");
    }
}
