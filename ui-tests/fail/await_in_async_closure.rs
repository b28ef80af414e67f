// The workflow cannot stop inside an async closure.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = async |topic: &Topic| research(topic).await;
        println!("{topic:?}");
        Err(Error)
    }
}

fn main() {}
