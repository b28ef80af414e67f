// The inner `draft` borrows from the outer one, and both are needed.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let draft = Some(outline(&notes).await?);
        if let Some(draft) = &draft {
            println!("{}", draft.text);
            let _verdict = review(draft).await?;
        }
        println!("{}", draft.is_some());
        write(notes, 800).await
    }
}

fn main() {}
