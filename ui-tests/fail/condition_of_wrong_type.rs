// The condition is no `bool`.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        if notes.items.len() {
            let _draft = outline(&notes).await?;
        }
        write(notes, 800).await
    }
}

fn main() {}
