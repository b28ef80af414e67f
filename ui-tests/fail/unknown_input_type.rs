// The type of the input does not exist.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topik) -> Result<Draft> {
        let notes = research(&topic).await?;
        write(notes, 800).await
    }
}

fn main() {}
