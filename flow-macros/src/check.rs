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
            let (name, place) = (&region.vars[*var].name, place(&block.name));
            report.at(borrow, borrowed(&name.to_string(), &place));
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

/// A point in words.
pub(crate) fn place(point: &str) -> String {
    let plain = |name: &str| name.split('#').next().unwrap_or_default().to_owned();
    match point.strip_suffix(" done").or_else(|| point.split(" done#").next().filter(|name| name.len() < point.len())) {
        Some(fork) if plain(fork) == "parallel" => "`parallel!`".to_owned(),
        Some(step) => format!("step `{}`", plain(step)),
        None if plain(point) == "parallel" => "`parallel!`".to_owned(),
        None => format!("pause `{}`", plain(point)),
    }
}
