// Two points of one name.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        #[id = "read"]
        let notes = research(&topic).await?;
        #[id = "read"]
        let draft = outline(&notes).await?;
        publish(draft).await
    }
}

fn main() {}
