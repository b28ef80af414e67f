//! What is needed where, and what has changed since it was last saved: graph → graph.

use std::collections::BTreeSet;

use crate::cfg::{BlockId, Effect, Kind, Region, Term, VarId};

/// Fills in `live_in`, `live_after`, `dirty_in`, `clean_in` and `flags` of a region and of its branches, and gives stored names that are unique
/// among the bindings that are saved together.
pub(crate) fn analyse(region: &mut Region) {
    inline_single_joins(region);
    liveness(region);
    dirtiness(region);
    flag_joined(region);
    name_stored(region);
    for block in &mut region.blocks {
        if let Term::Fork { fork, .. } = &mut block.term {
            fork.branches.iter_mut().for_each(analyse);
        }
    }
}

/// A join that only one path reaches needs no point of its own.
fn inline_single_joins(region: &mut Region) {
    let reachable = region.reachable();
    let mut reached = vec![0; region.blocks.len()];
    for block in reachable {
        for next in region.successors(block) {
            reached[next] += 1;
        }
    }
    for (block, reached) in region.blocks.iter_mut().zip(reached) {
        if block.kind == Kind::Join && reached <= 1 {
            block.kind = Kind::Inline;
        }
    }
    break_inline_cycles(region);
}

/// The head of a loop whose body never comes back is reached once, but a cycle has to have a point somewhere.
fn break_inline_cycles(region: &mut Region) {
    for start in 0..region.blocks.len() {
        let (mut seen, mut work) = (BTreeSet::new(), region.successors(start));
        while let Some(block) = work.pop() {
            if region.blocks[block].kind != Kind::Inline || !seen.insert(block) {
                continue;
            }
            if block == start {
                region.blocks[start].kind = Kind::Join;
                break;
            }
            work.extend(region.successors(block));
        }
    }
}

fn before(effect: &Effect, live: &mut BTreeSet<VarId>) {
    for var in &effect.defs {
        live.remove(var);
    }
    live.extend(effect.reads.iter().chain(&effect.mutates));
}

fn liveness(region: &mut Region) {
    let count = region.blocks.len();
    let mut entry: Vec<BTreeSet<VarId>> = vec![BTreeSet::new(); count];
    loop {
        let mut changed = false;
        for block in (0..count).rev() {
            let mut live: BTreeSet<VarId> =
                region.successors(block).iter().flat_map(|next| entry[*next].iter().copied()).collect();
            before(&region.blocks[block].term_effect, &mut live);
            for op in region.blocks[block].ops.iter_mut().rev() {
                op.live_after.clone_from(&live);
                before(&op.effect, &mut live);
            }
            if live != entry[block] {
                entry[block] = live;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    let captured = region.captured;
    for (block, live) in region.blocks.iter_mut().zip(entry) {
        block.live_in = live.into_iter().filter(|var| *var >= captured).collect();
    }
}

/// What a block may have changed since its region was last saved, when it ends.
pub(crate) fn dirty_after(region: &Region, block: BlockId) -> BTreeSet<VarId> {
    let block = &region.blocks[block];
    let mut dirty = block.dirty_in.clone();
    for effect in block.effects() {
        dirty.extend(effect.changes());
    }
    dirty
}

/// What may be stored as it is now, when a block ends.
pub(crate) fn clean_after(region: &Region, block: BlockId) -> BTreeSet<VarId> {
    let block = &region.blocks[block];
    let mut clean = block.clean_in.clone();
    for var in block.effects().flat_map(Effect::changes) {
        clean.remove(&var);
    }
    clean
}

fn dirtiness(region: &mut Region) {
    region.blocks[0].dirty_in = region.blocks[0].live_in.iter().copied().collect();
    for block in region.blocks.iter_mut().filter(|block| block.kind.is_saved()) {
        block.clean_in = block.live_in.iter().copied().collect();
    }
    let reachable = region.reachable();
    loop {
        let mut changed = false;
        for block in &reachable {
            let (dirty, clean) = (dirty_after(region, *block), clean_after(region, *block));
            for next in region.successors(*block) {
                let next = &mut region.blocks[next];
                // Where a frame is saved, everything is clean again.
                if !next.kind.is_saved() {
                    let before = next.dirty_in.len() + next.clean_in.len();
                    next.dirty_in.extend(&dirty);
                    next.clean_in.extend(&clean);
                    changed |= next.dirty_in.len() + next.clean_in.len() != before;
                }
            }
        }
        if !changed {
            break;
        }
    }
}

/// Where paths meet, a binding may be stored on one of them and not on the other: the list of a `for` loop is, in every round
/// but the first. A flag in the frame tells then. Beyond the flags there are, a binding is written once more than needed.
fn flag_joined(region: &mut Region) {
    const FLAGS: usize = 64;
    let mut joined = BTreeSet::new();
    for block in region.reachable() {
        let (dirty, clean) = (dirty_after(region, block), clean_after(region, block));
        for next in region.successors(block).into_iter().filter(|next| region.blocks[*next].kind.is_saved()) {
            let live = region.blocks[next].live_in.iter();
            joined.extend(live.copied().filter(|var| dirty.contains(var) && clean.contains(var)));
        }
    }
    region.flags = joined.into_iter().take(FLAGS).enumerate().map(|(bit, var)| (var, bit)).collect();
}

/// Bindings of one name that are alive together are stored as `x`, `x#2` and so on, in program order.
fn name_stored(region: &mut Region) {
    let saved: Vec<Vec<VarId>> = {
        let blocks = region.blocks.iter().filter(|block| block.kind.is_saved());
        blocks.map(|block| block.live_in.clone()).collect()
    };
    for var in region.captured..region.vars.len() {
        let base = region.vars[var].stored.clone();
        let mut name = base.clone();
        let mut number = 1;
        let taken = |region: &Region, name: &str| {
            saved
                .iter()
                .filter(|live| live.contains(&var))
                .any(|live| live.iter().any(|other| *other < var && region.vars[*other].stored == name))
        };
        while taken(region, &name) {
            number += 1;
            name = format!("{base}#{number}");
        }
        region.vars[var].stored = name;
    }
}
