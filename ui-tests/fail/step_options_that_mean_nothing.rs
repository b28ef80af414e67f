// Options without what they are about.
mod prelude;
use prelude::*;

#[step(backoff = "1s")]
async fn wait_only(topic: &Topic) -> Result<Notes> {
    Ok(Notes { items: vec![topic.title.clone()] })
}

#[step(once = true, retries = 0, timeout = "0s", undo, timeout = "1s")]
async fn all_wrong(topic: &Topic) -> Result<Notes> {
    Ok(Notes { items: vec![topic.title.clone()] })
}

fn main() {}
