// What undoes a step is a step.
mod prelude;
use prelude::*;

async fn withdraw(topic: &Topic, draft: Draft) -> Result<()> {
    unreachable!("{topic:?} {draft:?}")
}

#[step(undo = withdraw)]
async fn announce(topic: &Topic) -> Result<Draft> {
    Ok(Draft { text: topic.title.clone() })
}

fn main() {}
