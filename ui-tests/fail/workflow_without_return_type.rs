// A workflow returns a `Result`.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) {
        let notes = research(&topic).await;
        println!("{:?}", notes.is_ok());
    }
}

fn main() {
    let _ = Article::run(&(), Topic { title: String::new() });
    let _ = Article::input_schema();
}
