// A method that runs once can fail.
mod prelude;
use prelude::*;

impl Llm {
    #[step(once)]
    async fn tokens(&self, topic: &Topic) -> usize {
        topic.title.len()
    }
}

fn main() {}
