// The workflow cannot stop inside an async block.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = async { research(&topic).await };
        write(notes.await?, 800).await
    }
}

fn main() {}
