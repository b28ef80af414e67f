// Dependencies are shared.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(llm: &mut Llm, topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        write(notes, 800).await
    }
}

fn main() {}
