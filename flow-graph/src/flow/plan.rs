//! A region in columns: what stands below each other, what stands side by side, and which ways go round the side.
//!
//! The main line of a region is one column, top to bottom, with what comes after a decision or a loop below it. Beside the
//! main line stand arms of decisions: at the left those that lead back, at the right those that leave early, and in the
//! middle, side by side, those that meet again.

use std::collections::BTreeSet;

use super::{Region, analysis::Analysis};

/// A way from one unit to another: an arrow of the chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) arrow: usize,
    /// The unit it leads to.
    pub(crate) to: usize,
}

/// Rows below each other.
#[derive(Debug, Default)]
pub(crate) struct Column {
    pub(crate) rows: Vec<Row>,
}

/// One row of a column.
#[derive(Debug)]
pub(crate) enum Row {
    /// A unit, and the ways that leave it at its bottom and at its sides.
    Unit { unit: usize, down: Option<Way>, left: Option<Way>, right: Option<Way> },
    /// The arms of the unit above.
    Arms(Arms),
}

/// Ways that leave a unit side by side.
#[derive(Debug, Default)]
pub(crate) struct Arms {
    /// Those that lead back.
    pub(crate) left: Vec<Arm>,
    pub(crate) middle: Middle,
    /// Those that leave early.
    pub(crate) right: Vec<Arm>,
}

/// What stands on the main line.
#[derive(Debug, Default)]
pub(crate) enum Middle {
    /// Arms that lead to the same unit.
    Arms { arms: Vec<Arm>, to: usize },
    /// The main line goes on.
    Line(Way),
    /// The main line ends above.
    #[default]
    Nothing,
}

/// One of several ways, with what is on it.
#[derive(Debug)]
pub(crate) struct Arm {
    pub(crate) way: Way,
    /// `None` if there is nothing on it.
    pub(crate) body: Option<Column>,
}

/// A region in columns. `exit` is where it ends, which has to be on the main line.
pub(crate) fn plan(region: &Region, exit: Option<usize>) -> Column {
    let analysis = Analysis::of(region);
    if !analysis.reducible {
        return Planner::flat(region, &analysis).column(0);
    }
    Planner::new(region, &analysis, exit).column(0)
}

/// A region in one column, which is possible for whatever there is.
pub(crate) fn plan_flat(region: &Region) -> Column {
    Planner::flat(region, &Analysis::of(region)).column(0)
}

struct Planner<'p> {
    region: &'p Region,
    analysis: &'p Analysis,
    exit: Option<usize>,
    /// By unit, the one it is drawn below.
    parent: Vec<usize>,
    /// By unit, those that are drawn below it, in order.
    below: Vec<Vec<usize>>,
    /// By unit, how many there are below it, itself included.
    size: Vec<usize>,
    /// By unit, when a walk over the units comes to it, and when it has seen all below it.
    seen: Vec<(usize, usize)>,
    /// By unit, those that lead to it.
    entered: Vec<Vec<usize>>,
    /// By unit, whether a loop begins there.
    is_head: Vec<bool>,
    /// Whether all units are to stand in one column.
    flat: bool,
}

/// A way with units on it that are reached by it only.
struct Found {
    way: Way,
    size: usize,
    /// Where its units lead to, outside of it.
    exits: BTreeSet<usize>,
    holds_exit: bool,
}

/// How the ways of a unit are drawn.
#[derive(Default)]
struct Decision {
    left: Vec<Way>,
    middle: Option<(Vec<Way>, usize)>,
    line: Option<Way>,
    right: Vec<Way>,
    side_left: Option<Way>,
    side_right: Option<Way>,
}

impl<'p> Planner<'p> {
    fn new(region: &'p Region, analysis: &'p Analysis, exit: Option<usize>) -> Self {
        let parent = (0..region.units.len()).map(|unit| drawn_below(unit, analysis)).collect();
        Planner::with(region, analysis, exit, parent)
    }

    /// Everything below the first unit.
    fn flat(region: &'p Region, analysis: &'p Analysis) -> Self {
        Planner { flat: true, ..Planner::with(region, analysis, None, vec![0; region.units.len()]) }
    }

    fn with(region: &'p Region, analysis: &'p Analysis, exit: Option<usize>, parent: Vec<usize>) -> Self {
        let count = region.units.len();
        let (mut below, mut size) = (vec![Vec::new(); count], vec![1; count]);
        for unit in &analysis.order[1..] {
            below[parent[*unit]].push(*unit);
        }
        for unit in analysis.order[1..].iter().rev() {
            size[parent[*unit]] += size[*unit];
        }
        let (mut seen, mut time, mut work) = (vec![(0, 0); count], 0, vec![(0, false)]);
        while let Some((unit, left)) = work.pop() {
            time += 1;
            if left {
                seen[unit].1 = time;
                continue;
            }
            seen[unit].0 = time;
            work.push((unit, true));
            work.extend(below[unit].iter().map(|unit| (*unit, false)));
        }
        let (mut is_head, mut entered) = (vec![false; count], vec![Vec::new(); count]);
        for (unit, outs) in region.outs.iter().enumerate() {
            outs.iter().for_each(|way| entered[way.to].push(unit));
            outs.iter().filter(|way| analysis.is_back(unit, way.to)).for_each(|way| is_head[way.to] = true);
        }
        Planner { region, analysis, exit, parent, below, size, seen, entered, is_head, flat: false }
    }

