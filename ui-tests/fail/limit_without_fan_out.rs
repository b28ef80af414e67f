// Branches have no limit.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let (draft, _) = parallel!(outline(&notes), outline(&notes), limit = 1)?;
        publish(draft).await
    }
}

fn main() {}
