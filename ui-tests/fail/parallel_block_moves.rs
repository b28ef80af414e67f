// A branch sees bindings by reference.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let (draft, _second) = parallel!(
            async {
                let items = notes.items.into_iter().take(3).collect();
                write(Notes { items }, 800).await
            },
            outline(&notes),
        )?;
        publish(draft).await
    }
}

fn main() {}
