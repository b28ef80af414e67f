// The result of the step is used as if it could not fail.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await;
        write(notes, 800).await
    }
}

fn main() {}
