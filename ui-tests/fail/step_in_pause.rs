// `pause` asks questions; a step is awaited as it is.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = pause(research(&topic)).await;
        write(notes, 800).await
    }
}

fn main() {}
