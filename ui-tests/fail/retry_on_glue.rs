// Rules stand at a call.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        #[retry(3)]
        let title = topic.title.clone();
        println!("{title}");
        let draft = outline(&notes).await?;
        publish(draft).await
    }
}

fn main() {}
