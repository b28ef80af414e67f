// A pause cannot be generic.
mod prelude;
use prelude::*;

#[pause]
fn check<T: Serialize>(draft: &T) -> Approval;

fn main() {}
