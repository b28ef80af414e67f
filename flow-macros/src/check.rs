//! Mistakes that only the whole graph shows.

use crate::{
    cfg::{Region, Term},
    report::Report,
};

/// Reports borrows that live across a point.
pub(crate) fn check(region: &Region, report: &mut Report) {
    for (var, borrow) in &region.borrows {
        let blocks = region.order.iter().map(|block| &region.blocks[*block]);
        if let Some(block) = blocks.filter(|block| block.kind.is_saved()).find(|block| block.live_in.contains(var)) {
            report.at(borrow, borrowed(&region.vars[*var].name.to_string(), &block.place));
        }
    }
    for block in &region.blocks {
        if let Term::Fork { fork, .. } = &block.term {
            fork.branches.iter().for_each(|branch| check(branch, report));
        }
    }
}

/// What is wrong with a borrow that lives across a point, and what to do instead.
pub(crate) fn borrowed(name: &str, place: &str) -> String {
    format!(
        "`{name}` is a borrow, and a borrow cannot be saved across {place}: clone the value, or borrow it again after it"
    )
}
