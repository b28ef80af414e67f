// `Verdict::Drop` is not handled; the match is on a binding.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let draft = write(notes, 800).await?;
        let verdict = review(&draft).await?;
        match verdict {
            Verdict::Accept => publish(draft).await,
            Verdict::Revise { .. } => Err(Error),
        }
    }
}

fn main() {}
