// The value of a `match` on a step is not serializable.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let draft = write(notes, 800).await?;
        let words = measure(&draft).await?.words + research(&topic).await?.items.len();
        println!("{words}");
        publish(draft).await
    }
}

fn main() {}
