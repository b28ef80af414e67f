// The workflow cannot stop inside an async block.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = async { research(&topic).await };
        drop(notes);
        Err(Error)
    }
}

fn main() {}
