// A workflow is a function.
mod prelude;
use prelude::*;

workflow! {
    pub struct Article;
}

fn main() {}
