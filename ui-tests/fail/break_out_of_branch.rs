// A branch cannot leave the loop around it.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        for _ in 0..3 {
            let (_draft, _second) = parallel!(
                outline(&notes),
                async {
                    let draft = outline(&notes).await?;
                    if draft.text.is_empty() {
                        break;
                    }
                    Ok(draft)
                },
            )?;
        }
        write(notes, 800).await
    }
}

fn main() {}
