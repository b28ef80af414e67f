//! Which way a run has gone through the graphs of its workflows, as far as what is told of it says so.
//!
//! Events and checkpoints name steps and points, not nodes, and leave out plain code. So every frame has a place in its
//! graph, and what is told of it next is looked for from there on, through decisions: the way in between was taken.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
};

use flow_runtime::{Graph, Node, NodeKind};

use crate::chart::Chart;

/// The graph of a workflow at one place of the drawing.
pub(super) struct Level<'c> {
    pub(super) graph: Graph,
    /// `None` if it is not drawn there.
    pub(super) chart: Option<&'c Chart>,
    /// The level and node it is inside of.
    pub(super) around: Option<(usize, usize)>,
    outs: Vec<Vec<usize>>,
}

/// A node, with the number of its level.
pub(super) type At = (usize, usize);

/// Where a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At a node, which is not done.
    Before(usize),
    /// Behind a node.
    After(usize),
    /// On the edge from the one node to the other.
    Between(usize, usize),
}

/// A frame of the run.
#[derive(Debug, Clone)]
struct Frame {
    level: usize,
    /// Its path within its workflow.
    region: String,
    place: Place,
}

/// What is known of the way.
pub(super) struct Trace<'c> {
    pub(super) levels: Vec<Level<'c>>,
    by_node: HashMap<At, usize>,
    frames: BTreeMap<String, Frame>,
    /// How often a node was done.
    pub(super) done: BTreeMap<At, u64>,
    /// The edges that were taken: level, from, to.
    pub(super) taken: BTreeSet<(usize, usize, usize)>,
    /// Nodes from which on it is not known which way was taken.
    pub(super) unsure: BTreeSet<At>,
}

impl<'c> Level<'c> {
    fn new(graph: Graph, chart: Option<&'c Chart>, around: Option<At>) -> Self {
        let mut outs = vec![Vec::new(); graph.nodes.len()];
        for edge in graph.edges {
            if let Some(out) = outs.get_mut(edge.from as usize) {
                out.push(edge.to as usize);
            }
        }
        Level { graph, chart, around, outs }
    }

    pub(super) fn node(&self, node: usize) -> Option<&'static Node> {
        self.graph.nodes.get(node)
    }

    pub(super) fn kind(&self, node: usize) -> Option<NodeKind> {
        self.node(node).map(|node| self.graph.kind(node))
    }

    fn outs(&self, node: usize) -> &[usize] {
        self.outs.get(node).map_or(&[], Vec::as_slice)
    }
}

/// The path of the frame around this one, and the last segment of this one's own.
pub(super) fn around(path: &str) -> Option<(&str, &str)> {
    match path.rsplit_once('/') {
        Some(parts) => Some(parts),
        None if path.is_empty() => None,
        None => Some(("", path)),
    }
}

impl<'c> Trace<'c> {
    pub(super) fn new(graph: Graph, chart: &'c Chart) -> Self {
        let root = Frame { level: 0, region: String::new(), place: Place::After(0) };
        Trace {
            levels: vec![Level::new(graph, Some(chart), None)],
            by_node: HashMap::new(),
            frames: BTreeMap::from([(String::new(), root)]),
            done: BTreeMap::from([((0, 0), 1)]),
            taken: BTreeSet::new(),
            unsure: BTreeSet::new(),
        }
    }

    /// The frame of a path, and those around it, if the workflows still have them.
    fn frame(&mut self, path: &str) -> Option<Frame> {
        if let Some(frame) = self.frames.get(path) {
            return Some(frame.clone());
        }
        let (outer, segment) = around(path)?;
        let parent = self.frame(outer)?;
        let frame = match segment.strip_suffix("()") {
            Some(name) => {
                let is = |kind: NodeKind, node: &Node| kind == NodeKind::Child && node.name == name;
                let (level, node) = self.advance(outer, is)?;
                let inside = self.level_inside((level, node))?;
                *self.done.entry((inside, 0)).or_default() += 1;
                Frame { level: inside, region: String::new(), place: Place::After(0) }
            }
            None => {
                let region = match parent.region.as_str() {
                    "" => segment.to_owned(),
                    region => format!("{region}/{segment}"),
                };
                let (name, _) = segment.rsplit_once('.')?;
                let (level, fork) = self.advance(outer, |kind, node| is_fork(kind, node, name))?;
                let first = self.levels[level].graph.node_at(&region, "start")? as usize;
                self.taken.insert((level, fork, first));
                Frame { level, region, place: Place::Before(first) }
            }
        };
        self.frames.insert(path.to_owned(), frame.clone());
        Some(frame)
    }

    /// The level of the graph inside of a node.
    pub(super) fn level_inside(&mut self, at: At) -> Option<usize> {
        if let Some(level) = self.by_node.get(&at) {
            return Some(*level);
        }
        let around = &self.levels[at.0];
        let graph = around.graph.child(around.node(at.1)?)?;
        let chart = around.chart.and_then(|chart| chart.nodes.get(at.1)?.inside.as_ref());
        self.levels.push(Level::new(graph, chart, Some(at)));
        self.by_node.insert(at, self.levels.len() - 1);
        Some(self.levels.len() - 1)
    }

