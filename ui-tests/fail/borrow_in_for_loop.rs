// The loop borrows its items.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let draft = outline(&notes).await?;
        for item in &notes.items {
            let _verdict = review(&draft).await?;
            println!("{item}");
        }
        publish(draft).await
    }
}

fn main() {}
