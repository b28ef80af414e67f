// A parameter has a name.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(Topic { title }: Topic) -> Result<Draft> {
        let topic = Topic { title };
        let notes = research(&topic).await?;
        write(notes, 800).await
    }
}

fn main() {
    let _ = Article::run(&(), Topic { title: String::new() });
    let _ = Article::input_schema();
}
