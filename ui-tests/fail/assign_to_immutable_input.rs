// The input is not `mut`.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        topic.title.push('!');
        let notes = research(&topic).await?;
        write(notes, 800).await
    }
}

fn main() {}
