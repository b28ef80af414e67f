// The notes are used by a later step, after they were moved.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let draft = write(notes, 800).await?;
        let second = write(notes, 400).await?;
        println!("{}", second.text);
        publish(draft).await
    }
}

fn main() {}
