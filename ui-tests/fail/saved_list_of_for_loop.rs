// The list of a `for` loop with steps in it is saved.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let draft = write(notes, 800).await?;
        for stats in vec![Stats { words: 1 }, Stats { words: 2 }] {
            let _verdict = review(&draft).await?;
            println!("{}", stats.words);
        }
        publish(draft).await
    }
}

fn main() {}
