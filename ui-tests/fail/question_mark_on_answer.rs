// An answer is no `Result`.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let draft = write(notes, 800).await?;
        let approval = pause(approve(&draft)).await?;
        println!("{}", approval.by);
        publish(draft).await
    }
}

fn main() {}
