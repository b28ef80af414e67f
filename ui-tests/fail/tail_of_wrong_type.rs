// The last step returns notes, the workflow a draft.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        research(&topic).await
    }
}

fn main() {}
