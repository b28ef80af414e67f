// Rules are for steps, and a workflow is none.
mod prelude;
use prelude::*;

workflow! {
    async fn inner(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        outline(&notes).await
    }
}

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        #[retry(3)]
        let draft = inner(topic).await?;
        publish(draft).await
    }
}

fn main() {}
