// A step is called on the result of another.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let draft = write(research(&topic).await?, topic.title.len()).await?;
        let drafts = Vec::new();
        let all = drafts.push(publish(draft).await?);
        Err(Error)
    }
}

fn main() {}
