// Somebody may have to say what was returned, and has to know how it looks.
mod prelude;
use prelude::*;

#[step(once)]
async fn announce(topic: &Topic) -> Result<Draft> {
    Ok(Draft { text: topic.title.clone() })
}

fn main() {}
