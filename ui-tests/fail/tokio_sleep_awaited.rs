// A timer of tokio is not kept.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        let notes = research(&topic).await?;
        write(notes, 800).await
    }
}

fn main() {}
