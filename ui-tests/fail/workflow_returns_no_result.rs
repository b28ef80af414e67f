// A workflow returns a `Result`.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Draft {
        println!("{topic:?}");
        Draft { text: topic.title }
    }
}

fn main() {
    let _ = Article::run(&(), Topic { title: String::new() });
    let _ = Article::input_schema();
}
