// What a fan-out visits is saved.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let topics = vec![topic.clone(), topic];
        let all = parallel!(for topic in &topics { research(topic).await })?;
        let draft = outline(&all[0]).await?;
        publish(draft).await
    }
}

fn main() {}
