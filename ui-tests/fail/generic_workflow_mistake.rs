// The same messages in a generic workflow.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article<M: Send + Sync>(model: &M, topic: Topic) -> Result<Draft> {
        let Some(_) = Some(model) else { return Err(Error) };
        let notes = research(&topic).await?;
        write(topic, 800).await
    }
}

fn main() {}
