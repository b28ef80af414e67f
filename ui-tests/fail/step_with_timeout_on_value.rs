// What cannot fail cannot be late.
mod prelude;
use prelude::*;

#[step(timeout = "30s")]
async fn count(topic: &Topic) -> usize {
    topic.title.len()
}

fn main() {}
