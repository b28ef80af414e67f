// `write` takes a length, too.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let draft = write(notes).await?;
        publish(draft).await
    }
}

fn main() {}
