// There is no such attribute.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        #[retires(5)]
        let notes = research(&topic).await?;
        write(notes, 800).await
    }
}

fn main() {}
