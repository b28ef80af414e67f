// The input does not derive `JsonSchema`.
mod prelude;
use prelude::*;

#[derive(Serialize, Deserialize)]
pub struct Subject {
    pub title: String,
}

workflow! {
    pub async fn article(subject: Subject) -> Result<Draft> {
        let topic = Topic { title: subject.title };
        let notes = research(&topic).await?;
        write(notes, 800).await
    }
}

fn main() {
    let _ = Article::run(&(), Subject { title: String::new() });
    let _ = Article::input_schema();
}
