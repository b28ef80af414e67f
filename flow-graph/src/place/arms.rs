//! Arms side by side, below the unit they leave.

use super::{BETWEEN, LEAVE, Label, Open, Placer, RAIL, Side, Sketch, Wire, even};
use crate::flow::{Arm, Arms, Middle, Way};

/// Below the unit, where the line splits.
const SPLIT: i32 = 12;
/// From there to the labels, and from these to the arms.
const TO_LABEL: i32 = 6;
const TO_ARM: i32 = 16;

/// An arm, or the main line, where it stands.
struct Slot {
    way: Option<Way>,
    label: Option<Label>,
    sketch: Sketch,
    has_body: bool,
    is_middle: bool,
    /// Whether it is the main line, which goes on below.
    is_line: bool,
    x: i32,
    /// How far it reaches, the rails at its sides included.
    left: i32,
    right: i32,
    height: i32,
}

/// Lines on their way to one side, by the height they run at.
#[derive(Default)]
struct Tracks(Vec<(i32, usize)>);

impl Tracks {
    /// A height from this one on where no line to another unit runs.
    fn free(&mut self, mut y: i32, to: usize) -> i32 {
        while let Some((taken, _)) = self.0.iter().find(|(taken, other)| *other != to && (taken - y).abs() < 10) {
            y = taken + 10;
        }
        self.0.push((y, to));
        y
    }
}

impl Placer<'_> {
    /// The arms of a unit; the middle of its lower border is at (0, 0).
    pub(super) fn arms(&self, unit: usize, arms: &Arms) -> Sketch {
        let (middle, to): (&[Arm], Option<usize>) = match &arms.middle {
            Middle::Arms { arms, to } => (arms, Some(*to)),
            Middle::Line(_) | Middle::Nothing => (&[], None),
        };
        let line = match &arms.middle {
            Middle::Line(way) => Some(*way),
            Middle::Arms { .. } | Middle::Nothing => None,
        };
        let mut slots: Vec<Slot> = arms.left.iter().map(|arm| self.slot(arm, false)).collect();
        let first_middle = slots.len();
        slots.extend(middle.iter().map(|arm| self.slot(arm, true)));
        if middle.is_empty() {
            slots.push(self.line(line));
        }
        let after_middle = slots.len();
        slots.extend(arms.right.iter().map(|arm| self.slot(arm, false)));
        let tallest = slots.iter().filter_map(|slot| slot.label.as_ref()).map(|label| label.height).max();
        let top = even(SPLIT + tallest.map_or(0, |height| TO_LABEL + height) + TO_ARM);
        self.spread(&mut slots, first_middle, after_middle);

        let mut whole = Sketch::default();
        let mut opens: Vec<(usize, Open)> = Vec::new();
        let mut bottoms: Vec<i32> = Vec::new();
        for (number, slot) in slots.iter_mut().enumerate() {
            whole.reach(slot.left, slot.right);
            let sketch = std::mem::take(&mut slot.sketch).moved(slot.x, top);
            bottoms.push(if slot.is_line { 0 } else { top + slot.height });
            opens.extend(whole.take(sketch).into_iter().map(|open| (number, open)));
            let Some(way) = slot.way else { continue };
            let mut wire = self.wire(way, unit, (0, 0));
            wire.go((0, SPLIT));
            wire.go((slot.x, SPLIT));
            wire.go((slot.x, top));
            wire.label =
                slot.label.take().map(|label| Label { x: slot.x - label.width / 2, y: SPLIT + TO_LABEL, ..label });
            match slot.has_body {
                true => whole.wires.push(wire),
                false => opens.push((number, Open::one(way.to, Side::Bottom, wire))),
            }
        }
        lead_out(&mut whole, &slots, &bottoms, opens, to, top);
        whole
    }

    fn slot(&self, arm: &Arm, is_middle: bool) -> Slot {
        let sketch = arm.body.as_ref().map(|body| self.column(body));
        let has_body = sketch.is_some();
        let sketch = sketch.unwrap_or(Sketch { left: -8, right: 8, ..Sketch::default() });
        let height = sketch.height;
        let (mut left, mut right) = (sketch.left, sketch.right);
        // For rails that cannot leave at once.
        let rails = |side: Side| {
            let mut to: Vec<usize> = sketch.opens.iter().filter(|open| open.side == side).map(|open| open.to).collect();
            to.sort_unstable();
            to.dedup();
            i32::try_from(to.len()).unwrap_or(0) * RAIL
        };
        left -= rails(Side::Left);
        right += rails(Side::Right);
        let label = self.label(arm.way.arrow);
        if let Some(label) = &label {
            (left, right) = (left.min(-label.width / 2), right.max(label.width / 2));
        }
        Slot { way: Some(arm.way), label, sketch, has_body, is_middle, is_line: false, x: 0, left, right, height }
    }

    /// The place of the main line.
    fn line(&self, way: Option<Way>) -> Slot {
        let label = way.and_then(|way| self.label(way.arrow));
        let half = label.as_ref().map_or(8, |label| label.width / 2);
        let sketch = Sketch { left: -8, right: 8, ..Sketch::default() };
        let (left, right) = (-half, half);
        Slot { way, label, sketch, has_body: false, is_middle: true, is_line: true, x: 0, left, right, height: 0 }
    }

    /// Puts the slots side by side, the middle ones around the main line.
    fn spread(&self, slots: &mut [Slot], first_middle: usize, after_middle: usize) {
        let mut free = 0;
        for slot in slots.iter_mut() {
            slot.x = even(free - slot.left);
            free = slot.x + slot.right + BETWEEN;
        }
        let (first, last) = (slots[first_middle].x, slots[after_middle - 1].x);
        let middle = (first + last) / 2;
        for slot in slots {
            slot.x -= middle;
            slot.left += slot.x;
            slot.right += slot.x;
        }
    }
}

