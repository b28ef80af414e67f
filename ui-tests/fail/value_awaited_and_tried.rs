// `len` is plain code.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let count = notes.items.len().await?;
        write(notes, count).await
    }
}

fn main() {}
