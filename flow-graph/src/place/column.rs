//! Rows below each other, the lines between them, and the rails beside them.

use std::collections::{BTreeMap, HashMap};

use super::{ARRIVE, CHANNEL, LEAVE, Open, Placer, Point, RAIL, Side, Sketch, even};
use crate::flow::{Column, Row, Way};

/// A row where it stands.
struct Placed {
    top: i32,
    /// Where the next one could begin: below its boxes, and below the label of the line that leaves it.
    bottom: i32,
    left: i32,
    right: i32,
    /// Where lines that lead back come in.
    port: Point,
    is_exit: bool,
    is_labelled: bool,
}

/// A rail: the lines to one row on one side.
struct Rail {
    to: usize,
    opens: Vec<Open>,
    /// The rows it passes.
    from_row: usize,
    to_row: usize,
    top: i32,
    bottom: i32,
}

impl Placer<'_> {
    pub(super) fn column(&self, column: &Column) -> Sketch {
        let mut whole = Sketch::default();
        let mut drawn: Vec<(super::unit::Drawn, bool)> = Vec::with_capacity(column.rows.len());
        let mut row_of: HashMap<usize, usize> = HashMap::new();
        let mut last_unit = 0;
        for (row, of) in column.rows.iter().enumerate() {
            match of {
                Row::Unit { unit, down, left, right } => {
                    last_unit = *unit;
                    row_of.insert(*unit, row);
                    drawn.push((self.with_ways(*unit, *down, *left, *right), false));
                }
                Row::Arms(arms) => {
                    let sketch = self.arms(last_unit, arms);
                    let drawn_arms = super::unit::Drawn { sketch, left: (0, 0), right: (0, 0), is_exit: false };
                    drawn.push((drawn_arms, true));
                }
            }
        }
        let arrivals = arrivals(&drawn, &row_of);
        let (mut rows, mut opens): (Vec<Placed>, Vec<(usize, Open)>) = (Vec::new(), Vec::new());
        for (row, (unit, follows)) in drawn.into_iter().enumerate() {
            let top = match rows.last() {
                None => 0,
                Some(before) if follows => before.bottom,
                Some(before) => {
                    let turns = opens.iter().any(|(from, open): &(usize, Open)| {
                        from + 1 == row && open.side == Side::Bottom && row_of.get(&open.to) != Some(&row)
                    });
                    let both = turns && arrivals.contains(&row);
                    let arrives = arrivals.contains(&row);
                    let channel = match unit.is_exit {
                        true if arrives => CHANNEL - 10,
                        true => 4,
                        // The label needs no line of its own above it.
                        false if before.is_labelled => CHANNEL - 8,
                        false => CHANNEL,
                    };
                    even(before.bottom + channel + if both { 10 } else { 0 })
                }
            };
            let sketch = unit.sketch.moved(0, top);
            let below = sketch.opens.iter().filter(|open| open.side == Side::Bottom).map(|open| open.at.1).max();
            let bottom = below.unwrap_or(0).max(top + sketch.height);
            let port = (unit.left.0, unit.left.1 + top);
            let (left, right, is_exit) = (sketch.left, sketch.right, unit.is_exit);
            let is_labelled = !follows && bottom > top + sketch.height;
            rows.push(Placed { top, bottom, left, right, port, is_exit, is_labelled });
            whole.height = bottom;
            opens.extend(whole.take(sketch).into_iter().map(|open| (row, open)));
        }
        self.connect(whole, &rows, opens, &row_of)
    }

    /// A unit with the lines that leave it.
    fn with_ways(&self, unit: usize, down: Option<Way>, left: Option<Way>, right: Option<Way>) -> super::unit::Drawn {
        let mut drawn = self.unit(unit);
        let bottom = drawn.sketch.height;
        let mut add = |way: Way, side: Side, at: Point| {
            let mut wire = self.wire(way, unit, at);
            let label = self.label(way.arrow);
            let size = label.as_ref().map(|label| (label.width, label.height));
            let end = match (side, size) {
                (Side::Bottom, None) => at,
                (Side::Bottom, Some((_, height))) => (at.0, at.1 + height + 10),
                (Side::Left, size) => (at.0 - size.map_or(6, |(width, _)| width + 16), at.1),
                (Side::Right, size) => (at.0 + size.map_or(6, |(width, _)| width + 16), at.1),
            };
            wire.label = label.map(|mut label| {
                (label.x, label.y) = match side {
                    Side::Bottom => (at.0 - label.width / 2, at.1 + 8),
                    Side::Left => (at.0 - label.width - 10, at.1 - label.height / 2),
                    Side::Right => (at.0 + 10, at.1 - label.height / 2),
                };
                drawn.sketch.reach(label.x, label.x + label.width);
                label
            });
            wire.go(end);
            drawn.sketch.reach(end.0, end.0);
            drawn.sketch.opens.push(Open::one(way.to, side, wire));
        };
        let (at_left, at_right) = (drawn.left, drawn.right);
        down.into_iter().for_each(|way| add(way, Side::Bottom, (0, bottom)));
        left.into_iter().for_each(|way| add(way, Side::Left, at_left));
        right.into_iter().for_each(|way| add(way, Side::Right, at_right));
        drawn
    }

    /// Draws the lines between the rows. What leads to none of them stays open.
    fn connect(
        &self,
        mut whole: Sketch,
        rows: &[Placed],
        opens: Vec<(usize, Open)>,
        row_of: &HashMap<usize, usize>,
    ) -> Sketch {
        let mut rails: BTreeMap<(bool, usize), Vec<(usize, Open)>> = BTreeMap::new();
        let mut at_exit: Vec<Open> = Vec::new();
        for (row, mut open) in opens {
            let target = row_of.get(&open.to).copied();
            if let (Side::Bottom, Some(target)) = (open.side, target)
                && target == row + 1
            {
                open.go((0, rows[target].top));
                match rows[target].is_exit {
                    true => at_exit.push(open),
                    false => whole.wires.extend(open.wires),
                }
                continue;
            }
            if open.side == Side::Bottom {
                if target.is_none() && row + 1 == rows.len() {
                    whole.opens.push(open);
                    continue;
                }
                let back = open.wires.iter().all(|wire| wire.back);
                open.go((0, rows[row].bottom + LEAVE));
                open.side = if back { Side::Left } else { Side::Right };
                whole.height = whole.height.max(rows[row].bottom + LEAVE);
            }
            match target {
                Some(target) => rails.entry((open.side == Side::Right, target)).or_default().push((row, open)),
                None => whole.opens.push(open),
            }
        }
        let rails = rails.into_iter().map(|((is_right, to), opens)| {
            let ends = if is_right { rows[to].top - ARRIVE } else { rows[to].port.1 };
            let at = || opens.iter().map(|(_, open)| open.at.1).chain([ends]);
            let (top, bottom) = (at().min().unwrap_or(ends), at().max().unwrap_or(ends));
            let passed = opens.iter().map(|(row, _)| *row);
            let (from_row, to_row) = match is_right {
                true => (passed.min().unwrap_or(to), to.saturating_sub(1)),
                false => (to, passed.max().unwrap_or(to)),
            };
            let opens = opens.into_iter().map(|(_, open)| open).collect();
            (is_right, Rail { to, opens, from_row, to_row, top, bottom })
        });
        let (mut right, mut left): (Vec<_>, Vec<_>) = rails.partition(|(is_right, _)| *is_right);
        for (is_right, side) in [(true, &mut right), (false, &mut left)] {
            // Short ones inside.
            side.sort_by_key(|(_, rail)| rail.bottom - rail.top);
            let mut taken: Vec<(i32, i32, i32)> = Vec::new();
            for (_, rail) in side.drain(..) {
                let passed = &rows[rail.from_row..=rail.to_row.max(rail.from_row)];
                let outwards = |row: &Placed| if is_right { row.right } else { -row.left };
                let boxes = passed.iter().map(outwards).max().unwrap_or(0);
                let beside = taken.iter().filter(|(top, bottom, _)| *top <= rail.bottom + 8 && rail.top - 8 <= *bottom);
                let x = even(beside.map(|(_, _, x)| *x).max().unwrap_or(0).max(boxes) + RAIL);
                taken.push((rail.top, rail.bottom, x));
                let x = if is_right { x } else { -x };
                whole.reach(x - 4, x + 4);
                let end = &rows[rail.to];
                for mut open in rail.opens {
                    open.go((x, open.at.1));
                    if is_right {
                        open.go((x, rail.bottom));
                        open.go((0, rail.bottom));
                        open.go((0, end.top));
                    } else {
                        open.go((x, rail.top));
                        open.go((end.port.0, rail.top));
                    }
                    match end.is_exit {
                        true => at_exit.push(open),
                        false => whole.wires.extend(open.wires),
                    }
                }
            }
        }
        whole.opens.extend(at_exit.into_iter().map(|open| Open { side: Side::Bottom, ..open }));
        whole
    }
}

/// The rows lines come to from the side.
fn arrivals(drawn: &[(super::unit::Drawn, bool)], row_of: &HashMap<usize, usize>) -> std::collections::HashSet<usize> {
    let rows = drawn.iter().enumerate();
    let opens = rows.flat_map(|(row, (unit, _))| unit.sketch.opens.iter().map(move |open| (row, open)));
    let leads = opens.filter_map(|(row, open)| {
        let target = *row_of.get(&open.to)?;
        (target > row && !(open.side == Side::Bottom && target == row + 1)).then_some(target)
    });
    leads.collect()
}
