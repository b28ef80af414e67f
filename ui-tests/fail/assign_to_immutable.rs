// The binding is not `mut`.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let draft = outline(&notes).await?;
        draft = outline(&notes).await?;
        publish(draft).await
    }
}

fn main() {}
