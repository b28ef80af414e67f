// Two branches, three names.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let (draft, _second, _third) = parallel!(outline(&notes), outline(&notes))?;
        publish(draft).await
    }
}

fn main() {}
