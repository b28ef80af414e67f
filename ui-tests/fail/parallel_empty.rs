// There is nothing to run.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let () = parallel!()?;
        let notes = research(&topic).await?;
        write(notes, 800).await
    }
}

fn main() {}
