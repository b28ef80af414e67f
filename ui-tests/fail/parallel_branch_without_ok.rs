// A branch returns a `Result`.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let (draft, _second) = parallel!(
            async {
                let draft = outline(&notes).await?;
                draft
            },
            outline(&notes),
        )?;
        publish(draft).await
    }
}

fn main() {}
