// The two branches give different types.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let draft = if notes.items.is_empty() {
            outline(&notes).await?
        } else {
            notes.items.len()
        };
        publish(draft).await
    }
}

fn main() {}
