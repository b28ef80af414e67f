// `write` takes two arguments.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let _notes = research(&topic).await?;
        let draft = write().await?;
        publish(draft).await
    }
}

fn main() {}
