// The workflow returns a draft.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        if notes.items.is_empty() {
            return Ok(notes);
        }
        write(notes, 800).await
    }
}

fn main() {}
