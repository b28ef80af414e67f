//! One unit: a node, the frame of another workflow, a fork with its branches.

use flow_runtime::NodeKind;

use super::{BETWEEN, Open, PAD, Placer, Point, Side, Sketch, Wire, even};
use crate::{
    chart::Item,
    flow::{self, Branch, Region, Unit},
    layout::{Node, Shape},
    text::{self, Font},
};

/// Widest text of a node, and the most lines.
const NAME: (i32, usize) = (176, 2);
const CONDITION: (i32, usize) = (190, 3);
/// Width of an icon and the space after it.
pub(crate) const ICON: i32 = 22;
/// Height of a frame's title.
pub(crate) const TITLE: i32 = 30;
/// From a bar to its branches.
const FAN: i32 = 30;
/// How much the cards behind a lane show.
pub(crate) const STACK: i32 = 8;

/// A unit, and where lines enter and leave it at its sides.
pub(super) struct Drawn {
    pub(super) sketch: Sketch,
    pub(super) left: Point,
    pub(super) right: Point,
    /// For where a branch ends: nothing is drawn.
    pub(super) is_exit: bool,
}

impl Drawn {
    fn of(sketch: Sketch, left: Point, right: Point) -> Self {
        Drawn { sketch, left, right, is_exit: false }
    }
}

