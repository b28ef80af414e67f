// Rules are for steps.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let draft = outline(&notes).await?;
        #[timeout("2d")]
        let approval = pause(approve(&draft)).await;
        println!("{approval:?}");
        publish(draft).await
    }
}

fn main() {}
