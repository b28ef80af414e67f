// There is no such option.
mod prelude;
use prelude::*;

#[workflow_fn(retries = 3)]
pub async fn article(topic: Topic) -> Result<Draft> {
    let notes = research(&topic).await?;
    write(notes, 800).await
}

fn main() {
    let _ = Article::run(&(), Topic { title: String::new() });
    let _ = Article::input_schema();
}