    fn is_within(&self, unit: usize, above: usize) -> bool {
        let ((first, last), (at, _)) = (self.seen[above], self.seen[unit]);
        first <= at && at < last
    }

    /// Whether a way leads to units that are reached by it only, and that stand beside others.
    fn is_arm(&self, from: usize, way: Way) -> bool {
        let to = way.to;
        let leaves_loop = || self.is_head[from] && !self.analysis.loops_of(to).any(|head| head == from);
        !self.flat
            && self.parent[to] == from
            && self.analysis.dominator[to] == from
            && to != from
            && !self.merges(from, to)
            && !leaves_loop()
    }

    /// Whether a unit is reached from below `from`, too.
    fn merges(&self, from: usize, to: usize) -> bool {
        self.entered[to].iter().any(|before| *before != from && !self.is_within(*before, to))
    }

    /// The units from this one on, the main line first.
    fn column(&self, first: usize) -> Column {
        let mut column = Column::default();
        let mut work = vec![first];
        while let Some(unit) = work.pop() {
            let decision = self.decide(unit);
            let Decision { left, middle, line, right, side_left, side_right } = decision;
            let arm = |way: Way| Arm { way, body: self.is_arm(unit, way).then(|| self.column(way.to)) };
            let besides = !left.is_empty() || !right.is_empty() || middle.is_some();
            let down = line.filter(|_| !besides);
            column.rows.push(Row::Unit { unit, down, left: side_left, right: side_right });
            if besides {
                let (left, right) = (left.into_iter().map(arm).collect(), right.into_iter().map(arm).collect());
                let middle = match (middle, line) {
                    (Some((ways, to)), _) => Middle::Arms { arms: ways.into_iter().map(arm).collect(), to },
                    (None, Some(way)) => Middle::Line(way),
                    (None, None) => Middle::Nothing,
                };
                column.rows.push(Row::Arms(Arms { left, middle, right }));
            }
            let arms: Vec<usize> =
                self.region.outs[unit].iter().filter(|way| self.is_arm(unit, **way)).map(|way| way.to).collect();
            work.extend(self.below[unit].iter().rev().filter(|below| !arms.contains(below)));
            work.extend(line.filter(|way| self.is_arm(unit, *way)).map(|way| way.to));
        }
        // A loop without end may come after it.
        let is_exit = |row: &Row| matches!(row, Row::Unit { unit, .. } if Some(*unit) == self.exit);
        if let Some(at) = column.rows.iter().position(is_exit) {
            let exit = column.rows.remove(at);
            column.rows.push(exit);
        }
        column
    }

    fn found(&self, way: Way) -> Found {
        let (mut exits, mut work) = (BTreeSet::new(), vec![way.to]);
        let mut holds_exit = false;
        while let Some(unit) = work.pop() {
            holds_exit |= self.exit == Some(unit);
            let outs = self.region.outs[unit].iter().map(|way| way.to);
            exits.extend(outs.filter(|to| !self.is_within(*to, way.to)));
            work.extend(&self.below[unit]);
        }
        Found { way, size: self.size[way.to], exits, holds_exit }
    }

    fn decide(&self, unit: usize) -> Decision {
        let outs = &self.region.outs[unit];
        let rank = &self.analysis.rank;
        if let [only] = outs[..] {
            return Decision { line: Some(only), ..Decision::default() };
        }
        let mut decision = Decision::default();
        let (arms, direct): (Vec<Way>, Vec<Way>) = outs.iter().partition(|way| self.is_arm(unit, **way));
        let (back, mut onward): (Vec<Way>, Vec<Way>) =
            direct.into_iter().partition(|way| self.analysis.is_back(unit, way.to));
        onward.sort_by_key(|way| rank[way.to]);
        let arms: Vec<Found> = arms.into_iter().map(|way| self.found(way)).collect();
        let leads_back = |arm: &Found| !arm.exits.is_empty() && arm.exits.iter().all(|to| rank[*to] <= rank[unit]);
        let (loops, leaving): (Vec<Found>, Vec<Found>) = arms.into_iter().partition(leads_back);
        if leaving.is_empty() {
            self.decide_loops(unit, loops, &onward, &mut decision);
        } else {
            decision.left = loops.into_iter().map(|arm| arm.way).collect();
            self.decide_leaving(unit, leaving, &onward, &mut decision);
        }
        if let Some((ways, to)) = &mut decision.middle {
            let main = *to;
            let (empty, others) = onward.into_iter().partition(|way| way.to == main);
            onward = others;
            ways.extend::<Vec<Way>>(empty);
            ways.sort_by_key(|way| outs.iter().position(|out| out == way));
        }
        let mut onward = onward.into_iter();
        if decision.middle.is_none() && decision.line.is_none() {
            decision.line = onward.next();
        }
        decision.side_right = onward.next();
        decision.right.extend(onward);
        let mut back = back.into_iter();
        if decision.middle.is_none() && decision.line.is_none() {
            decision.line = back.next();
        }
        // Where a loop begins, the left side is where it comes back to.
        if !self.is_head[unit] {
            decision.side_left = back.next();
        }
        decision.left.splice(0..0, back);
        decision
    }

