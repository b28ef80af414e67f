// There is no skipping.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        #[on_error(skip)]
        let notes = research(&topic).await?;
        let draft = outline(&notes).await?;
        publish(draft).await
    }
}

fn main() {}
