// A step is an `async fn`.
mod prelude;
use prelude::*;

#[step]
fn research_more(topic: &Topic) -> Result<Notes> {
    Ok(Notes { items: vec![topic.title.clone()] })
}

fn main() {}
