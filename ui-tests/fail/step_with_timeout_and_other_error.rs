// The error cannot say that it was too late.
mod prelude;
use prelude::*;

#[step(timeout = "30s")]
async fn research_more(topic: &Topic) -> Result<Notes> {
    Ok(Notes { items: vec![topic.title.clone()] })
}

fn main() {}
