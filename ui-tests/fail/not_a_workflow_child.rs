// A plain function that returns no step is awaited with a path.
mod prelude;
use prelude::*;

workflow! {
    pub async fn article(topic: Topic) -> Result<Draft> {
        let notes = Notes::first(&Notes { items: vec![topic.title] }).await;
        println!("{notes}");
        Err(Error)
    }
}

fn main() {}
