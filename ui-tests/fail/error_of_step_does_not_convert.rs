// The step fails with another error.
mod prelude;
use prelude::*;

#[step]
async fn count(topic: &Topic) -> Result<usize, std::num::ParseIntError> {
    topic.title.parse()
}

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let count = count(&topic).await?;
        println!("{count}");
        let notes = research(&topic).await?;
        write(notes, 800).await
    }
}

fn main() {}
