// The method returns a `&str` into `notes`.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let first = notes.first();
        let draft = outline(&notes).await?;
        println!("{first}");
        publish(draft).await
    }
}

fn main() {}
