// The same messages at the attribute.
mod prelude;
use prelude::*;

#[workflow_fn]
pub async fn article(topic: Topic) -> Result<Draft> {
    let notes = research(&topic).await?;
    write(topic, 800).await
}

fn main() {
    let _ = Article::run(&(), Topic { title: String::new() });
    let _ = Article::input_schema();
}
