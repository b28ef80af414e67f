// The macro sees one mistake, the compiler would see the other.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic, 3).await?;
        let draft = publish(write(notes, 800).await?).await?;
        publish(draft).await
    }
}

fn main() {
    let _ = Article::run(&(), Topic { title: String::new() });
    let _ = Article::input_schema();
}
