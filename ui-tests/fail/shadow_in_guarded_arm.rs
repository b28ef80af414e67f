// The arm takes the name of a binding that is needed after it.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let text = topic.title.clone();
        match outline(&notes).await?.text {
            text if text.is_empty() => {
                let _draft = outline(&notes).await?;
                println!("{text}");
            }
            _ => {}
        }
        println!("{text}");
        write(notes, 800).await
    }
}

fn main() {}
