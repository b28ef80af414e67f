// A pause with a deadline gives a result.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let draft = outline(&notes).await?;
        let approval: Approval = pause(approve(&draft)).timeout(std::time::Duration::from_secs(60)).await;
        println!("{approval:?}");
        publish(draft).await
    }
}

fn main() {}
