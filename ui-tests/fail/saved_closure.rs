// A closure lives across a step.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let shorten = |text: String| text.chars().take(80).collect::<String>();
        let notes = research(&topic).await?;
        let mut draft = write(notes, 800).await?;
        draft.text = shorten(draft.text);
        publish(draft).await
    }
}

fn main() {}
