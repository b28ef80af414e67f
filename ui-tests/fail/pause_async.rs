// `pause(…)` waits, not the question.
mod prelude;
use prelude::*;

#[pause]
async fn check(draft: &Draft) -> Approval;

fn main() {}
