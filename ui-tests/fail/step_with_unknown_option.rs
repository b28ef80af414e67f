// There is no such option.
mod prelude;
use prelude::*;

#[step(retires = 3)]
async fn research_more(topic: &Topic) -> Result<Notes> {
    Ok(Notes { items: vec![topic.title.clone()] })
}

fn main() {}
