// The payload is a borrow, because the match is on a reference.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let draft = outline(&notes).await?;
        let verdict = review(&draft).await?;
        match &verdict {
            Verdict::Revise { feedback } => {
                let second = outline(&notes).await?;
                println!("{feedback}{}", second.text);
            }
            _ => {}
        }
        publish(draft).await
    }
}

fn main() {}
