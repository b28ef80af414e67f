// The output of a workflow is stored.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Stats> {
        let notes = research(&topic).await?;
        let draft = write(notes, 800).await?;
        measure(&draft).await
    }
}

fn main() {
    let _ = Article::run(&(), Topic { title: String::new() });
    let _ = Article::input_schema();
}