    /// The node of a point of a frame.
    pub(super) fn node_of(&mut self, path: &str, point: &str) -> Option<At> {
        let frame = self.frame(path)?;
        let node = self.levels[frame.level].graph.node_at(&frame.region, point)?;
        Some((frame.level, node as usize))
    }

    /// The level of a frame.
    pub(super) fn level_of(&mut self, path: &str) -> Option<usize> {
        self.frame(path).map(|frame| frame.level)
    }

    /// A frame that begins anew: what was known of it and of those below counts no more.
    pub(super) fn restart(&mut self, path: &str) {
        self.forget_below(path);
        if !path.is_empty() {
            self.frames.remove(path);
        }
        self.frame(path);
    }

    fn forget_below(&mut self, path: &str) {
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        let below = self.frames.range(prefix.clone()..).map(|(path, _)| path);
        let below = below.take_while(|below| below.starts_with(&prefix)).filter(|below| !below.is_empty());
        let below: Vec<String> = below.cloned().collect();
        below.iter().for_each(|below| drop(self.frames.remove(below)));
    }

    fn put(&mut self, path: &str, place: Place) {
        let leaves = self.frames.get_mut(path).is_some_and(|frame| std::mem::replace(&mut frame.place, place) != place);
        if leaves {
            self.forget_below(path);
        }
    }

    /// The nodes a frame comes to first.
    fn begin(&self, frame: &Frame) -> Vec<usize> {
        match frame.place {
            Place::Before(node) | Place::Between(_, node) => vec![node],
            Place::After(node) => self.levels[frame.level].outs(node).to_vec(),
        }
    }

    /// The nearest node a frame may come to next without passing anything but decisions, after those.
    fn find(&self, frame: &Frame, is: &dyn Fn(usize) -> bool) -> Option<Vec<usize>> {
        let (level, begin) = (&self.levels[frame.level], self.begin(frame));
        let mut before: HashMap<usize, Option<usize>> = begin.iter().map(|node| (*node, None)).collect();
        let mut work: VecDeque<usize> = begin.into();
        while let Some(node) = work.pop_front() {
            if is(node) {
                let mut way: Vec<usize> =
                    std::iter::successors(Some(node), |node| before.get(node).copied()?).collect();
                way.reverse();
                return Some(way);
            }
            if level.kind(node) != Some(NodeKind::Choice) {
                continue;
            }
            for next in level.outs(node) {
                before.entry(*next).or_insert_with(|| {
                    work.push_back(*next);
                    Some(node)
                });
            }
        }
        None
    }

    /// Notes that a frame has gone this way, and stands before the last node of it.
    fn walk(&mut self, path: &str, frame: &Frame, way: &[usize]) {
        let mut last = match frame.place {
            Place::After(node) | Place::Between(node, _) => Some(node),
            Place::Before(_) => None,
        };
        for (at, node) in way.iter().enumerate() {
            if let Some(from) = last {
                self.taken.insert((frame.level, from, *node));
            }
            if at + 1 < way.len() {
                *self.done.entry((frame.level, *node)).or_default() += 1;
            }
            last = Some(*node);
        }
        if let Some(node) = way.last() {
            self.put(path, Place::Before(*node));
        }
    }

    /// Brings a frame to the next node of which this is true. What cannot be reached is jumped to.
    pub(super) fn advance(&mut self, path: &str, is: impl Fn(NodeKind, &Node) -> bool) -> Option<At> {
        let frame = self.frame(path)?;
        let level = &self.levels[frame.level];
        let is = |node: usize| level.node(node).is_some_and(|found| is(level.graph.kind(found), found));
        let found = self.find(&frame, &is);
        let any = || (0..level.graph.nodes.len()).find(|node| is(*node));
        match found {
            Some(way) => {
                self.walk(path, &frame, &way);
                way.last().map(|node| (frame.level, *node))
            }
            None => {
                let node = any()?;
                self.put(path, Place::Before(node));
                Some((frame.level, node))
            }
        }
    }

    /// As [`advance`](Self::advance), to a known node.
    pub(super) fn advance_to(&mut self, path: &str, node: usize) -> Option<At> {
        let frame = self.frame(path)?;
        match self.find(&frame, &|found| found == node) {
            Some(way) => self.walk(path, &frame, &way),
            None => self.put(path, Place::Before(node)),
        }
        Some((frame.level, node))
    }

    /// The node a frame stands at is done.
    pub(super) fn complete(&mut self, path: &str, (level, node): At) {
        *self.done.entry((level, node)).or_default() += 1;
        self.put(path, Place::After(node));
    }

    /// The node a frame stands at and that is not done, if it is one of these kinds.
    pub(super) fn standing_at(&self, path: &str, kinds: &[NodeKind]) -> Option<At> {
        let frame = self.frames.get(path)?;
        let Place::Before(node) = frame.place else { return None };
        let kind = self.levels[frame.level].kind(node)?;
        kinds.contains(&kind).then_some((frame.level, node))
    }

