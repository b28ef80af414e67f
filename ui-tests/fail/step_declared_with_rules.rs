// Rules look at the errors of the body.
mod prelude;
use prelude::*;

trait Researcher {
    #[step(retries = 3)]
    async fn research_more(&self, topic: &Topic) -> Result<Notes>;
}

fn main() {}
