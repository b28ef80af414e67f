// A branch calls something that is not a step.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let (draft, _second) = parallel!(outline(&notes), plain(&topic))?;
        publish(draft).await
    }
}

fn main() {}