    /// Of arms that all lead back, and of which some may be the body of a loop that begins here.
    fn decide_loops(&self, unit: usize, loops: Vec<Found>, onward: &[Way], decision: &mut Decision) {
        let is_body = |arm: &Found| arm.exits.contains(&unit);
        let long = matches!(&loops[..], [only] if only.size > 3);
        if loops.iter().any(is_body) || onward.is_empty() || long {
            let to = loops.iter().find(|arm| is_body(arm)).map(|_| unit);
            let to = to.or_else(|| self.common(&loops, |_| true));
            let (mut main, others): (Vec<Found>, Vec<Found>) =
                loops.into_iter().partition(|arm| to.is_some_and(|to| arm.exits.contains(&to)));
            match (main.len(), to) {
                (0, _) | (_, None) => {}
                (1, _) => decision.line = main.pop().map(|arm| arm.way),
                (_, Some(to)) => decision.middle = Some((main.iter().map(|arm| arm.way).collect(), to)),
            }
            decision.left = others.into_iter().map(|arm| arm.way).collect();
        } else {
            decision.left = loops.into_iter().map(|arm| arm.way).collect();
        }
    }

    /// Of arms that do not only lead back.
    fn decide_leaving(&self, unit: usize, mut leaving: Vec<Found>, onward: &[Way], decision: &mut Decision) {
        let rank = &self.analysis.rank;
        let largest =
            |arms: &[Found]| arms.iter().enumerate().max_by_key(|(at, arm)| (arm.size, *at)).map(|(at, _)| at);
        let main = match leaving.iter().position(|arm| arm.holds_exit) {
            Some(holder) => Some(holder),
            None if leaving.len() == 1 => Some(0),
            None => {
                let mut to = self.common(&leaving, |to| rank[to] > rank[unit]);
                if to.is_none() {
                    to = onward.iter().map(|way| way.to).find(|to| leaving.iter().any(|arm| arm.exits.contains(to)));
                }
                let meets = |arm: &Found| to.is_some_and(|to| arm.exits.contains(&to));
                let mut sizes: Vec<usize> = leaving.iter().filter(|arm| meets(arm)).map(|arm| arm.size).collect();
                sizes.sort_unstable_by(|one, other| other.cmp(one));
                let uneven = matches!(sizes[..], [first, second, ..] if first > 4 && first > 3 * second);
                match to {
                    Some(to) if sizes.len() > 1 && !uneven => {
                        let (middle, right): (Vec<Found>, Vec<Found>) =
                            leaving.into_iter().partition(|arm| arm.exits.contains(&to));
                        decision.middle = Some((middle.iter().map(|arm| arm.way).collect(), to));
                        decision.right = right.into_iter().map(|arm| arm.way).collect();
                        return;
                    }
                    _ => largest(&leaving),
                }
            }
        };
        decision.line = main.map(|main| leaving.remove(main).way);
        decision.right = leaving.into_iter().map(|arm| arm.way).collect();
    }

    /// The unit most of these arms lead to, if it is more than one: the first of those.
    fn common(&self, arms: &[Found], counts: impl Fn(usize) -> bool) -> Option<usize> {
        let all: BTreeSet<usize> =
            arms.iter().flat_map(|arm| arm.exits.iter().copied()).filter(|to| counts(*to)).collect();
        let reached = |to: &usize| arms.iter().filter(|arm| arm.exits.contains(to)).count();
        let found = all.into_iter().max_by_key(|to| (reached(to), std::cmp::Reverse(self.analysis.rank[*to])))?;
        (reached(&found) > 1 || arms.len() == 1).then_some(found)
    }
}

/// The unit another one is drawn below: its dominator, or the head of the outermost loop that is left on the way from it.
fn drawn_below(unit: usize, analysis: &Analysis) -> usize {
    let dominator = analysis.dominator[unit];
    let around: Vec<usize> = analysis.loops_of(unit).collect();
    let left = analysis.loops_of(dominator).take_while(|head| !around.contains(head));
    left.last().unwrap_or(dominator)
}
