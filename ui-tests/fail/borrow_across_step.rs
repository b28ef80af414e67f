// `first` points into `notes` across a step.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let first = &notes.items[0];
        let draft = outline(&notes).await?;
        println!("{first}");
        publish(draft).await
    }
}

fn main() {}
