// The notes are gone after the first `write`.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let draft = write(notes, 800).await?;
        let count = notes.items.len();
        println!("{count}");
        publish(draft).await
    }
}

fn main() {}
