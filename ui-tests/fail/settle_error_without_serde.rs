// The errors of settled branches are saved.
mod prelude;
use prelude::*;

#[step]
async fn parse(topic: &Topic) -> std::result::Result<usize, std::num::ParseIntError> {
    topic.title.parse()
}

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let (draft, count) = settle!(outline(&notes), parse(&topic));
        println!("{}", count.is_ok());
        publish(draft.unwrap()).await
    }
}

fn main() {}
