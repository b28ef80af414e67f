// `Verdict::Drop` is not handled.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = research(&topic).await?;
        let draft = write(notes, 800).await?;
        match review(&draft).await? {
            Verdict::Accept => publish(draft).await,
            Verdict::Revise { feedback } => {
                println!("{feedback}");
                publish(draft).await
            }
        }
    }
}

fn main() {
    let _ = Article::run(&(), Topic { title: String::new() });
    let _ = Article::input_schema();
}
