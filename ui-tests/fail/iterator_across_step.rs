// An iterator borrows and lives across a step.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let mut items = notes.items.iter();
        let draft = outline(&notes).await?;
        println!("{:?}", items.next());
        publish(draft).await
    }
}

fn main() {}
