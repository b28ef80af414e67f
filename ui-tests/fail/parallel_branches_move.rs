// Both branches want to own the notes.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let (draft, _second) = parallel!(write(notes, 1), write(notes, 2))?;
        publish(draft).await
    }
}

fn main() {}
