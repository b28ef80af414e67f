// An `Rc` lives across a step.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let shared = std::rc::Rc::new(topic.title.clone());
        let notes = research(&topic).await?;
        println!("{shared}");
        write(notes, 800).await
    }
}

fn main() {}
