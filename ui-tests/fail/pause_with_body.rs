// Somebody else answers.
mod prelude;
use prelude::*;

#[pause]
fn check(draft: &Draft) -> Approval {
    Approval { by: draft.text.clone() }
}

fn main() {}
