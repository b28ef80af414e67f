// What cannot fail is never tried again.
mod prelude;
use prelude::*;

#[step(retries = 3)]
async fn count(topic: &Topic) -> usize {
    topic.title.len()
}

fn main() {}