/// Draws the lines that leave the arms: to the left, to the right, or together at the bottom.
fn lead_out(
    whole: &mut Sketch,
    slots: &[Slot],
    bottoms: &[i32],
    opens: Vec<(usize, Open)>,
    to: Option<usize>,
    top: i32,
) {
    let (mut meeting, mut leftwards, mut rightwards) = (Vec::new(), Vec::new(), Vec::new());
    let mut line = None;
    for (number, open) in opens {
        let slot = &slots[number];
        let back = open.wires.iter().all(|wire| wire.back);
        match open.side {
            Side::Bottom if slot.is_line => line = Some(open),
            _ if slot.is_middle && Some(open.to) == to => meeting.push((number, open)),
            Side::Left => leftwards.push((number, open)),
            Side::Right => rightwards.push((number, open)),
            Side::Bottom if back => leftwards.push((number, open)),
            Side::Bottom => rightwards.push((number, open)),
        }
    }
    let mut lowest = bottoms.iter().copied().max().unwrap_or(0).max(top);
    let mut tracks = Tracks::default();
    let mut rails: Vec<Rail> = Vec::new();
    for (side, mut leaving) in [(Side::Left, leftwards), (Side::Right, rightwards)] {
        let mut own = Tracks::default();
        // The outermost first.
        leaving.sort_by_key(|(number, open)| {
            let rank = if side == Side::Left { *number } else { slots.len() - number };
            (rank, open.side == Side::Bottom, open.at.1)
        });
        for (number, mut open) in leaving {
            let beyond = if side == Side::Left { 0..number } else { number + 1..slots.len() };
            let outer = beyond.map(|other| bottoms[other]).max().unwrap_or(0);
            if open.side == side && outer < open.at.1 - 6 {
                own.0.push((open.at.1, open.to));
                whole.opens.push(open);
                continue;
            }
            let mut y = outer.max(bottoms[number]) + LEAVE;
            y = own.free(y, open.to);
            y = tracks.free(y, open.to);
            if open.side == side {
                let x = rail(&mut rails, slots, number, open.to, side);
                open.go((x, open.at.1));
            }
            open.go((open.at.0, y));
            open.side = side;
            lowest = lowest.max(y);
            whole.opens.push(open);
        }
    }
    let middle = slots.iter().zip(bottoms).filter(|(slot, _)| slot.is_middle).map(|(_, bottom)| *bottom);
    let together = middle.max().unwrap_or(top).max(tracks.0.iter().map(|(y, _)| *y).max().unwrap_or(0)) + LEAVE;
    let mut wires: Vec<Wire> = Vec::new();
    let met = to.filter(|_| !meeting.is_empty());
    for (number, mut open) in meeting {
        if open.side != Side::Bottom {
            let x = rail(&mut rails, slots, number, open.to, open.side);
            open.go((x, open.at.1));
        }
        open.go((open.at.0, together));
        open.go((0, together));
        wires.extend(open.wires);
    }
    if let Some(to) = met {
        lowest = lowest.max(together);
        wires.iter_mut().for_each(|wire| wire.go((0, lowest)));
        whole.opens.push(Open { to, side: Side::Bottom, at: (0, lowest), wires });
    }
    if let Some(mut line) = line {
        line.go((0, lowest));
        whole.opens.push(line);
    }
    whole.height = lowest;
}

/// A line that runs down beside an arm, because others stand in its way.
struct Rail {
    slot: usize,
    side: Side,
    to: usize,
    x: i32,
}

/// Where a line to a unit runs down beside its arm.
fn rail(rails: &mut Vec<Rail>, slots: &[Slot], slot: usize, to: usize, side: Side) -> i32 {
    let beside = |rail: &&Rail| rail.slot == slot && rail.side == side;
    if let Some(rail) = rails.iter().filter(beside).find(|rail| rail.to == to) {
        return rail.x;
    }
    let step = i32::try_from(rails.iter().filter(beside).count()).unwrap_or(0) * RAIL;
    let x = if side == Side::Left { slots[slot].left + 4 + step } else { slots[slot].right - 4 - step };
    rails.push(Rail { slot, side, to, x });
    x
}
