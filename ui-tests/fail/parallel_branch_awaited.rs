// A branch is written without `.await`.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let (draft, _second) = parallel!(outline(&notes).await?, outline(&notes).await?)?;
        publish(draft).await
    }
}

fn main() {}
