// What a fan-out visits is saved, so it needs serde.
mod prelude;
use prelude::*;

struct Plain(usize);

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let stats = vec![Plain(topic.title.len())];
        let all = parallel!(for one in stats { research(&Topic { title: one.0.to_string() }).await })?;
        let draft = outline(&all[0]).await?;
        publish(draft).await
    }
}

fn main() {}
