// The binding gets its value later.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes;
        notes = research(&topic).await?;
        write(notes, 800).await
    }
}

fn main() {}
