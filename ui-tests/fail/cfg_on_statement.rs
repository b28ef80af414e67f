// A workflow is one graph.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        #[cfg(unix)]
        let _draft = outline(&notes).await?;
        write(notes, 800).await
    }
}

fn main() {}
