// A branch is a call or an `async` block.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let (draft, _count) = parallel!(outline(&notes), 3)?;
        publish(draft).await
    }
}

fn main() {}
