// What cannot fail is never tried again.
mod prelude;
use prelude::*;

fn is_transient(_: &Error) -> bool {
    true
}

#[step(retries = 3, retry_if = is_transient)]
async fn count(topic: &Topic) -> usize {
    topic.title.len()
}

fn main() {}
