// A pattern takes borrows out of the notes.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let Notes { items } = &notes;
        let draft = outline(&notes).await?;
        println!("{}", items.len());
        publish(draft).await
    }
}

fn main() {}