    /// A decision was taken.
    pub(super) fn choose(&mut self, path: &str, node: usize, choice: &str) {
        let Some((level, _)) = self.advance_to(path, node) else { return };
        let edges = self.levels[level].graph.edges;
        let edge = edges.iter().find(|edge| edge.from as usize == node && edge.when == choice);
        if let Some(edge) = edge {
            *self.done.entry((level, node)).or_default() += 1;
            self.taken.insert((level, node, edge.to as usize));
            self.put(path, Place::Between(node, edge.to as usize));
        }
    }

    /// Another round of a loop begins at this node.
    pub(super) fn iterate(&mut self, path: &str, node: usize) {
        let Some(frame) = self.frame(path) else { return };
        // The decision to go on was told before.
        if matches!(frame.place, Place::Between(from, _) if from == node) {
            return;
        }
        self.advance_to(path, node);
    }

    /// A frame has come to the end of its workflow or branch. There is no checkpoint after a last step, so it may not be known
    /// which way it came there.
    pub(super) fn finish(&mut self, path: &str) {
        if let Some(waited) = self.standing_at(path, &[NodeKind::Pause, NodeKind::Timer]) {
            self.complete(path, waited);
        }
        let Some(frame) = self.frame(path) else { return };
        let level = &self.levels[frame.level];
        let ends = |kind: NodeKind| matches!(kind, NodeKind::End | NodeKind::Join);
        let is_end = |node: usize| level.kind(node).is_some_and(ends);
        let is_last = |node: &usize| level.outs(*node).iter().any(|next| is_end(*next));
        let last: Vec<usize> = self.next(&frame).into_iter().filter(is_last).collect();
        let there = self.find(&frame, &is_end);
        match (there.is_some(), &last[..]) {
            (true, []) => {}
            (false, [last]) => {
                self.advance_to(path, *last);
                self.complete(path, (frame.level, *last));
            }
            _ => {
                let seen = self.begin(&frame).into_iter().map(|node| (frame.level, node));
                self.unsure.extend(seen);
                let end = (0..level.outs.len()).find(|node| level.kind(*node) == Some(NodeKind::End));
                if let Some(end) = end.filter(|_| frame.region.is_empty()) {
                    *self.done.entry((frame.level, end)).or_default() += 1;
                }
                return;
            }
        }
        let Some((level, end)) = self.advance(path, |kind, _| ends(kind)) else { return };
        if self.levels[level].kind(end) == Some(NodeKind::End) {
            *self.done.entry((level, end)).or_default() += 1;
        }
    }

    /// The nodes that are no decisions and that a frame may come to next.
    fn next(&self, frame: &Frame) -> Vec<usize> {
        let level = &self.levels[frame.level];
        let passed = |kind| matches!(kind, NodeKind::Choice | NodeKind::Join | NodeKind::End);
        let found = RefCell::new(BTreeSet::new());
        // Looks at all, because none is what is looked for.
        self.find(frame, &|node| {
            let is_next = level.kind(node).is_some_and(|kind| !passed(kind));
            found.borrow_mut().extend(is_next.then_some(node));
            false
        });
        found.into_inner().into_iter().collect()
    }

    /// The decision a frame has come to last, or comes to first from a point on.
    pub(super) fn decision(&mut self, path: &str, place: (usize, bool)) -> Option<At> {
        let frame = self.frame(path)?;
        if let Place::Between(node, _) = frame.place {
            return Some((frame.level, node));
        }
        let (node, true) = place else { return None };
        let level = &self.levels[frame.level];
        match level.outs(node)[..] {
            [next] if level.kind(next) == Some(NodeKind::Choice) => Some((frame.level, next)),
            _ => None,
        }
    }

    /// What a frame does at a point it has left, if only one thing is possible.
    pub(super) fn only_next(&mut self, path: &str, place: (usize, bool)) -> Option<At> {
        let frame = self.frame(path)?;
        let (node, is_done) = place;
        let place = if is_done { Place::After(node) } else { Place::Before(node) };
        let frame = Frame { place, ..frame };
        match self.next(&frame)[..] {
            [only] => Some((frame.level, only)),
            _ => None,
        }
    }

    /// The next step of this name from a point on, or any of its workflow.
    pub(super) fn step_from(&mut self, path: &str, place: (usize, bool), name: &str) -> Option<At> {
        let frame = self.frame(path)?;
        let (node, is_done) = place;
        let place = if is_done { Place::After(node) } else { Place::Before(node) };
        let level = &self.levels[frame.level];
        let is = |node: usize| {
            let named = level.node(node).is_some_and(|node| node.name == name);
            named && matches!(level.kind(node), Some(NodeKind::Step | NodeKind::Child))
        };
        let way = self.find(&Frame { place, ..frame.clone() }, &is);
        let found = way.and_then(|way| way.last().copied());
        let found = found.or_else(|| (0..level.graph.nodes.len()).find(|node| is(*node)))?;
        Some((frame.level, found))
    }
}

/// Whether a node is the fork of this name.
pub(super) fn is_fork(kind: NodeKind, node: &Node, name: &str) -> bool {
    kind == NodeKind::Fork && node.name.strip_suffix(" for each").unwrap_or(node.name) == name
}
