// A race has branches.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let topics = vec![topic.clone(), topic];
        let notes = race!(for topic in topics { research(&topic).await })?;
        let draft = outline(&notes).await?;
        publish(draft).await
    }
}

fn main() {}
