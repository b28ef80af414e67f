// A branch changes a binding around it.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let mut count = 0;
        let (draft, _second) = parallel!(
            async {
                count += 1;
                outline(&notes).await
            },
            outline(&notes),
        )?;
        println!("{count}");
        publish(draft).await
    }
}

fn main() {}
