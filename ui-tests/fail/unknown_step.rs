// The name of the step has a typo.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = reserach(&topic).await?;
        let draft = write(notes, 800).await?;
        publish(draft).await
    }
}

fn main() {
    let _ = Article::run(&(), Topic { title: String::new() });
    let _ = Article::input_schema();
}
