// The answer has no type.
mod prelude;
use prelude::*;

#[pause]
fn check(draft: &Draft);

fn main() {}
