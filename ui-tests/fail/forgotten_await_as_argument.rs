// The step is called, but not awaited.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic);
        write(notes, 800).await
    }
}

fn main() {}
