// What was returned has to be kept until it is undone.
mod prelude;
use prelude::*;

#[step]
async fn forget(draft: &Draft, stats: Stats) -> Result<()> {
    unreachable!("{draft:?} {stats:?}")
}

#[step(undo = forget)]
async fn remember(draft: &Draft) -> Result<Stats> {
    Ok(Stats { words: draft.text.len() })
}

fn main() {}
