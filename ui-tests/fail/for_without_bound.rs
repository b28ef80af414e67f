// Nothing says how often the loop may run.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let mut draft = outline(&notes).await?;
        for words in 0.. {
            draft = outline(&notes).await?;
            if draft.text.len() > words {
                break;
            }
        }
        publish(draft).await
    }
}

fn main() {}
