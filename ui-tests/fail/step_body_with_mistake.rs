// The mistake is inside of the step.
mod prelude;
use prelude::*;

#[step]
async fn research_more(topic: &Topic) -> Result<Notes> {
    Ok(Notes { items: topic.title })
}

fn main() {}
