// The type of the output does not exist.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Drafd> {
        let notes = research(&topic).await?;
        write(notes, 800).await
    }
}

fn main() {}
