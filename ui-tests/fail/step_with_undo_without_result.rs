// What undoes takes what the step takes, and then what it returned.
mod prelude;
use prelude::*;

#[step]
async fn withdraw(topic: &Topic) -> Result<()> {
    unreachable!("{topic:?}")
}

#[step(undo = withdraw)]
async fn announce(topic: &Topic) -> Result<Draft> {
    Ok(Draft { text: topic.title.clone() })
}

fn main() {}
