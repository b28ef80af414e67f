// `outline` borrows the notes.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        outline(notes).await
    }
}

fn main() {}
