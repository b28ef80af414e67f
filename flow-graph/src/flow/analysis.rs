//! The order of a region's units, what dominates what, and which loops there are.

use super::Region;

/// What is known of a region. Units are numbered as in the region.
pub(super) struct Analysis {
    /// The units in an order in which everything but loops leads onwards, and the code's own among what could come first.
    pub(super) order: Vec<usize>,
    /// By unit, its place in that order.
    pub(super) rank: Vec<usize>,
    /// By unit, the last one that every way to it passes; the first one's is itself.
    pub(super) dominator: Vec<usize>,
    /// By unit, the head of the innermost loop it is in.
    pub(super) innermost: Vec<Option<usize>>,
    /// By head of a loop, the head of the loop around it.
    around: Vec<Option<usize>>,
    /// Whether every loop has one head only.
    pub(super) reducible: bool,
}

impl Analysis {
    pub(super) fn of(region: &Region) -> Self {
        let count = region.units.len();
        let (order, rank) = (order(region), ranks(region));
        let mut before: Vec<Vec<usize>> = vec![Vec::new(); count];
        for (unit, outs) in region.outs.iter().enumerate() {
            outs.iter().for_each(|way| before[way.to].push(unit));
        }
        let dominator = dominators(&order, &rank, &before);
        let (innermost, around) = (vec![None; count], vec![None; count]);
        let mut analysis = Analysis { order, rank, dominator, innermost, around, reducible: true };
        analysis.loops(&before);
        analysis
    }

    /// Whether a way leads back.
    pub(super) fn is_back(&self, from: usize, to: usize) -> bool {
        self.rank[to] <= self.rank[from]
    }

    /// The heads of the loops a unit is in, the innermost first.
    pub(super) fn loops_of(&self, unit: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(self.innermost[unit], |head| self.around[*head])
    }

    fn dominates(&self, above: usize, mut unit: usize) -> bool {
        while self.rank[unit] > self.rank[above] {
            unit = self.dominator[unit];
        }
        unit == above
    }

    /// Finds the loops, inner ones first.
    fn loops(&mut self, before: &[Vec<usize>]) {
        for head in self.order.clone().into_iter().rev() {
            let latches: Vec<usize> = before[head].iter().copied().filter(|from| self.is_back(*from, head)).collect();
            if latches.iter().any(|latch| !self.dominates(head, *latch)) {
                self.reducible = false;
                return;
            }
            if latches.is_empty() {
                continue;
            }
            let mut work = latches;
            while let Some(unit) = work.pop() {
                // The outermost loop around the unit that is known by now.
                let outer = self.loops_of(unit).last();
                match outer {
                    Some(known) if known == head => continue,
                    Some(known) => {
                        self.around[known] = Some(head);
                        work.extend(before[known].iter().copied().filter(|from| !self.is_back(*from, known)));
                    }
                    None => {
                        self.innermost[unit] = Some(head);
                        if unit != head {
                            work.extend(before[unit].iter().copied().filter(|from| !self.is_back(*from, unit)));
                        }
                    }
                }
            }
            self.innermost[head].get_or_insert(head);
        }
    }
}

/// By unit, its place in the order of the code: a way leads back if it leads to the same place or to an earlier one.
pub(crate) fn ranks(region: &Region) -> Vec<usize> {
    let mut rank = vec![0; region.units.len()];
    for (place, unit) in order(region).into_iter().enumerate() {
        rank[unit] = place;
    }
    rank
}

/// Reverse postorder, in which the first of several ways comes first.
fn order(region: &Region) -> Vec<usize> {
    let mut seen = vec![false; region.units.len()];
    let (mut done, mut work) = (Vec::with_capacity(seen.len()), vec![(0, 0)]);
    seen[0] = true;
    while let Some((unit, tried)) = work.pop() {
        let outs = &region.outs[unit];
        // The last way first, so that it comes last.
        match outs.len().checked_sub(tried + 1).map(|way| outs[way].to) {
            None => done.push(unit),
            Some(to) => {
                work.push((unit, tried + 1));
                if !std::mem::replace(&mut seen[to], true) {
                    work.push((to, 0));
                }
            }
        }
    }
    done.reverse();
    done
}

/// The algorithm of Cooper, Harvey and Kennedy.
fn dominators(order: &[usize], rank: &[usize], before: &[Vec<usize>]) -> Vec<usize> {
    let mut dominator: Vec<Option<usize>> = vec![None; rank.len()];
    dominator[order[0]] = Some(order[0]);
    let mut changed = true;
    while changed {
        changed = false;
        for unit in &order[1..] {
            let mut common: Option<usize> = None;
            for from in &before[*unit] {
                if dominator[*from].is_none() {
                    continue;
                }
                common = Some(match common {
                    None => *from,
                    Some(other) => meet(*from, other, rank, &dominator),
                });
            }
            if dominator[*unit] != common {
                dominator[*unit] = common;
                changed = true;
            }
        }
    }
    dominator.into_iter().map(|found| found.unwrap_or(order[0])).collect()
}

fn meet(mut one: usize, mut other: usize, rank: &[usize], dominator: &[Option<usize>]) -> usize {
    while one != other {
        while rank[one] > rank[other] {
            one = dominator[one].unwrap_or(one);
        }
        while rank[other] > rank[one] {
            other = dominator[other].unwrap_or(other);
        }
    }
    one
}
