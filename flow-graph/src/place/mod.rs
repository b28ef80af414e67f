//! Coordinates. A column, its rows and their arms are drawn from the inside out, each as a [`Sketch`] of its own, whose ways
//! out are [`Open`] until the row they lead to is known.
//!
//! No line can run through a box: lines run below the main line of a column, in the channels between its rows, under arms
//! that have come to their end, and on rails beside all rows they pass.

mod arms;
mod column;
mod unit;

pub(crate) use unit::{ICON, STACK, TITLE};

use crate::{
    chart::{Arrow, Chart},
    flow::{self, Region},
    layout::Node,
    text::{self, Font},
};

/// From a row to the next one.
const CHANNEL: i32 = 32;
/// Below a row, where a line turns to the side.
const LEAVE: i32 = 12;
/// Above a row, where lines come in from the side.
const ARRIVE: i32 = 16;
/// Between two lines side by side.
const RAIL: i32 = 14;
/// Between two arms.
const BETWEEN: i32 = 30;
/// Space around what is inside a frame.
const PAD: i32 = 20;
/// Widest label, its lines, and the space around its text.
const LABEL: (i32, usize, i32) = (168, 2, 6);

/// A point: from the left, from the top.
pub(crate) type Point = (i32, i32);

/// A part of a drawing. Its first box is entered at (0, 0), in the middle of its upper border.
#[derive(Default)]
pub(crate) struct Sketch {
    /// How far it reaches to the left, 0 or less, and to the right.
    pub(crate) left: i32,
    pub(crate) right: i32,
    pub(crate) height: i32,
    pub(crate) nodes: Vec<Node>,
    pub(crate) wires: Vec<Wire>,
    pub(crate) opens: Vec<Open>,
}

/// An arrow as it is drawn.
pub(crate) struct Wire {
    /// The node it leaves, and the one it leads to.
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) when: Vec<String>,
    pub(crate) points: Vec<Point>,
    pub(crate) label: Option<Label>,
    pub(crate) back: bool,
}

/// The text at an arrow.
pub(crate) struct Label {
    pub(crate) lines: Vec<String>,
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) width: i32,
    pub(crate) height: i32,
}

/// Wires on their way to one unit, all drawn up to the same point.
pub(crate) struct Open {
    pub(crate) to: usize,
    pub(crate) side: Side,
    pub(crate) at: Point,
    pub(crate) wires: Vec<Wire>,
}

/// Where wires leave a sketch. Those at the left lead back, those at the right lead onwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Bottom,
    Left,
    Right,
}

/// Draws one workflow.
pub(crate) fn chart(chart: &Chart, is_root: bool) -> Sketch {
    let region = Region::of(chart, 0, None);
    let drawn = Placer::new(chart, &region, is_root).column(&flow::plan(&region, region.exit(chart)));
    if drawn.opens.is_empty() {
        return drawn;
    }
    // Some way leads into the middle of an arm, which no workflow's code can do.
    Placer::new(chart, &region, is_root).column(&flow::plan_flat(&region))
}

/// Draws one region.
pub(crate) struct Placer<'p> {
    chart: &'p Chart,
    region: &'p Region,
    is_root: bool,
    /// By unit, its place in the order of the region's code.
    rank: Vec<usize>,
}

impl<'p> Placer<'p> {
    fn new(chart: &'p Chart, region: &'p Region, is_root: bool) -> Self {
        Placer { chart, region, is_root, rank: flow::ranks(region) }
    }

    fn arrow(&self, arrow: usize) -> &'p Arrow {
        &self.chart.arrows[arrow]
    }

    /// A wire that begins at this point.
    fn wire(&self, way: flow::Way, from: usize, at: Point) -> Wire {
        let Arrow { from: node, to, whens } = self.arrow(way.arrow);
        let id = |node: usize| self.chart.nodes[node].id.clone();
        let back = self.rank[way.to] <= self.rank[from];
        Wire { from: id(*node), to: id(*to), when: whens.clone(), points: vec![at], label: None, back }
    }

    /// The label of an arrow, not placed yet.
    fn label(&self, arrow: usize) -> Option<Label> {
        let whens = &self.arrow(arrow).whens;
        let (most, lines, pad) = LABEL;
        let shown: Vec<String> = whens.iter().map(|when| text::without_path(when)).collect();
        let lines = text::wrapped(&shown.join(" | "), Font::Code, most, lines);
        let widest = lines.iter().map(|line| text::width(line, Font::Code)).max()?;
        let height = Font::Code.line() * i32::try_from(lines.len()).unwrap_or(1) + 4;
        Some(Label { lines, x: 0, y: 0, width: even(widest + 2 * pad), height })
    }
}

/// The next even number: boxes have a middle.
fn even(length: i32) -> i32 {
    length + length.rem_euclid(2)
}

impl Sketch {
    /// With its upper left corner here, as far from the left as from above.
    pub(crate) fn shifted(self, margin: i32) -> Self {
        let right = margin - self.left;
        self.moved(right, margin)
    }

    fn moved(mut self, right: i32, down: i32) -> Self {
        let point = |(x, y): &mut Point| {
            *x += right;
            *y += down;
        };
        for node in &mut self.nodes {
            node.x += right;
            node.y += down;
        }
        for wire in self.wires.iter_mut().chain(self.opens.iter_mut().flat_map(|open| &mut open.wires)) {
            wire.points.iter_mut().for_each(point);
            if let Some(label) = &mut wire.label {
                label.x += right;
                label.y += down;
            }
        }
        self.opens.iter_mut().for_each(|open| point(&mut open.at));
        self.left += right;
        self.right += right;
        self
    }

    /// Takes over what another sketch has drawn; its opens are handed back.
    fn take(&mut self, other: Sketch) -> Vec<Open> {
        self.nodes.extend(other.nodes);
        self.wires.extend(other.wires);
        self.reach(other.left, other.right);
        other.opens
    }

    fn reach(&mut self, left: i32, right: i32) {
        self.left = self.left.min(left);
        self.right = self.right.max(right);
    }
}

impl Open {
    fn one(to: usize, side: Side, wire: Wire) -> Self {
        let at = wire.points.last().copied().unwrap_or_default();
        Open { to, side, at, wires: vec![wire] }
    }

    /// Draws on to this point.
    fn go(&mut self, at: Point) {
        self.at = at;
        self.wires.iter_mut().for_each(|wire| wire.go(at));
    }
}

impl Wire {
    fn go(&mut self, at: Point) {
        let points = &mut self.points;
        if points.last() == Some(&at) {
            return;
        }
        if let [.., before, last] = points[..]
            && (before.0 == last.0 && last.0 == at.0 || before.1 == last.1 && last.1 == at.1)
        {
            points.pop();
        }
        points.push(at);
    }
}
