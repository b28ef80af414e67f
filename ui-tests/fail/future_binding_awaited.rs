// The call and the `.await` are apart.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let working = research(&topic);
        let notes = working.await?;
        write(notes, 800).await
    }
}

fn main() {}
