// One macro call holds one workflow.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        write(notes, 800).await
    }

    pub async fn essay(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        write(notes, 1600).await
    }
}

fn main() {
    let _ = Article::run(&(), Topic { title: String::new() });
    let _ = Article::input_schema();
}
