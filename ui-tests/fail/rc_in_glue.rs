// An `Rc` that is dropped before the end of the block, but after the next step began.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let shared = std::rc::Rc::new(1);
        println!("{shared}");
        let notes = research(&topic).await?;
        write(notes, 800).await
    }
}

fn main() {}
