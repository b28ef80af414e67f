// The branches fail with different errors, and one does not convert.
mod prelude;
use prelude::*;

#[step]
async fn count(topic: &Topic) -> Result<usize, std::num::ParseIntError> {
    topic.title.parse()
}

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let (draft, count) = parallel!(outline(&notes), count(&topic))?;
        println!("{count}");
        publish(draft).await
    }
}

fn main() {}
