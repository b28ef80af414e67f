// The field has a typo.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let count = notes.itemz.len();
        write(notes, count).await
    }
}

fn main() {}
