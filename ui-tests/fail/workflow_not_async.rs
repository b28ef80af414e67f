// A workflow is an `async fn`.
mod prelude;
use prelude::*;

workflow! {
    pub fn article(topic: Topic) -> Result<Draft> {
        println!("{topic:?}");
        Err(Error)
    }
}

fn main() {
    let _ = Article::run(&(), Topic { title: String::new() });
    let _ = Article::input_schema();
}
