// The answer of `approve` is an `Approval`.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let draft = write(notes, 800).await?;
        let verdict: Verdict = pause(approve(&draft)).await;
        println!("{verdict:?}");
        publish(draft).await
    }
}

fn main() {
    let _ = Article::run(&(), Topic { title: String::new() });
    let _ = Article::input_schema();
}
