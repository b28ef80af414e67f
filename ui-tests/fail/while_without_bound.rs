// Nothing says how often the loop may run.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let mut draft = outline(&notes).await?;
        while draft.text.len() < 800 {
            draft = outline(&notes).await?;
            println!("{}", draft.text);
        }
        publish(draft).await
    }
}

fn main() {}
