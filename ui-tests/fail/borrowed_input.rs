// An input is owned.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: (Topic, &'static str)) -> Result<Draft> {
        let notes = research(&topic.0).await?;
        write(notes, 800).await
    }
}

fn main() {}
