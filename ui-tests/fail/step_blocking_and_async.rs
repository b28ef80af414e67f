// Code that blocks does not wait.
mod prelude;
use prelude::*;

#[step(blocking)]
async fn research_more(topic: Topic) -> Result<Notes> {
    Ok(Notes { items: vec![topic.title] })
}

fn main() {}
