// The branches of a race give one type.
mod prelude;
use prelude::*;

#[step]
async fn count(topic: &Topic) -> Result<usize> {
    Ok(topic.title.len())
}

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let draft = race!(outline(&notes), count(&topic))?;
        publish(draft).await
    }
}

fn main() {}
