// The loop is never left.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let mut draft = Draft { text: String::new() };
        #[forever]
        loop {
            draft = publish(draft).await?;
        }
        publish(draft).await
    }
}

fn main() {}
