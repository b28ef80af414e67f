// The result of a branch is saved.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let draft = write(notes, 800).await?;
        let (stats, _) = parallel!(measure(&draft), review(&draft))?;
        println!("{}", stats.words);
        publish(draft).await
    }
}

fn main() {}
