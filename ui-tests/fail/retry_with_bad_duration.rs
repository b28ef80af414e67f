// A time nobody can read.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        #[retry(3, backoff = "soon")]
        let notes = research(&topic).await?;
        let draft = outline(&notes).await?;
        publish(draft).await
    }
}

fn main() {}