impl Placer<'_> {
    pub(super) fn unit(&self, unit: usize) -> Drawn {
        match &self.region.units[unit] {
            Unit::Exit => Drawn { sketch: Sketch::default(), left: (0, 0), right: (0, 0), is_exit: true },
            Unit::Node(node) => {
                let item = &self.chart.nodes[*node];
                match &item.inside {
                    Some(chart) => self.frame(item, super::chart(chart, false)),
                    None => self.node(item),
                }
            }
            Unit::Fork { fork, join, branches } => self.fork(*fork, *join, branches),
        }
    }

    fn node(&self, item: &Item) -> Drawn {
        let (shape, font, (most, lines)) = match item.kind {
            NodeKind::Start => (Shape::Start, Font::Name, NAME),
            NodeKind::End => (Shape::End, Font::Name, NAME),
            NodeKind::Pause => (Shape::Question, Font::Name, NAME),
            NodeKind::Timer => (Shape::Pill, Font::Name, NAME),
            NodeKind::Choice => (Shape::Decision, Font::Code, CONDITION),
            NodeKind::Child => (Shape::Call, Font::Name, NAME),
            NodeKind::Fork | NodeKind::Join => (Shape::Bar, Font::Name, NAME),
            _ => (Shape::Card, Font::Name, NAME),
        };
        let named = match item.kind {
            NodeKind::Start if self.is_root => self.chart.name.as_str(),
            NodeKind::Start | NodeKind::End => "",
            NodeKind::Fork => fork_name(&item.name),
            _ => item.name.as_str(),
        };
        let lines = text::wrapped(named, font, most, lines);
        let widest = lines.iter().map(|line| text::width(line, font)).max().unwrap_or(0);
        let tall = font.line() * i32::try_from(lines.len()).unwrap_or(1);
        let (width, height) = match shape {
            Shape::Start if lines.is_empty() => (14, 14),
            Shape::Start => (widest + 36, tall + 14),
            Shape::End => (20, 20),
            Shape::Decision => ((widest + 48).max(72), tall + 18),
            Shape::Bar => (widest + ICON + 28, 26),
            _ => ((widest + ICON + 30).max(104), tall + 20),
        };
        let (width, height) = (even(width), even(height));
        let node = Node::new(item, shape, lines, (-width / 2, 0), (width, height));
        let (left, right) = ((-width / 2, height / 2), (width / 2, height / 2));
        let sketch = Sketch { left: left.0, right: right.0, height, nodes: vec![node], ..Sketch::default() };
        Drawn::of(sketch, left, right)
    }

    /// Another workflow, its own graph inside.
    fn frame(&self, item: &Item, inside: Sketch) -> Drawn {
        let lines = text::wrapped(&item.name, Font::Name, NAME.0 + 60, 1);
        let title = lines.iter().map(|line| text::width(line, Font::Name)).max().unwrap_or(0) + ICON + 28;
        // The line enters in the middle.
        let half = even((inside.right.max(-inside.left) + PAD).max(title / 2 + 1));
        let top = TITLE + 14;
        let height = even(top + inside.height + PAD);
        let node = Node::new(item, Shape::Frame, lines, (-half, 0), (2 * half, height));
        let mut sketch = Sketch { left: -half, right: half, height, nodes: vec![node], ..Sketch::default() };
        let center = (inside.left + inside.right) / 2;
        let spare = half - PAD + inside.left.min(-inside.right);
        // Centered as far as there is room for it.
        let shift = (-center).clamp(-spare.max(0), spare.max(0));
        let mut inside = inside.moved(shift, top);
        inside.nodes.iter_mut().for_each(|node| _ = node.inside.get_or_insert_with(|| item.id.clone()));
        sketch.take(inside);
        let middle = TITLE / 2;
        Drawn::of(sketch, (-half, middle), (half, middle))
    }

    fn fork(&self, fork: usize, join: usize, branches: &[Branch]) -> Drawn {
        let (item, end) = (&self.chart.nodes[fork], &self.chart.nodes[join]);
        let lane = item.is_fan_out() && branches.iter().any(|branch| branch.body.is_some());
        let drawn: Vec<(usize, Sketch)> =
            branches.iter().map(|branch| (branch.arrow, self.branch(branch.body.as_ref()))).collect();
        let mut at = Vec::with_capacity(drawn.len());
        let mut free = 0;
        for (_, sketch) in &drawn {
            at.push(free - sketch.left);
            free += sketch.right - sketch.left + BETWEEN;
        }
        let (first, last) = (at.first().copied().unwrap_or(0), at.last().copied().unwrap_or(0));
        let middle = (first + last) / 2;
        let lines = text::wrapped(fork_name(&item.name), Font::Name, NAME.0, 1);
        let title = lines.iter().map(|line| text::width(line, Font::Name)).max().unwrap_or(0) + ICON + 32;
        let half = even((title / 2 + 1).max((last - first) / 2 + 24));
        let bar = 26;
        let top = if lane { bar + FAN + 10 } else { bar + FAN };
        let tallest = drawn.iter().map(|(_, sketch)| sketch.height).max().unwrap_or(0);
        let bottom = top + tallest + if lane { FAN + 10 } else { FAN - 6 };
        let height = bottom + 8;
        let mut sketch = Sketch { left: -half, right: half, height, ..Sketch::default() };
        sketch.nodes.push(Node::new(item, Shape::Bar, lines, (-half, 0), (2 * half, bar)));
        let bar_of_join = Node::new(end, Shape::Bar, Vec::new(), (-half, bottom), (2 * half, 8));
        let mut lane_nodes = Vec::new();
        for ((arrow, branch), x) in drawn.into_iter().zip(at) {
            let x = x - middle;
            let mut branch = branch.moved(x, top);
            if lane {
                let (left, right) = (branch.left - PAD, branch.right + PAD);
                let (from, to) = (bar + 14, bottom - 14 - STACK);
                let frame = Node::lane(item, (left, from), (right - left, to - from));
                branch.nodes.iter_mut().for_each(|node| _ = node.inside.get_or_insert_with(|| frame.id.clone()));
                sketch.reach(left, right + STACK);
                lane_nodes.push(frame);
            }
            let begins = self.chart.arrows[arrow].to;
            let begin = Wire {
                from: item.id.clone(),
                to: self.chart.nodes[begins].id.clone(),
                when: self.chart.arrows[arrow].whens.clone(),
                points: vec![(x, bar)],
                label: None,
                back: false,
            };
            let empty = branch.nodes.is_empty();
            let mut opens = sketch.take(branch);
            if empty {
                opens.push(Open::one(0, Side::Bottom, begin));
            } else {
                let mut begin = begin;
                begin.go((x, top));
                sketch.wires.push(begin);
            }
            for mut open in opens {
                open.go((open.at.0, bottom));
                sketch.wires.extend(open.wires);
            }
        }
        lane_nodes.append(&mut sketch.nodes);
        sketch.nodes = lane_nodes;
        sketch.nodes.push(bar_of_join);
        Drawn::of(sketch, (-half, bar / 2), (half, bar / 2))
    }

    /// A branch; its only open is where it ends.
    fn branch(&self, body: Option<&Region>) -> Sketch {
        let Some(region) = body else { return Sketch { left: -12, right: 12, ..Sketch::default() } };
        let placer = Placer::new(self.chart, region, false);
        let drawn = placer.column(&flow::plan(region, region.exit(self.chart)));
        let exit = region.exit(self.chart);
        if drawn.opens.iter().all(|open| Some(open.to) == exit && open.side == Side::Bottom) {
            return drawn;
        }
        placer.column(&flow::plan_flat(region))
    }
}

/// What a fork is called: without the number that tells it from others.
fn fork_name(name: &str) -> &str {
    let end = name.find(['#', ' ']).unwrap_or(name.len());
    match (&name[..end], name.ends_with(" for each")) {
        ("parallel", true) => "parallel, for each",
        ("settle", true) => "settle, for each",
        ("", _) => name,
        (macro_name, _) => macro_name,
    }
}
