// Only functions are steps.
mod prelude;
use prelude::*;

#[step]
pub struct Research;

fn main() {}
