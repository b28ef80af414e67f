// The function says how long to wait, not whether to.
mod prelude;
use prelude::*;

fn wait(_: &Error) -> u64 {
    30
}

#[step(retries = 3, retry_if = wait)]
async fn research_more(topic: &Topic) -> Result<Notes> {
    Ok(Notes { items: vec![topic.title.clone()] })
}

fn main() {}
