// Times have units.
mod prelude;
use prelude::*;

#[step(retries = 3, backoff = "500..1m", timeout = "2 minutes")]
async fn research_more(topic: &Topic) -> Result<Notes, String> {
    Ok(Notes { items: vec![topic.title.clone()] })
}

#[step(timeout = 30)]
async fn research_again(topic: &Topic) -> Result<Notes, String> {
    Ok(Notes { items: vec![topic.title.clone()] })
}

fn main() {}
