// The bound has no number.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let mut draft = outline(&notes).await?;
        #[max]
        while draft.text.len() < 800 {
            draft = outline(&notes).await?;
        }
        publish(draft).await
    }
}

fn main() {}
