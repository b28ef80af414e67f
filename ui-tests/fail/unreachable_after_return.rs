// The code after `return` never runs.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        return write(notes, 800).await;
        let draft = Draft { text: String::new() };
        publish(draft).await
    }
}

fn main() {}
