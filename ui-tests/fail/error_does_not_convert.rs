// `Error` cannot be made of a `ParseIntError`.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let words: usize = "800".parse()?;
        write(notes, words).await
    }
}

fn main() {}
