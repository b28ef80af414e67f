// The results of settled branches are results.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let (draft, _) = settle!(outline(&notes), outline(&notes))?;
        publish(draft).await
    }
}

fn main() {}
