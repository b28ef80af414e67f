// The bound stands at a statement.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        #[max(5)]
        let notes = research(&topic).await?;
        write(notes, 800).await
    }
}

fn main() {}
