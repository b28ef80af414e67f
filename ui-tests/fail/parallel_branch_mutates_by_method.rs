// A branch changes a binding around it.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let mut notes = research(&topic).await?;
        let (draft, _second) = parallel!(
            async {
                notes.items.push(String::new());
                outline(&notes).await
            },
            research(&topic),
        )?;
        publish(draft).await
    }
}

fn main() {}
