// The mistakes are inside of the steps.
mod prelude;
use prelude::*;

impl Llm {
    #[step]
    async fn research_more(&self, topic: &Topic) -> Result<Notes> {
        Ok(Notes { items: topic.title })
    }

    #[step]
    async fn research_less(&self, topic: &Topic) -> Result<Notes> {
        topic.title.clone()
    }

    #[step]
    async fn research_never(&self, topic: &Topic) -> Result<Notes> {
        if topic.title.is_empty() {
            return Err("nothing");
        }
        let notes = research(topic).await.map_err(|_| 3)?;
        notes;
    }
}

fn main() {}
