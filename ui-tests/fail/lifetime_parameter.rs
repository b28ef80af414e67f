// Lifetimes do not survive a restart.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article<'a>(llm: &'a str, topic: Topic) -> Result<Draft> {
        println!("{llm}");
        let notes = research(&topic).await?;
        write(notes, 800).await
    }
}

fn main() {}
