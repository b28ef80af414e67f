// A timer takes a duration.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        sleep(60).await;
        let notes = research(&topic).await?;
        let draft = outline(&notes).await?;
        publish(draft).await
    }
}

fn main() {}
