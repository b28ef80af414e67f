// A step is a free function.
mod prelude;
use prelude::*;

struct Writer;

impl Writer {
    #[step]
    async fn research_more(&self, topic: &Topic) -> Result<Notes> {
        Ok(Notes { items: vec![topic.title.clone()] })
    }
}

fn main() {}
