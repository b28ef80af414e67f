// Two mistakes the macro sees are two errors.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes;
        notes = research(&topic).await?;
        let draft = publish(write(notes, 800).await?).await?;
        publish(draft).await
    }
}

fn main() {
    let _ = Article::run(&(), Topic { title: String::new() });
    let _ = Article::input_schema();
}
