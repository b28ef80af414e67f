// A child's input is checked like a step's.
mod prelude;
use prelude::*;

workflow! {
    async fn inner(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        outline(&notes).await
    }
}

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let draft = inner(notes).await?;
        publish(draft).await
    }
}

fn main() {}
