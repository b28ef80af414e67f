// What a pause is about is shown to a person.
mod prelude;
use prelude::*;

#[pause]
pub fn check(stats: &Stats) -> Approval;

fn main() {}
