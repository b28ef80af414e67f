// The workflow needs an `Llm`.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(llm: &Llm, topic: Topic) -> Result<Draft> {
        let Llm = llm;
        let notes = research(&topic).await?;
        write(notes, 800).await
    }
}

fn main() {
    let _ = Article::run(&(), Topic { title: String::new() });
}
