// Each round moves the notes.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        for words in 0..3 {
            let _draft = write(notes, words).await?;
        }
        Err(Error)
    }
}

fn main() {}
