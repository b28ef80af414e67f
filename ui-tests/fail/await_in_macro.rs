// The workflow cannot stop inside a macro.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        println!("{:?}", research(&topic).await?);
        Err(Error)
    }
}

fn main() {}
