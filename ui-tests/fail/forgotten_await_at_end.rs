// The last step is called, but not awaited.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        write(notes, 800)
    }
}

fn main() {}
