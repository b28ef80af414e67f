// The value is not wrapped in `Ok`.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let draft = write(notes, 800).await?;
        return draft;
    }
}

fn main() {}
