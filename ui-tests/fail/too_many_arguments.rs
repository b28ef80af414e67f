// `research` takes one argument.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic, 3).await?;
        write(notes, 800).await
    }
}

fn main() {}
