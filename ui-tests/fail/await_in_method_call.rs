// A result is passed straight into a method.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let mut drafts = Vec::new();
        drafts.push(write(notes, 800).await?);
        Err(Error)
    }
}

fn main() {}
