// The binding has the name of a dependency.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(llm: &Llm, topic: Topic) -> Result<Draft> {
        let llm = research(&topic).await?;
        write(llm, 800).await
    }
}

fn main() {}
